"""Microsoft Forms' workbook, or a CSV saved of it: one header row, a row per response.

Responses are numbered, anew once they were cleared, so that one is known by its survey, its number
and when it was begun: by that moment, not by its text, which depends on how Excel was set up.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import Reading, Rows, Surroundings, by_fold
from pipelines.exports.surveys import asked_in, name_in, numbered, opened_text, read_by_text
from pipelines.exports.worksheet import SHEET_TIMESTAMP_FORMAT

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
            "Deliver the workbook as it was downloaded; columns of another language go under "
            "[msforms.labels.responses] in sources.toml.",
        )
    named = _NUMBERS.sub("", name_in(file))
    reading = read_by_text(file, around, table, labels, asked_in(labels, around), named)
    survey = reading.constants["survey"]
    begun = pl.col(start).str.strip_chars()
    moment = pl.coalesce(
        *(
            begun.str.to_datetime(form, strict=False).dt.strftime(SHEET_TIMESTAMP_FORMAT)
            for form in (SHEET_TIMESTAMP_FORMAT, *around.timestamp_formats)
        ),
        begun,
    )
    identity = pl.concat_str(
        pl.lit(survey), pl.col(number).str.strip_chars(), moment, separator="|"
    )
    return replace(reading, rows=lambda: _identified(reading.rows(), identity))


def _identified(rows: Iterator[Rows], identity: pl.Expr) -> Iterator[Rows]:
    for each in rows:
        frame = each.frame.with_columns(identity.alias("response_id"))
        yield Rows(frame, each.numbers, each.bad_rows, each.flags)
