"""Shopify's order export: an order's further lines leave every order column blank.

The order's columns are carried down to its lines (never across orders, never a line's own
columns), and the lines are numbered in the file's order.
"""

from collections.abc import Iterator

import polars as pl

from pipelines.contracts.contract import fold
from pipelines.exports import table
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import Reading, Rows, Surroundings

ORPHAN = "orphan_line"
_FIRST_ROW_ONLY = ("id", "financial status", "created at", "currency", "subtotal")
_EVERY_ROW = ("name", "email")


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open an order export; each row becomes a line that carries its order's columns."""
    reading = table.read(file, around)
    by_fold = {fold(label): label for label in reading.labels}
    if "name" not in by_fold or "lineitem name" not in by_fold:
        raise FileRefused(
            file.name,
            "unknown_header",
            "the header has no 'Name' and 'Lineitem name', so it is no Shopify order export",
            "Export orders from Shopify as 'plain CSV', all columns.",
        )
    marks = [by_fold[each] for each in _FIRST_ROW_ONLY if each in by_fold]
    carried = [
        label
        for folded, label in by_fold.items()
        if not folded.startswith("lineitem") and folded not in _EVERY_ROW
    ]
    return Reading(
        file,
        reading.encoding,
        reading.labels,
        lambda: _lines(reading.rows(), by_fold["name"], marks, carried),
        reading.rows_read,
    )


def _lines(rows: Iterator[Rows], name: str, marks: list[str], carried: list[str]) -> Iterator[Rows]:
    """Carry the orders' columns down; the last order of a batch may go on in the next."""
    last_order: pl.DataFrame | None = None
    last_line = 0
    for each in rows:
        before = 0 if last_order is None else 1
        frame = each.frame if last_order is None else pl.concat([last_order, each.frame])
        position = pl.int_range(pl.len())
        starts = pl.any_horizontal(pl.col(marks).is_not_null())
        frame = frame.with_columns(
            pl.when(starts).then(position).forward_fill().alias("=start"),
        )
        has_order = pl.col("=start").is_not_null()
        start = pl.col("=start").fill_null(0)
        own_name = pl.col(name)
        # An order's first row is of that order even where its name is missing.
        belongs = has_order & ((start == position) | (own_name == own_name.gather(start)))
        frame = frame.with_columns(
            pl.when(belongs).then(pl.col(carried).gather(start)).name.keep(),
            belongs.fill_null(False).alias("=belongs"),
            (
                position
                - start
                + 1
                + pl.when(start < before).then(last_line - 1 if before else 0).otherwise(0)
            )
            .cast(pl.Int64)
            .alias("line_number"),
        )
        if frame.height > before:
            last = frame.tail(1)
            if last["=belongs"][0]:
                last_order = last.select(each.frame.columns)
                last_line = last["line_number"][0]
            else:
                last_order, last_line = None, 0
        lines = frame.slice(before)
        flags = lines.select(pl.when(~pl.col("=belongs")).then(pl.lit(ORPHAN))).to_series()
        yield Rows(
            lines.drop("=start", "=belongs"),
            each.numbers,
            each.bad_rows,
            flags if flags.null_count() < len(flags) else None,
        )
