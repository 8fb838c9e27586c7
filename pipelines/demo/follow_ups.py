"""Follow-ups: which of the detractors were called back, and when."""

import numpy as np
import polars as pl

from pipelines.demo.periods import DAY, HOUR, NEVER, Calendar, draws
from pipelines.demo.population import Staff
from pipelines.demo.surveys import DETRACTOR

FOLLOWED_SHARE = 0.8
CALLED_SHARE = 0.85
HOURS_TO_CALL, SPREAD = 26, 0.8
"""Median, and the standard deviation of the logarithm."""

DUE_HOURS = 48
ROOT_CAUSES = ("Waiting time", "Price", "Product", "Billing", "Unfriendly")
OUTCOMES = ("Explained", "Put right", "Credited", "No answer")


def draw_follow_ups(
    responses: pl.DataFrame, staff: Staff, calendar: Calendar, seed: int
) -> pl.DataFrame:
    """The list of follow-ups as it stands at the end, by response.

    Columns: response, owner (a user), opened, due, contacted, closed (both `NEVER` when not yet),
    outcome, root_cause (numbers).
    """
    random = draws(seed, "follow-ups")
    bad = responses.filter((pl.col("band") == DETRACTOR) & pl.col("finished"))
    bad = bad.filter(pl.Series(random.random(bad.height) < FOLLOWED_SHARE))
    count = bad.height
    agents = staff.users.filter(~pl.col("is_leader"))["user"].to_numpy()
    recorded = bad["recorded"].to_numpy()
    opened = recorded + random.integers(60, HOUR, count)
    delay = np.exp(random.normal(np.log(HOURS_TO_CALL), SPREAD, count)) * HOUR
    called = opened + delay.astype(np.int64)
    is_called = (random.random(count) < CALLED_SHARE) & (called < calendar.end)
    called = np.where(is_called, called, NEVER)
    closed = called + random.integers(HOUR, 10 * DAY, count)
    closed = np.where(closed < calendar.end, closed, NEVER)
    return pl.DataFrame(
        {
            "response": bad["response"],
            "owner": random.choice(agents, count),
            "opened": opened,
            "due": recorded + DUE_HOURS * HOUR,
            "contacted": called,
            "closed": closed,
            "outcome": random.integers(0, len(OUTCOMES), count),
            "root_cause": random.integers(0, len(ROOT_CAUSES), count),
        }
    ).filter(pl.col("opened") < calendar.end)
