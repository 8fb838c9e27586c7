"""Investments in customers' experience: one that pleases its country, one that does nothing."""

from dataclasses import dataclass

import polars as pl

from pipelines.demo import names
from pipelines.demo.periods import DAY, Array, Calendar, draws
from pipelines.demo.surveys import PASSIVE, PROMOTER
from pipelines.demo.truth import Investments


@dataclass(frozen=True)
class Investment:
    """What somebody paid for, and whom it touched."""

    what: str
    cost: str
    currency: str
    dimension: str
    value: str


SUPPORT_LINE = Investment("Local support line", "120000", "USD", "country", "US")
NEWSLETTER = Investment("Loyalty newsletter", "40000", "EUR", "segment", "Mid-Market")


def began(calendar: Calendar) -> int:
    """The moment from which customers notice both: the middle of the calendar."""
    return int(calendar.starts[calendar.months // 2])


def started_on(calendar: Calendar) -> str:
    """That day, as ISO text."""
    return calendar.month_names[calendar.months // 2]


def pleased(
    responses: pl.DataFrame,
    account_versions: pl.DataFrame,
    calendar: Calendar,
    parameters: Investments,
    seed: int,
) -> pl.DataFrame:
    """The relationship survey's responses as they are with the support line.

    Further columns: is_reached (answered in the line's country since it began), was_band (what it
    would have been without the line).
    """
    random = draws(seed, "investments")
    countries = account_versions.filter(pl.col("customer").is_not_null()).select(
        "customer", "since", "country"
    )
    reached = names.COUNTRY_CODES.index(SUPPORT_LINE.value)
    responses = (
        responses.sort("ended")
        .join_asof(
            countries.sort("since"),
            left_on="ended",
            right_on="since",
            by="customer",
            check_sortedness=False,
        )
        .sort("response")
        .with_columns(
            ((pl.col("country") == reached) & (pl.col("ended") >= began(calendar)))
            .fill_null(False)
            .alias("is_reached"),
            pl.col("band").alias("was_band"),
        )
        .drop("since", "country")
    )
    rises = (
        pl.col("is_reached")
        & (pl.col("band") < PROMOTER)
        & pl.Series(random.random(responses.height) < parameters.one_band_higher)
    )
    second: Array = random.integers(0, 2, responses.height)
    return (
        responses.with_columns(rises.fill_null(False).cast(pl.Int64).alias("rises"))
        .with_columns(
            pl.when(pl.col("rises") == 1)
            .then(pl.when(pl.col("band") + 1 == PASSIVE).then(7).otherwise(9) + pl.Series(second))
            .otherwise("nps")
            .alias("nps"),
            (pl.col("band") + pl.col("rises")).alias("band"),
            # Comments are numbered by band, a dozen each.
            (pl.col("comment") + 12 * pl.col("rises")).alias("comment"),
            *(
                (pl.col(each) + pl.col("rises")).clip(1, 5).alias(each)
                for each in ("csat", "service_1", "service_2", "service_3")
            ),
        )
        .drop("rises")
    )


def expected_lift(
    responses: pl.DataFrame, days: int, calendar: Calendar, parameters: Investments
) -> float | None:
    """By how many points of NPS the support line raises its country in so many days.

    NULL where nobody has answered there in these days.
    """
    reached = responses.filter(
        "is_reached",
        pl.col("was_band").is_not_null(),
        pl.col("ended") < began(calendar) + days * DAY,
    )
    could_rise = (reached["was_band"] < PROMOTER).mean()
    return None if could_rise is None else 100 * parameters.one_band_higher * float(could_rise)  # type: ignore[arg-type]
