"""One file's rows put together: the good ones, the invented ones among them, the copies behind.

Belongs here: where which rows stand, and the account of them. Does not belong here: which faults
there are (`faults.py`) and what a vendor's cells look like.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.demo.cells import Block, Layout
from pipelines.demo.faults import Planned
from pipelines.demo.periods import Array
from pipelines.demo.truth import DeliveryTruth, PlantedFault

INVENTED_FROM = 500_000_000
"""Invented records are numbered from here; real ones stay below."""

INVENTED_A_DELIVERY = 100_000

WRITTEN_AT = time(23, 15)
"""When each delivery's files say they were written."""


@dataclass(frozen=True)
class Sheet:
    """The good rows of a file, and how invented ones are made from them.

    Attributes:
        rows: what the layout refers to, in the file's order.
        layout: the cell under each header.
        fresh: cells that make a new record of a row, over the column `invented`.
        starts: the row at which each record begins; None when each row is a record.
    """

    rows: pl.DataFrame
    layout: Layout
    fresh: Layout
    starts: Array | None = None

    @property
    def record_starts(self) -> Array:
        """The first row of each record."""
        return np.arange(self.rows.height) if self.starts is None else self.starts

    @property
    def record_lengths(self) -> Array:
        """How many rows each record has."""
        return np.diff(np.append(self.record_starts, self.rows.height))


@dataclass
class Tally:
    """How many rows of a delivery of an export went where."""

    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    excluded: dict[str, int] = field(default_factory=dict)


@dataclass
class Ledger:
    """The account of everything that is delivered."""

    tallies: dict[tuple[str, str, str], Tally] = field(default_factory=dict)
    faults: list[PlantedFault] = field(default_factory=list)

    def tally(self, source: str, export: str, day: date) -> Tally:
        """The tally of one delivery of one export, empty at first."""
        return self.tallies.setdefault((source, export, day.isoformat()), Tally())

    def note(
        self, kind: str, outcome: str, source: str, export: str, day: date, file: str, *,
        column: str = "", code: str = "", rows: int,
    ) -> None:  # fmt: skip
        """Note a planted fault."""
        self.faults.append(
            PlantedFault(kind, outcome, source, export, day.isoformat(), file, column, code, rows)
        )

    def add(self, other: "Ledger") -> None:
        """Take over what another ledger says of other deliveries or exports."""
        self.tallies.update(other.tallies)
        self.faults += other.faults

    def deliveries(self) -> tuple[DeliveryTruth, ...]:
        """The accounts, in order of source, export and date."""
        return tuple(
            DeliveryTruth(
                source,
                export,
                day,
                tally.accepted + tally.rejected + tally.duplicates + sum(tally.excluded.values()),
                tally.accepted,
                tally.rejected,
                tally.duplicates,
                dict(sorted(tally.excluded.items())),
            )
            for (source, export, day), tally in sorted(self.tallies.items())
        )


def assemble(
    sheet: Sheet,
    planned: Sequence[Planned],
    random: np.random.Generator,
    *,
    first_invented: int,
    ledger: Ledger,
    source: str,
    export: str,
    day: date,
    file: str,
    ready: bool = False,
    special: Mapping[str, Layout] | None = None,
) -> list[Block]:
    """The blocks of one file, in its order, with every row entered in the ledger.

    Invented rows stand between records at random places, copies at the file's end (so that a
    reader who simply keeps the last row of a key keeps an older version).

    Args:
        sheet: the good rows.
        planned: what to plant in this file.
        random: places and models of invented rows.
        first_invented: the number of the first invented record of this file.
        ledger: where rows and faults are noted.
        source: the vendor system.
        export: the kind of file.
        day: the delivery's date.
        file: path within the delivery.
        ready: whether `sheet.rows` holds finished lines, in the column `line`.
        special: what the writer adds to the cells of a kind of fault, by its name.
    """
    tally = ledger.tally(source, export, day)
    tally.accepted += sheet.rows.height
    good_layout: Layout = {} if ready else sheet.layout
    starts, lengths = sheet.record_starts, sheet.record_lengths
    among: list[Block] = []
    behind: list[Block] = []
    last: list[Block] = []
    for each in planned:
        kind = each.kind
        takes_whole = kind.outcome != "rejected"
        models = np.arange(len(starts)) if takes_whole else np.flatnonzero(lengths == 1)
        if not len(models):
            raise ValueError(f"{source}/{export} {day}: no row to model {kind.name} on")
        if kind.keeps_key:
            count = min(each.rows, len(models))
            records = np.sort(random.choice(models, count, replace=False))
        else:
            records = random.choice(models, each.rows)
        repeats = lengths[records]
        within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        rows = sheet.rows[np.repeat(starts[records], repeats) + within]
        numbers = INVENTED_FROM + first_invented + np.repeat(np.arange(len(records)), repeats)
        first_invented += len(records)
        rows = rows.with_columns(pl.Series("invented", numbers))
        layout = dict(sheet.layout)
        if not kind.keeps_key:
            layout.update(sheet.fresh)
        layout.update(kind.cells)
        layout.update((special or {}).get(kind.name, {}))
        if ready and kind.keeps_key and not kind.cells:
            layout = {}
        block = Block(rows, layout, kind.cut, kind.ending)
        (last if kind.is_last else behind if kind.keeps_key else among).append(block)
        if kind.outcome == "rejected":
            tally.rejected += rows.height
        elif kind.outcome == "duplicate":
            tally.duplicates += rows.height
        else:
            tally.excluded[kind.code] = tally.excluded.get(kind.code, 0) + rows.height
        ledger.note(
            kind.name, kind.outcome, source, export, day, file,
            column=kind.column, code=kind.code, rows=rows.height,
        )  # fmt: skip
    # Two places are enough, and cutting the good rows into more pieces takes longer.
    places = random.choice(np.append(starts, sheet.rows.height), 2)
    cuts = np.sort(random.choice(places, len(among)))
    blocks = []
    before = 0
    for cut, block in zip(cuts, among, strict=True):
        blocks += [Block(sheet.rows.slice(before, cut - before), good_layout), block]
        before = int(cut)
    blocks += [Block(sheet.rows.slice(before), good_layout), *behind, *last]
    return [block for block in blocks if block.rows.height]


@contextmanager
def delivery_folder(landing: Path, source: str, day: date) -> Iterator[Path]:
    """A new folder for one delivery; it and its files are dated as if written that day."""
    folder = landing / source / day.isoformat()
    folder.mkdir(parents=True)
    yield folder
    written_at = datetime.combine(day, WRITTEN_AT, UTC).timestamp()
    for path in (*folder.iterdir(), folder):
        os.utime(path, (written_at, written_at))
