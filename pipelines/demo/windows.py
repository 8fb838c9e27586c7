"""Deliveries of exports that hold what a month brought: one row per record that changed in it.

Belongs here: what such exports have in common, whatever the vendor. Does not belong here: a
vendor's columns (`freshdesk.py`, …).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from pipelines.demo.assembly import (
    INVENTED_A_DELIVERY,
    Ledger,
    Sheet,
    assemble,
    delivery_folder,
)
from pipelines.demo.cells import Block, Layout, write_block
from pipelines.demo.faults import plan
from pipelines.demo.periods import Array, Calendar, draws

FEWEST_ROWS = 5
"""A file with fewer good rows stays clean."""


def save_text(
    path: Path,
    header: bytes,
    blocks: Sequence[Block],
    write: Callable[[BinaryIO, Block], None] = write_block,
) -> None:
    """Write a file of text, block by block."""
    with path.open("wb") as target:
        target.write(header)
        for block in blocks:
            write(target, block)


@dataclass(frozen=True)
class WindowFile:
    """A file that each month brings, unless nothing happened in it.

    Attributes:
        export: the contract's name for it.
        name: its name, by the day of delivery.
        rows: what the layout refers to; `delivery` is the month, by which they are sorted.
        layout: the cell under each header.
        fresh: the cells that make a new record of a row.
        header: what stands above the rows.
        part: what faults call this one of the export's files; "" when there is one.
        left_out: rows that a rule of the contract leaves out, sorted likewise; None for none.
        rule: the rule's name.
        save: how header and rows become a file.
    """

    export: str
    name: Callable[[date], str]
    rows: pl.DataFrame
    layout: Layout
    fresh: Layout
    header: bytes
    part: str = ""
    left_out: pl.DataFrame | None = None
    rule: str = ""
    save: Callable[[Path, bytes, Sequence[Block]], None] = save_text


def deliver_windows(
    landing: Path,
    calendar: Calendar,
    source: str,
    files: Sequence[WindowFile],
    each: int,
    seed: int,
    ledger: Ledger,
) -> None:
    """Write a source's deliveries; a month in which nothing happened has none.

    Args:
        landing: the landing folder.
        calendar: the months.
        source: the vendor system.
        files: what it exports.
        each: how many faulty rows of each kind.
        seed: places of the faults.
        ledger: where rows and faults are noted.
    """
    months = np.arange(calendar.months + 1)
    cuts = [_cuts(file.rows, months) for file in files]
    left_out_cuts = [_cuts(file.left_out, months) for file in files]
    planned = {}
    for export in dict.fromkeys(file.export for file in files):
        rows = [
            np.diff(cut) for cut, file in zip(cuts, files, strict=True) if file.export == export
        ]
        barred = {
            file.part: [int(at) for at in np.flatnonzero(np.diff(cut) < FEWEST_ROWS)]
            for cut, file in zip(cuts, files, strict=True)
            if file.export == export
        }
        planned[export] = plan(source, export, np.sum(rows, axis=0), each, barred=barred)
    for at, day in enumerate(calendar.deliveries):
        full = [
            number
            for number in range(len(files))
            if cuts[number][at] < cuts[number][at + 1]
            or left_out_cuts[number][at] < left_out_cuts[number][at + 1]
        ]
        if not full:
            continue
        with delivery_folder(landing, source, day) as folder:
            for number in full:
                file, name = files[number], files[number].name(day)
                blocks = assemble(
                    Sheet(_month(file.rows, cuts[number], at), file.layout, file.fresh),
                    [
                        every
                        for every in planned[file.export].get(at, [])
                        if every.kind.file == file.part
                    ],
                    draws(seed, f"{source}/{file.export} {file.part} {at}"),
                    first_invented=at * INVENTED_A_DELIVERY
                    + number * INVENTED_A_DELIVERY // len(files),
                    ledger=ledger,
                    source=source,
                    export=file.export,
                    day=day,
                    file=name,
                )
                if file.left_out is not None:
                    left_out = _month(file.left_out, left_out_cuts[number], at)
                    if left_out.height:
                        blocks.append(Block(left_out, file.layout))
                        excluded = ledger.tally(source, file.export, day).excluded
                        excluded[file.rule] = excluded.get(file.rule, 0) + left_out.height
                        ledger.note(
                            file.rule, "excluded", source, file.export, day, name,
                            code=file.rule, rows=left_out.height,
                        )  # fmt: skip
                file.save(folder / name, file.header, blocks)


def _cuts(rows: pl.DataFrame | None, months: Array) -> Array:
    """Where each month's rows begin, and as the last one where they end."""
    if rows is None:
        return np.zeros(len(months), np.int64)
    return np.searchsorted(rows["delivery"].to_numpy(), months)


def _month(rows: pl.DataFrame, cuts: Array, at: int) -> pl.DataFrame:
    return rows.slice(cuts[at], cuts[at + 1] - cuts[at])
