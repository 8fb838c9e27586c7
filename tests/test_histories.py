"""Histories from purchases, and equal ones found whatever their sorting key."""

import re

import numpy as np
import pytest

from pipelines import histories
from pipelines.histories import distinct_rows, purchase_summary


def test_purchases_are_summarised_by_distinct_day_up_to_the_day():
    # Customer 7: days 0, 14 (twice), 21, and 40, which is later. Customer 3: day 28 alone.
    customer = [7, 7, 3, 7, 7, 7, 9]
    day = [21, 14, 28, 0, 14, 40, 36]
    summary = purchase_summary(customer, day, as_of_day=35)
    assert summary.customer.tolist() == [3, 7]
    assert summary.first_day.tolist() == [28, 0]
    assert summary.frequency.tolist() == [0, 2]
    assert summary.recency_weeks.tolist() == [0, 3]
    assert summary.age_weeks.tolist() == [1, 5]


@pytest.mark.parametrize(
    ("purchases", "message"),
    [
        (([1.5], [3], 5), "customer needs one whole number per purchase"),
        (([1], [3, 4], 5), "customer has 1 rows and day has 2"),
        (([1], [3], 2), "no purchase up to day 2; the first is on day 3"),
    ],
)
def test_impossible_purchases_are_refused_by_name(purchases, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        purchase_summary(*purchases)


def test_rows_that_meet_in_one_sorting_key_are_still_told_apart():
    def mixed(*values):
        return histories._mixed([np.array([value]) for value in values])

    first, second = 3.0, 10.0
    for other in np.arange(4.0, 400.0):
        bits = mixed(first) ^ np.array([second]).view(np.uint64) ^ mixed(other)
        partner = bits.view(np.float64)[0]
        if np.isfinite(partner) and partner > 0:
            break
    assert mixed(first, second) == mixed(other, partner)
    x, y = np.array([first, other, first]), np.array([second, partner, second])
    (distinct_x, distinct_y), place = distinct_rows(x, y)
    assert len(distinct_x) == 2
    np.testing.assert_array_equal(distinct_x[place], x)
    np.testing.assert_array_equal(distinct_y[place], y)
