"""Microsoft Forms' CSV: one header row; responses are numbered, anew once they were cleared.

So a response is known by its survey, its number and when it was begun.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import Reading, Rows, Surroundings, by_fold
from pipelines.exports.surveys import asked_in, name_in, numbered, opened_text, read_by_text

_NUMBERS = re.compile(r"\s*\(\d+-\d+\)$")


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open the responses of a form."""
    table = opened_text(file)
    labels = numbered((" ".join(cell.split()) for cell in table.header[0]), around)
    present = by_fold(labels)
    number, start = (around.label_of(name, present) for name in ("number", "started_at"))
    if number is None or start is None:
        raise FileRefused(
            file.name,
            "unknown_header",
            "the header has no 'ID' and 'Start time', so it holds no responses of a Microsoft form",
            "Save the downloaded workbook as CSV; columns of another language go under "
            "[msforms.labels.responses] in sources.toml.",
        )
    named = _NUMBERS.sub("", name_in(file))
    reading = read_by_text(file, around, table, labels, asked_in(labels, around), named)
    survey = reading.constants["survey"]
    return replace(reading, rows=lambda: _identified(reading.rows(), number, start, survey))


def _identified(rows: Iterator[Rows], number: str, start: str, survey: str) -> Iterator[Rows]:
    identity = pl.concat_str(pl.lit(survey), pl.col(number, start).str.strip_chars(), separator="|")
    for each in rows:
        frame = each.frame.with_columns(identity.alias("response_id"))
        yield Rows(frame, each.numbers, each.bad_rows, each.flags)
