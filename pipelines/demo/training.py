"""Courses that agents take: one that lifts their ratings for a while, one that does nothing."""

import numpy as np
import polars as pl

from pipelines.demo.periods import DAY, Calendar, draws
from pipelines.demo.population import Staff
from pipelines.demo.truth import Training

COURSES = ("Empathy basics", "Time management")
EMPATHY, TIME_MANAGEMENT = range(2)
TAKEN_WITHIN_DAYS = 56
"""A course is taken in so many days from the middle of the calendar on."""

REPEATED_AFTER_DAYS = 60


def draw_transcripts(staff: Staff, calendar: Calendar, seed: int) -> pl.DataFrame:
    """Who took which course: half of the agents each, drawn by lot.

    Columns: user, course, registered and completed (days since 1970; completed NULL for who gave
    up). One graduate of each course repeats it later, and one of the other agents gives up.
    """
    random = draws(seed, "training")
    middle = int(calendar.starts[calendar.months // 2]) // DAY
    entries: list[tuple[int, int, int, int | None]] = []
    for course in range(len(COURSES)):
        order = random.permutation(staff.agent_count)
        graduates, others = np.split(order, [staff.agent_count // 2])
        completed = middle + random.integers(0, TAKEN_WITHIN_DAYS, len(graduates))
        registered = completed - random.integers(1, 15, len(graduates))
        entries += [
            (int(user), course, int(begun), int(done))
            for user, begun, done in zip(graduates, registered, completed, strict=True)
        ]
        again = int(completed[0]) + REPEATED_AFTER_DAYS
        entries.append((int(graduates[0]), course, again - 7, again))
        entries.append((int(others[0]), course, middle, None))
    return pl.DataFrame(
        entries,
        schema=dict.fromkeys(("user", "course", "registered", "completed"), pl.Int64),
        orient="row",
    ).sort("registered", "user", "course")


def first_completions(transcripts: pl.DataFrame, course: int) -> pl.DataFrame:
    """The graduates of a course: user, completed (days since 1970)."""
    return (
        transcripts.filter(pl.col("course") == course)
        .drop_nulls("completed")
        .group_by("user")
        .agg(pl.col("completed").min())
        .sort("user")
    )


def taught(
    ratings: pl.DataFrame,
    cases: pl.DataFrame,
    transcripts: pl.DataFrame,
    parameters: Training,
    seed: int,
) -> pl.DataFrame:
    """The ratings as they are once some of their agents have learnt empathy.

    Further columns: user (the agent), days (since the agent's course; NULL where the agent took
    none), was_satisfied (what it would have been without the course; NULL without a score).
    """
    random = draws(seed, "empathy")
    graduates = first_completions(transcripts, EMPATHY)
    ratings = (
        ratings.with_columns(cases["owner"].gather(ratings["case"]).alias("user"))
        .join(graduates, on="user", how="left", maintain_order="left")
        .with_columns(
            (pl.col("ended") // DAY - pl.col("completed")).alias("days"),
            (pl.col("csat") >= 4).alias("was_satisfied"),
        )
        .drop("completed")
    )
    is_won = (
        pl.col("days").is_between(1, parameters.lasts_days)
        & ~pl.col("was_satisfied")
        & pl.Series(random.random(ratings.height) < parameters.won_over)
    )
    won = pl.Series(random.choice([4, 5], ratings.height, p=(0.4, 0.6)))
    return ratings.with_columns(pl.when(is_won).then(won).otherwise("csat").alias("csat"))


def expected_lift(ratings: pl.DataFrame, days: int, parameters: Training) -> float | None:
    """By how much the mean share of graduates' satisfied ratings rises in so many days after it.

    NULL where nobody has a rating in these days.
    """
    shares = (
        ratings.filter(pl.col("days").is_between(1, days) & pl.col("was_satisfied").is_not_null())
        .group_by("user")
        .agg((~pl.col("was_satisfied")).mean().alias("dissatisfied"))
        .sort("user")  # the last digit of a mean depends on the order
    )
    mean = shares["dissatisfied"].mean()
    return None if mean is None else parameters.won_over * float(mean)  # type: ignore[arg-type]
