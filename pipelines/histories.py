"""Customers' purchase histories as arrays: summarised from purchases, checked, equal ones grouped.

Belongs here: what a history must be to mean anything, and what is done with its rows alone.
Does not belong here: any model (`lifetime_value.py`) or likelihood (`likelihoods.py`).

Input that can't be meant raises `ValueError` with the row and what is in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class PurchaseSummary:
    """One row per customer, in order of `customer`: the history that BG/NBD needs, in weeks."""

    customer: Integers
    first_day: Integers
    frequency: Floats
    recency_weeks: Floats
    age_weeks: Floats


def purchase_summary(customer: ArrayLike, day: ArrayLike, as_of_day: int) -> PurchaseSummary:
    """Summarise purchases per customer; what is dated after `as_of_day` doesn't exist.

    Args:
        customer: whole number per purchase, in any order.
        day: day number per purchase; several on one day are one purchase.
        as_of_day: the day up to and with which purchases count.

    Raises:
        ValueError: input that isn't whole numbers, or no purchase by `as_of_day`.
    """
    ids, days = checked_purchases(customer, day)
    known = days <= as_of_day
    if not known.any():
        raise ValueError(f"no purchase up to day {as_of_day}; the first is on day {days.min()}")
    ids, days = ids[known], days[known]
    order = np.lexsort((days, ids))
    ids, days = ids[order], days[order]
    is_new = np.append(True, (ids[1:] != ids[:-1]) | (days[1:] != days[:-1]))
    ids, days = ids[is_new], days[is_new]
    starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1]))
    ends = np.append(starts[1:], len(ids)) - 1
    first, last = days[starts], days[ends]
    return PurchaseSummary(
        customer=ids[starts],
        first_day=first,
        frequency=(ends - starts).astype(np.float64),
        recency_weeks=(last - first) / 7,
        age_weeks=(as_of_day - first) / 7,
    )


def checked_histories(
    frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, may_be_empty: bool = False
) -> tuple[Floats, Floats, Floats]:
    """Return repeat purchases, recency and age in one shape, if they can be true together."""
    x, t_x, t_now = np.broadcast_arrays(
        checked_numbers("frequency", frequency, may_be_empty),
        checked_numbers("recency", recency, may_be_empty),
        checked_numbers("age", age, may_be_empty),
    )
    check_frequency(x)
    refuse(t_x < 0, "recency must not be negative", recency=t_x)
    refuse(t_x > t_now, "recency must not be above age", recency=t_x, age=t_now)
    refuse((x == 0) & (t_x != 0), "recency is 0 without a repeat purchase", recency=t_x)
    return x, t_x, t_now


def checked_counts(count: ArrayLike | None, shape: tuple[int, ...]) -> Floats:
    """Return customers per row in that shape: one each if absent, otherwise whole from 1."""
    if count is None:
        return np.ones(shape)
    weight = np.broadcast_to(checked_numbers("count", count), shape)
    refuse((weight < 1) | (weight % 1 != 0), "count must be 1, 2, ...", count=weight)
    return weight


def checked_purchases(customer: ArrayLike, day: ArrayLike) -> tuple[Integers, Integers]:
    """Return customer and day per purchase, if they are as many whole numbers."""
    ids, days = np.asarray(customer), np.asarray(day)
    for name, values in (("customer", ids), ("day", days)):
        if values.dtype.kind not in "iu" or values.ndim != 1 or values.size == 0:
            raise ValueError(
                f"{name} needs one whole number per purchase, and at least one, "
                f"not {values.dtype} of shape {values.shape}"
            )
    if len(ids) != len(days):
        raise ValueError(f"customer has {len(ids)} rows and day has {len(days)}")
    return ids.astype(np.int64), days.astype(np.int64)


def checked_numbers(name: str, values: ArrayLike, may_be_empty: bool = False) -> Floats:
    """Return an array of finite numbers; `name` is what an error calls it."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.size == 0 and not may_be_empty:
        raise ValueError(f"{name} is empty")
    refuse(~np.isfinite(numbers), f"{name} must be a finite number", **{name: numbers})
    return numbers


def check_frequency(x: Floats) -> None:
    """Refuse repeat purchases that are negative or not whole."""
    refuse((x < 0) | (x != np.floor(x)), "frequency must be 0, 1, 2, ...", frequency=x)


def refuse(is_wrong: NDArray[np.bool_], rule: str, **columns: Floats) -> None:
    """Raise `ValueError` with the rule and the first wrong row of the columns, if there is one."""
    if np.any(is_wrong):
        row = int(np.flatnonzero(is_wrong)[0])
        found = ", ".join(f"{name} {column.ravel()[row]:g}" for name, column in columns.items())
        raise ValueError(f"{rule}; row {row} has {found}")


def counted_rows(
    columns: tuple[Floats, ...], count: ArrayLike | None
) -> tuple[tuple[Floats, ...], Floats]:
    """Return the distinct rows and how many customers each stands for."""
    weight = checked_counts(count, columns[0].shape)
    distinct, place = distinct_rows(*(column.ravel() for column in columns))
    return distinct, sums(place, weight.ravel(), len(distinct[0]))


def distinct_rows(*columns: NDArray[Any]) -> tuple[tuple[NDArray[Any], ...], Integers]:
    """Return the distinct rows and, for each row, the place of its like among them.

    Their order depends on the values alone, not on the order of the rows.
    """
    key = _mixed(columns)
    order = _ascending(key)
    ordered = key[order]
    is_first = np.ones(len(order), dtype=np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(is_first) - 1
    distinct = tuple(column[order[is_first]] for column in columns)
    if all(
        np.array_equal(found[place], column)
        for found, column in zip(distinct, columns, strict=True)
    ):
        return distinct, place
    # Different rows met in one key: once in millions of tables, and then the slow way.
    rows, place = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    return tuple(rows.T), place


def _mixed(columns: Sequence[NDArray[Any]]) -> NDArray[np.uint64]:
    # Sorting a million rows by one number takes a quarter of the time of sorting by each column.
    # The steps are those of SplitMix64, which spread every bit over the whole number.
    key = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        key ^= (column + 0.0).view(np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            key ^= key >> np.uint64(shift)
            key *= np.uint64(factor)
        key ^= key >> np.uint64(31)
    return key


def _ascending(key: NDArray[np.uint64]) -> Integers:
    # NumPy sorts 16-bit numbers by their digits, and four such sorts, from the last digits to the
    # first, are quicker than one that compares whole keys.
    digits = np.ascontiguousarray(key.astype("<u8").view("<u2").reshape(-1, 4).T)
    order = np.argsort(digits[0], kind="stable")
    for column in digits[1:]:
        order = order[np.argsort(column[order], kind="stable")]
    return order


def rows_by_value(values: Floats) -> Iterator[tuple[float, Integers]]:
    """Yield each distinct value, from 0, with the places it is at."""
    # NumPy sorts 16-bit numbers by their digits, which is quicker than comparing them.
    short = np.minimum(values, np.iinfo(np.uint16).max).astype(np.uint16)
    order = np.argsort(short if np.array_equal(short, values) else values, kind="stable")
    ordered = values[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, values.size)
    start = 0
    for end in ends[ends > 0]:
        yield float(ordered[start]), order[start:end]
        start = end


def sums(place: Integers, values: Floats, size: int) -> Floats:
    """Return the sum of the values at each place, 0 to `size` - 1."""
    return np.bincount(place, values, size).astype(np.float64, copy=False)
