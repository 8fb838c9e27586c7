"""The demo's calendar: months that end on a fixed day, and what is known at each delivery.

Every moment is a whole number of seconds since 1970 (UTC). A delivery lies on the last day of a
month and holds what had happened before midnight UTC. Nothing here looks at the clock.
"""

import zlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[Any]

DAY = 86_400
HOUR = 3_600
NEVER = 2**53
"""Later than any delivery; a whole number that survives being a float."""

LAST_DAY = date(2026, 10, 31)


@dataclass(frozen=True)
class Calendar:
    """The months that the demo covers.

    Attributes:
        months: how many.
        last_day: the last day of the last of them.
    """

    months: int
    last_day: date = LAST_DAY

    @cached_property
    def first(self) -> np.datetime64:
        """The first month."""
        return np.datetime64(self.last_day, "M") - (self.months - 1)

    @cached_property
    def starts(self) -> Array:
        """The moment each month starts, and as the last one the end of it all."""
        months = self.first + np.arange(self.months + 1)
        return months.astype("datetime64[s]").astype(np.int64)

    @property
    def start(self) -> int:
        """The moment the first month starts."""
        return int(self.starts[0])

    @property
    def end(self) -> int:
        """The first moment that no delivery knows."""
        return int(self.starts[-1])

    @cached_property
    def deliveries(self) -> tuple[date, ...]:
        """The day of each month's delivery."""
        last_days = (self.first + np.arange(1, self.months + 1)).astype("datetime64[D]") - 1
        return tuple(last_days.astype(object))

    @cached_property
    def month_names(self) -> tuple[str, ...]:
        """The first day of each month as ISO text."""
        return tuple(f"{month}-01" for month in self.first + np.arange(self.months))

    def delivery_of(self, moments: Array) -> Array:
        """The index of the first delivery that knows of a moment; `months` for none."""
        return np.searchsorted(self.starts[1:], moments, side="right")

    def moment(self, month: Array | int, day: Array | int, second: Array | int) -> Array:
        """The moment of a day (1–28) in a month given by its index, which may lie outside."""
        first = (self.first + np.asarray(month, np.int64)).astype("datetime64[D]")
        return first.astype(np.int64) * DAY + (np.asarray(day, np.int64) - 1) * DAY + second


def draws(seed: int, topic: str) -> np.random.Generator:
    """A stream of random numbers of its own for each topic, so that topics don't disturb others."""
    return np.random.default_rng(
        np.random.SeedSequence(seed, spawn_key=(zlib.crc32(topic.encode()),))
    )


def is_shown_twice(moments: Array, zone: str) -> Array:
    """Whether a moment's local time is one that the zone's clocks show twice in autumn."""
    local = (
        pl.from_epoch(pl.Series(moments), time_unit="s")
        .dt.replace_time_zone("UTC")
        .dt.convert_time_zone(zone)
        .dt.replace_time_zone(None)
    )
    return local.dt.replace_time_zone(zone, ambiguous="null").is_null().to_numpy()
