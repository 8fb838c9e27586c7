"""Support cases: when they open, who works on them and how soon, how they end."""

import numpy as np
import polars as pl

from pipelines.demo import names
from pipelines.demo.periods import DAY, HOUR, NEVER, Array, Calendar, draws
from pipelines.demo.population import Staff, person_at
from pipelines.demo.truth import Service

CASES_A_MONTH = 0.2
MEDIAN_HOURS_TO_CLOSE = 16.0
TRANSFERRED_SHARE = 0.08
REOPENED_SHARE = 0.05

STATUSES = ("New", "Working", "Closed")
NEW, WORKING, CLOSED = range(3)
QUEUE = -1
"""The owner of a case that nobody has taken yet."""


def draw_cases(
    customers: pl.DataFrame,
    people: pl.DataFrame,
    staff: Staff,
    calendar: Calendar,
    parameters: Service,
    seed: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cases by the time they opened, and what happened to each.

    Returns:
        Cases: case, customer, person, created, touched, closed (for good), owner (at the end),
        kind, origin, priority, subject, reason. Events up to the end of the calendar: event,
        case, moment, status, owner, previous (the event before, NULL for the first), until (the
        event after).
    """
    random = draws(seed, "cases")
    crm = np.flatnonzero(customers["in_crm"].to_numpy())
    since = np.maximum(customers["created"].to_numpy()[crm], calendar.start)
    expected = np.maximum(calendar.end - since, 0) / (30.4 * DAY) * CASES_A_MONTH
    opened = np.repeat(np.arange(len(crm)), random.poisson(expected))
    created = since[opened] + (random.random(len(opened)) * (calendar.end - since[opened])).astype(
        np.int64
    )
    order = np.lexsort((np.arange(len(created)), created))
    customer, created = crm[opened[order]], created[order]
    count = len(created)

    agent = random.integers(0, staff.agent_count, count)
    team = staff.team_of(agent, created)
    shift = np.array(parameters.team_shifts)[team % len(parameters.team_shifts)]
    touched = created + _hours(random, parameters.median_hours * np.exp(shift), parameters)
    closed = touched + _hours(random, np.full(count, MEDIAN_HOURS_TO_CLOSE), parameters)
    is_transferred = random.random(count) < TRANSFERRED_SHARE
    transferred = np.where(is_transferred, (touched + closed) // 2, NEVER)
    is_reopened = random.random(count) < REOPENED_SHARE
    reopened = np.where(is_reopened, closed + random.integers(HOUR, 5 * DAY, count), NEVER)
    closed_again = np.where(
        is_reopened, reopened + _hours(random, np.full(count, 8.0), parameters), NEVER
    )
    owner = np.where(
        is_transferred & (transferred > touched),
        (agent + 1 + random.integers(0, staff.agent_count - 1, count)) % staff.agent_count,
        agent,
    )
    transferred = np.where(owner != agent, transferred, NEVER)
    cases = pl.DataFrame(
        {
            "case": np.arange(count),
            "customer": customer,
            "person": person_at(customers, people, customer, created, random),
            "created": created,
            "touched": touched,
            "closed": np.where(is_reopened, closed_again, closed),
            "owner": owner,
            "kind": random.integers(0, len(names.CASE_TYPES), count),
            "origin": random.integers(0, len(names.CASE_ORIGINS), count),
            "priority": random.integers(0, len(names.CASE_PRIORITIES), count),
            "subject": random.integers(0, len(names.CASE_SUBJECTS), count),
            "reason": random.integers(0, len(names.CASE_REASONS), count),
        }
    )
    happened = [
        (created, NEW, np.full(count, QUEUE)),
        (touched, WORKING, agent),
        (transferred, WORKING, owner),
        (closed, CLOSED, owner),
        (reopened, WORKING, owner),
        (closed_again, CLOSED, owner),
    ]
    events = (
        pl.DataFrame(
            {
                "case": np.tile(np.arange(count), len(happened)),
                "moment": np.concatenate([moment for moment, _, _ in happened]),
                "status": np.repeat([status for _, status, _ in happened], count),
                "owner": np.concatenate([who for _, _, who in happened]),
            }
        )
        .filter(pl.col("moment") < calendar.end)
        .sort("case", "moment", maintain_order=True)
        .with_columns(
            pl.int_range(pl.len()).alias("event"),
            pl.col("moment").shift(1).over("case").alias("previous"),
            pl.col("moment").shift(-1).over("case").fill_null(NEVER).alias("until"),
        )
    )
    return cases, events


def _hours(random: np.random.Generator, median_hours: Array, parameters: Service) -> Array:
    """Log-normal hours in whole seconds, one second at least."""
    hours = median_hours * np.exp(random.normal(0, parameters.log_deviation, len(median_hours)))
    seconds: Array = np.maximum(np.rint(hours * HOUR), 1).astype(np.int64)
    return seconds
