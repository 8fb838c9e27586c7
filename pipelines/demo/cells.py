"""How values look in vendors' files: ids, moments, money, the two ways of quoting, JSON.

A layout maps each header to its cell: a polars expression over the rows, a constant, or None for
an empty cell. Belongs here: what several vendors' writers need. Does not belong here: a vendor's
columns (`salesforce.py`, …).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.demo.periods import Array

Cell = pl.Expr | str | None
Layout = Mapping[str, Cell]

SLICE_ROWS = 100_000
"""Rows turned into text at a time, so that memory doesn't grow with a file."""

_DIGITS = np.frombuffer(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8
)
_HEX_DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_GUID_DIGITS = 12
_CHECK_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)
_BLOCK = 5
_BLOCK_SPAN = 62**_BLOCK
# No common factor with 62, so that multiplying shuffles the block's numbers without collisions.
_SHUFFLES = (389_016_733, 704_521_991, 151_234_567)


def _code_bytes(prefix: str, numbers: Array, blocks: int) -> Array:
    """Prefix and base-62 blocks as one row of bytes per number (each below 62^5)."""
    width = len(prefix) + blocks * _BLOCK
    text = np.empty((len(numbers), width), dtype=np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    for block in range(blocks):
        rest = numbers.astype(np.int64) * _SHUFFLES[block] % _BLOCK_SPAN
        for place in range(_BLOCK):
            text[:, len(prefix) + (block + 1) * _BLOCK - 1 - place] = _DIGITS[rest % 62]
            rest //= 62
    return text


def _strings(text: Array) -> pl.Series:
    count, width = text.shape
    offsets = pa.py_buffer(np.arange(count + 1, dtype=np.int64) * width)
    data = pa.py_buffer(np.ascontiguousarray(text))
    return pl.Series(pa.LargeStringArray.from_buffers(count, offsets, data))


def code(prefix: str, number: str | pl.Expr, blocks: int = 3) -> pl.Expr:
    """A vendor's opaque id: a prefix and 5, 10 or 15 letters and digits, unique by number."""

    def text(numbers: pl.Series) -> pl.Series:
        return _strings(_code_bytes(prefix, numbers.to_numpy(), blocks))

    return _expression(number).map_batches(text, return_dtype=pl.String)


def guid(kind: str, number: str | pl.Expr) -> pl.Expr:
    """A GUID in lower case: its first 24 characters, and 12 digits that are unique by number."""

    def text(numbers: pl.Series) -> pl.Series:
        rest = numbers.to_numpy().astype(np.int64) * _SHUFFLES[0] % 16**_GUID_DIGITS
        cells = np.empty((len(numbers), len(kind) + _GUID_DIGITS), dtype=np.uint8)
        cells[:, : len(kind)] = np.frombuffer(kind.encode(), dtype=np.uint8)
        for place in range(1, _GUID_DIGITS + 1):
            cells[:, -place] = _HEX_DIGITS[rest % 16]
            rest //= 16
        return _strings(cells)

    return _expression(number).map_batches(text, return_dtype=pl.String)


def salesforce_ids(prefix: str, numbers: Array) -> pl.Series:
    """18-character Salesforce ids; the last three letters tell upper from lower case.

    Args:
        prefix: the first ten characters; the first three tell the kind of record.
        numbers: which record, below 62^5.
    """
    text = _code_bytes(prefix, numbers, 1)
    upper = (text >= ord("A")) & (text <= ord("Z"))
    weights = 1 << np.arange(5)
    checks = [_CHECK_LETTERS[upper[:, at : at + 5] @ weights] for at in (0, 5, 10)]
    return _strings(np.column_stack([text, *checks]))


def salesforce_id(prefix: str, number: str | pl.Expr) -> pl.Expr:
    """The expression form of `salesforce_ids`."""

    def text(numbers: pl.Series) -> pl.Series:
        return salesforce_ids(prefix, numbers.to_numpy())

    return _expression(number).map_batches(text, return_dtype=pl.String)


def choice(pool: Sequence[str] | pl.Series, index: str | pl.Expr) -> pl.Expr:
    """The text at an index of a pool; NULL where the index is NULL."""
    return pl.lit(pl.Series(pool)).gather(_expression(index))


def moment(
    seconds: str | pl.Expr, form: str = "%Y-%m-%d %H:%M:%S", zone: str | None = None
) -> pl.Expr:
    """Seconds since 1970 as text, in UTC or in another zone's local time."""
    instant = pl.from_epoch(_expression(seconds), time_unit="s")
    if zone is not None:
        instant = instant.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return instant.dt.strftime(form)


def clock(seconds: str | pl.Expr, zone: str) -> pl.Expr:
    """Seconds since 1970 as what a zone's clocks show: a date-time without a zone."""
    instant = pl.from_epoch(_expression(seconds), time_unit="s")
    in_zone = instant.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return in_zone.dt.replace_time_zone(None)


def money(cents: str | pl.Expr) -> pl.Expr:
    """Whole cents (never below zero) as major units with two decimals."""
    amount = _expression(cents).cast(pl.Int64)
    return pl.concat_str(
        (amount // 100).cast(pl.String),
        pl.lit("."),
        (amount % 100).cast(pl.String).str.zfill(2),
    )


def either(condition: pl.Expr, yes: str | pl.Expr | None, no: str | pl.Expr | None) -> pl.Expr:
    """One of two cells by a condition."""
    return pl.when(condition).then(cell_expression(yes)).otherwise(cell_expression(no))


def _expression(value: str | pl.Expr) -> pl.Expr:
    return pl.col(value) if isinstance(value, str) else value


def cell_expression(value: Cell) -> pl.Expr:
    """A cell as an expression; no cell is NULL."""
    return value if isinstance(value, pl.Expr) else pl.lit(value, dtype=pl.String)


@dataclass(frozen=True)
class Block:
    """Some rows of a file and how their cells are made.

    Attributes:
        rows: what the layout's expressions refer to.
        layout: the cell under each header, in the file's order.
        cut: how many cells are left out at the end of each row; negative: how many are too many.
        ending: text that is put behind the last row's cells, before its line end.
    """

    rows: pl.DataFrame
    layout: Layout
    cut: int = 0
    ending: str = ""


def quoted_lines(rows: pl.DataFrame, layout: Layout, cut: int = 0) -> pl.Series:
    """Rows as text with every cell quoted; cells must hold no quote that isn't doubled.

    Neighbouring constants are joined beforehand: most of a CRM record's cells are empty.
    """
    cells = list(layout.values())
    if cut:
        cells = cells[:-cut] if cut > 0 else [*cells, *[""] * -cut]
    parts: list[pl.Expr] = []
    constant = '"'
    for position, cell in enumerate(cells):
        if position:
            constant += '","'
        if isinstance(cell, pl.Expr):
            parts += [pl.lit(constant), cell.cast(pl.String).fill_null("")]
            constant = ""
        else:
            constant += cell or ""
    parts.append(pl.lit(constant + '"'))
    return rows.select(pl.concat_str(parts).alias("line")).to_series()


def write_quoted(target: BinaryIO, block: Block, encoding: str) -> None:
    """Write rows with every cell quoted; without a layout they are finished lines already."""
    for start in range(0, block.rows.height, SLICE_ROWS):
        rows = block.rows.slice(start, SLICE_ROWS)
        lines = quoted_lines(rows, block.layout, block.cut) if block.layout else rows["line"]
        target.write("\n".join([*lines, ""]).encode(encoding))


def write_block(target: BinaryIO, block: Block) -> None:
    """Write rows as UTF-8, quoting only where needed; an empty cell is bare."""
    layout = dict(block.layout)
    if block.cut > 0:
        layout = dict(list(layout.items())[: -block.cut])
    for number in range(-block.cut):
        layout[f"too many {number}"] = "surplus"
    cells = [cell_expression(cell).alias(header) for header, cell in layout.items()]
    for start in range(0, block.rows.height, SLICE_ROWS):
        rows = block.rows.slice(start, SLICE_ROWS)
        text = rows.select(cells).write_csv(include_header=False)
        if block.ending:
            text = f"{text[:-1]}{block.ending}\n"
        target.write(text.encode())


def write_json_lines(target: BinaryIO, block: Block) -> None:
    """Write rows as one JSON object per line; a header with dots is a nested field's path."""
    for start in range(0, block.rows.height, SLICE_ROWS):
        rows = block.rows.slice(start, SLICE_ROWS)
        target.write(rows.select(_nested(block.layout)).write_ndjson().encode())


def _nested(layout: Layout) -> list[pl.Expr]:
    inner: dict[str, dict[str, Cell]] = {}
    fields: dict[str, pl.Expr | None] = {}
    for path, cell in layout.items():
        head, _, rest = path.partition(".")
        fields[head] = None if rest else cell_expression(cell).alias(head)
        if rest:
            inner.setdefault(head, {})[rest] = cell
    return [
        pl.struct(_nested(inner[head])).alias(head) if field is None else field
        for head, field in fields.items()
    ]


def header_line(headers: Iterable[str], *, quoted: bool = False) -> bytes:
    """A header row in either way of quoting."""
    if quoted:
        return ('"' + '","'.join(headers) + '"\n').encode()
    cells = [
        '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',"\n') else cell
        for cell in headers
    ]
    return (",".join(cells) + "\n").encode()
