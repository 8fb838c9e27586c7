"""Google Forms' CSV: one header row of question texts, no ids of responses.

A response is known by its survey and its timestamp, to the second; those of one second are
counted in the file's order.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import Reading, Rows, Surroundings, by_fold
from pipelines.exports.surveys import asked_in, name_in, numbered, opened_text, read_by_text

# `2025/01/16 2:11:40 AM MST`, `… GMT+1`: what follows the time is the zone's abbreviation.
_DATED = r"^(.*\d(?: [AP]M)?) (?:[A-Z]{3,5}|(?:GMT|UTC)[+-][\d:]+)$"


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open the responses of a form."""
    table = opened_text(file)
    labels = numbered((" ".join(cell.split()) for cell in table.header[0]), around)
    time = around.label_of("submitted_at", by_fold(labels))
    if time is None:
        raise FileRefused(
            file.name,
            "unknown_header",
            "the header has no 'Timestamp', so it holds no responses of a Google form",
            "Download the responses as CSV; in another language, add "
            'submitted_at = "…" under [googleforms.labels.responses] in sources.toml.',
        )
    asked = asked_in(labels, around)
    reading = read_by_text(file, around, table, labels, asked, name_in(file))
    return replace(
        reading, rows=lambda: _identified(reading.rows(), time, reading.constants["survey"])
    )


def _identified(rows: Iterator[Rows], time: str, survey: str) -> Iterator[Rows]:
    """Give each response its id, and its time without the abbreviation."""
    met: Counter[str] = Counter()
    moment = pl.col(time).str.strip_chars()
    for each in rows:
        frame = each.frame.with_columns(moment)
        earlier = pl.col(time).replace_strict(dict(met), default=0, return_dtype=pl.Int64)
        frame = frame.with_columns(
            pl.concat_str(
                pl.lit(survey),
                pl.col(time),
                earlier + pl.col(time).cum_count().over(time),
                separator="|",
            ).alias("response_id"),
            pl.coalesce(pl.col(time).str.extract(_DATED), pl.col(time)).alias(time),
        )
        met.update(each.frame.select(moment).to_series().drop_nulls().to_list())
        yield Rows(frame, each.numbers, each.bad_rows, each.flags)
