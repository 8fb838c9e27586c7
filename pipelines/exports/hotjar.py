"""Hotjar's CSV: one header row; `Number` counts what is left, so that it is no id.

A response is known by its URL, in older files by the visitor and the time. What people tagged is
read and not kept, and an address keeps no query, in which anything may be.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from pipelines.contracts.contract import fold
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import Reading, Rows, Surroundings, by_fold
from pipelines.exports.surveys import asked_in, name_in, numbered, opened_text, read_by_text

_NAME = re.compile(r"^survey-(?P<survey>\d+)-\d{4}-\d{2}-\d{2}$")
_TAGS = "tags for:"


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open the responses of a survey."""
    table = opened_text(file)
    labels = numbered((" ".join(cell.split()) for cell in table.header[0]), around)
    present = by_fold(labels)
    time, page = (around.label_of(name, present) for name in ("submitted_at", "source_url"))
    url, visitor = present.get("response url"), present.get("hotjar user id")
    if time is None or page is None or (url is None and visitor is None):
        raise FileRefused(
            file.name,
            "unknown_header",
            "the header lacks 'Date Submitted', 'Source URL', or both of 'Response URL' and "
            "'Hotjar User ID', so it holds no responses of a Hotjar survey",
            "Export the responses from Hotjar as CSV, with all columns.",
        )
    tags = [label for label in labels if fold(label).startswith(_TAGS)]
    asked = asked_in((label for label in labels if label not in tags), around)
    named = _NAME.match(name_in(file))
    survey = named["survey"] if named else name_in(file)
    reading = read_by_text(file, around, table, labels, asked, survey)
    by_url = [] if url is None else [pl.col(url)]
    by_visit = [] if visitor is None else [pl.concat_str(visitor, time, separator="|")]
    return replace(
        reading,
        rows=lambda: _identified(reading.rows(), pl.coalesce(*by_url, *by_visit), page),
        merged=tuple(tags),
    )


def _identified(rows: Iterator[Rows], identity: pl.Expr, page: str) -> Iterator[Rows]:
    for each in rows:
        frame = each.frame.with_columns(
            identity.alias("response_id"), pl.col(page).str.replace(r"[?#].*$", "")
        )
        yield Rows(frame, each.numbers, each.bad_rows, each.flags)
