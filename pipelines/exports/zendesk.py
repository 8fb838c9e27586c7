"""Zendesk's exports of tickets: JSON lines, or the CSV of a view.

Both say the same under other names. Instants of the JSON are UTC and say so; those of the CSV are
in the account's zone, which it states nowhere.
"""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from pipelines.exports import json_lines, table
from pipelines.exports.files import SourceFile
from pipelines.exports.reading import Reading, Rows, Surroundings, by_fold

_UTC = r"^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d+)?)Z$"


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open an export of tickets, of either kind."""
    if not file.label.casefold().endswith(".json"):
        return table.read(file, around)
    opened = json_lines.read(file, around)
    present = by_fold(opened.labels)
    instants = [
        label
        for name, kind in around.export.column_types.items()
        if isinstance(kind, pl.Datetime) and (label := around.label_of(name, present))
    ]
    return replace(opened, zone="UTC", rows=lambda: _in_utc(opened.rows(), instants))


def _in_utc(rows: Iterator[Rows], instants: list[str]) -> Iterator[Rows]:
    """Take the mark of UTC off; any other one stays, and is no date-time of this export."""
    for each in rows:
        frame = each.frame.with_columns(pl.col(instants).str.replace(_UTC, "$1 $2"))
        yield replace(each, frame=frame)
