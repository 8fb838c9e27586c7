"""How far forecasts of purchases are from what happened: fit to the past, held against the rest.

Belongs here: the split in time, the classes of customers and their errors.
Does not belong here: the model and its fit (`lifetime_value.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.histories import checked_purchases, purchase_summary
from pipelines.lifetime_value import BGNBD, fit_bg_nbd

FREQUENCY_CLASSES = (("0", 0, 0), ("1", 1, 1), ("2", 2, 2), ("3-4", 3, 4), ("5-9", 5, 9))
OPEN_FREQUENCY_CLASS = ("10+", 10)


@dataclass(frozen=True)
class HoldOutError:
    """How far a forecast from the past is from what then happened, for one class of customers.

    `frequency_class` is "all" or the class of repeat purchases at the split. `bias` is predicted /
    actual - 1 of the totals; NaN where nothing was bought. The mean error of no customers is NaN.
    """

    frequency_class: str
    customers: int
    actual_purchases: int
    predicted_purchases: float
    mean_absolute_error: float
    bias: float


def hold_out_errors(
    customer: ArrayLike,
    day: ArrayLike,
    as_of_day: int,
    calibration_share: float = 0.75,
    fit: Callable[[ArrayLike, ArrayLike, ArrayLike], BGNBD] = fit_bg_nbd,
) -> tuple[HoldOutError, ...]:
    """Fit a model to the first share of the time, forecast the rest and compare.

    Args:
        customer: whole number per purchase, in any order.
        day: day number per purchase; several on one day are one purchase.
        as_of_day: the last day that is known.
        calibration_share: of the days from the first purchase of all to `as_of_day`.
        fit: of BG/NBD or MBG/NBD.

    Returns:
        One row for "all", then one per frequency class at the split, for the customers who had
        bought by then.

    Raises:
        NoForecastError: as `fit`, for the first share of the time.
    """
    if not 0 < calibration_share < 1:
        raise ValueError(f"calibration_share must lie between 0 and 1, not {calibration_share}")
    ids, days = checked_purchases(customer, day)
    split_day = int(days.min() + np.floor(calibration_share * (as_of_day - days.min())))
    summary = purchase_summary(ids, days, split_day)
    history = (summary.frequency, summary.recency_weeks, summary.age_weeks)
    predicted = fit(*history).expected_purchases((as_of_day - split_day) / 7, *history)

    in_the_end = purchase_summary(ids, days, as_of_day)
    known_at_split = np.isin(in_the_end.customer, summary.customer)
    actual = in_the_end.frequency[known_at_split] - summary.frequency

    def error(label: str, rows: NDArray[np.bool_]) -> HoldOutError:
        bought, forecast = int(actual[rows].sum()), float(predicted[rows].sum())
        size = int(rows.sum())
        miss = float(np.abs(predicted[rows] - actual[rows]).sum())
        return HoldOutError(
            frequency_class=label,
            customers=size,
            actual_purchases=bought,
            predicted_purchases=forecast,
            mean_absolute_error=miss / size if size else float("nan"),
            bias=forecast / bought - 1 if bought else float("nan"),
        )

    x = summary.frequency
    open_label, open_low = OPEN_FREQUENCY_CLASS
    return (
        error("all", np.ones(len(x), dtype=np.bool_)),
        *(error(label, (x >= low) & (x <= high)) for label, low, high in FREQUENCY_CLASSES),
        error(open_label, x >= open_low),
    )
