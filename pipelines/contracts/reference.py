"""What people maintain by hand: comma-separated UTF-8 files with plain headers, ISO dates.

`reference` is a source like the others; each delivery holds the whole list.
"""

from collections.abc import Callable

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Money, Rate, Timestamp, column, export
from pipelines.settings import time_zone_named

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# Spreadsheets leave out a leading zero, and add seconds.
_TIME_OF_DAY = "([01]?[0-9]|2[0-3]):[0-5][0-9](:00)?"


def whole_list(
    name: str, *key: str
) -> Callable[[type[pa.DataFrameModel]], type[pa.DataFrameModel]]:
    """Declare a list that is short enough to be right: one bad row refuses it as a whole.

    Args:
        name: that of the export and its file.
        key: the columns that tell its rows apart.
    """
    return export(
        "reference", name, files=(f"{name}.csv",), key=key, delivery="full", bad_row_limit=0.0
    )


def _minute(time: str) -> pl.Expr:
    """The minute of the day of a column such as `09:30`; NULL where it is of no such form."""
    parts = pl.col(time).str.extract_groups("^([0-9]{1,2}):([0-9]{2})")
    hour, minute = parts.struct[0].cast(pl.Int32), parts.struct[1].cast(pl.Int32)
    return hour * 60 + minute


@whole_list("survey_questions", "source", "survey", "question_id")
class ReferenceSurveyQuestions(pa.DataFrameModel):
    """One row per question declared to measure NPS, CSAT, CES or eNPS, or to ask for a comment."""

    source: str = column("source", nullable=False)
    survey: str = column("survey", nullable=False)
    question_id: str = column("question_id", nullable=False)
    metric: str = column("metric", nullable=False, isin=["nps", "csat", "ces", "enps", "comment"])
    scale_min: int = column("scale_min")
    scale_max: int = column("scale_max")
    top_boxes: str = column("top_boxes", required=False, str_matches=r"^-?\d+(;-?\d+)*$")
    higher_is_better: bool = column("higher_is_better")
    choices: str = column("choices", required=False, str_matches=r"^[^=;]+=-?\d+(;[^=;]+=-?\d+)*$")
    question: str = column("question", required=False)

    @pa.dataframe_check(name="scale_has_a_range")
    def scale_has_a_range(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """A scale's lowest answer lies below its highest; comments have no scale."""
        return data.lazyframe.select(
            pl.when(metric="comment")
            .then(pl.col("scale_min").is_null() & pl.col("scale_max").is_null())
            .otherwise((pl.col("scale_min") < pl.col("scale_max")).fill_null(False))
        )

    @pa.dataframe_check(name="scale_has_a_direction")
    def scale_has_a_direction(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """Of each scale it is said whether its highest answer is the best."""
        return data.lazyframe.select(
            pl.col("higher_is_better").is_not_null()
            | (pl.col("metric") == "comment").fill_null(False)
        )


@whole_list("theme_dictionary", "theme", "language", "pattern")
class ReferenceThemeDictionary(pa.DataFrameModel):
    """One row per theme, language (blank means all) and word or phrase that names the theme."""

    theme: str = column("theme", nullable=False)
    language: str = column("language", str_matches=r"^[A-Za-z]{2,3}$")
    # With a letter or digit in it; a `*` stands at the end only, for whatever follows.
    pattern: str = column("pattern", nullable=False, str_matches=r"^[^*]*[^\W_][^*]*\*?$")


@whole_list("teams", "agent", "from_date")
class ReferenceTeams(pa.DataFrameModel):
    """One row per agent and stay in a team."""

    agent: str = column("agent", nullable=False, personal="email_if_address")
    team: str = column("team", nullable=False)
    leader: str = column("leader", nullable=False)
    schedule: str = column("schedule", required=False)
    from_date: pl.Date = column("from", nullable=False)
    to_date: pl.Date = column("to")


@whole_list("business_hours", "schedule", "weekday", "opens", "from_date")
class ReferenceBusinessHours(pa.DataFrameModel):
    """One row per schedule, weekday and span of its business hours, by the clocks of its zone.

    The schedule `default` holds where a stay in a team names none. A span lies within one day:
    a night shift is one until 24:00 and one from 00:00 of the day after.
    """

    schedule: str = column("schedule", nullable=False)
    time_zone: str = column("time_zone", "time zone", nullable=False)
    weekday: str = column("weekday", nullable=False, isin=WEEKDAYS)
    opens: str = column("opens", nullable=False, str_matches=rf"^{_TIME_OF_DAY}$")
    closes: str = column("closes", nullable=False, str_matches=rf"^({_TIME_OF_DAY}|24:00(:00)?)$")
    from_date: pl.Date = column("from", required=False)
    to_date: pl.Date = column("to", required=False)

    @pa.check("time_zone", name="time_zone_is_known")
    def time_zone_is_known(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """The zone is one of the zone database, such as Europe/Berlin."""
        named = data.lazyframe.select("time_zone").unique().collect().to_series().drop_nulls()
        known = [name for name in named if time_zone_named(name)]
        return data.lazyframe.select(pl.col("time_zone").is_in(known))

    @pa.dataframe_check(name="schedule_has_one_time_zone")
    def schedule_has_one_time_zone(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """All hours of a schedule are by the same clocks."""
        zone = pl.col("time_zone").str.to_lowercase()
        return data.lazyframe.select(zone.n_unique().over("schedule") == 1)

    @pa.dataframe_check(name="closes_after_it_opens")
    def closes_after_it_opens(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """It closes later than it opens, on the same day."""
        return data.lazyframe.select((_minute("opens") < _minute("closes")).fill_null(True))

    @pa.dataframe_check(name="ends_no_sooner_than_it_begins")
    def ends_no_sooner_than_it_begins(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """Its last day is not before its first."""
        return data.lazyframe.select((pl.col("from_date") <= pl.col("to_date")).fill_null(True))

    @pa.dataframe_check(name="hours_do_not_overlap")
    def hours_do_not_overlap(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """No minute of a schedule is in two of its spans."""
        spans = data.lazyframe.select(
            "schedule",
            "weekday",
            _minute("opens").alias("opens"),
            _minute("closes").alias("closes"),
            pl.col("from_date").fill_null(pl.date(1, 1, 1)),
            pl.col("to_date").fill_null(pl.date(9999, 12, 31)),
        ).with_row_index("row")
        overlapping = (
            spans.join(spans, on=["schedule", "weekday"], suffix="_of_other")
            .filter(
                pl.col("row") != pl.col("row_of_other"),
                pl.col("opens") < pl.col("closes_of_other"),
                pl.col("opens_of_other") < pl.col("closes"),
                pl.col("from_date") <= pl.col("to_date_of_other"),
                pl.col("from_date_of_other") <= pl.col("to_date"),
            )
            .select("row", is_alone=False)
            .unique()
        )
        return (
            spans.join(overlapping, on="row", how="left")
            .sort("row")
            .select(pl.col("is_alone").fill_null(True))
        )


@whole_list("holidays", "schedule", "closed_on")
class ReferenceHolidays(pa.DataFrameModel):
    """One row per schedule (blank means all) and day on which it is closed, by its own clocks."""

    schedule: str = column("schedule")
    closed_on: pl.Date = column("date", nullable=False)
    holiday: str = column("holiday", required=False)


@whole_list("margins", "segment", "product", "from_date")
class ReferenceMargins(pa.DataFrameModel):
    """One row per segment, product and first day of a contribution margin; blank means all."""

    segment: str = column("segment")
    product: str = column("product", required=False)
    margin: Rate = column("margin", nullable=False, ge=0, le=1)
    from_date: pl.Date = column("from", nullable=False)


@whole_list("exchange_rates", "valid_on", "from_currency", "to_currency")
class ReferenceExchangeRates(pa.DataFrameModel):
    """One row per day and pair of currencies: one unit of `from` is worth `rate` units of `to`."""

    valid_on: pl.Date = column("date", nullable=False)
    from_currency: str = column("from", nullable=False, str_matches=r"^[A-Z]{3}$")
    to_currency: str = column("to", nullable=False, str_matches=r"^[A-Z]{3}$")
    rate: Rate = column("rate", nullable=False, gt=0)


@whole_list("plan_prices", "plan", "from_date")
class ReferencePlanPrices(pa.DataFrameModel):
    """One row per plan and first day of what one unit costs per interval; 0 where it is free."""

    plan: str = column("plan", nullable=False)
    amount: Money = column("amount", nullable=False, ge=0)
    currency: str = column("currency", nullable=False, str_matches=r"^[A-Z]{3}$")
    interval: str = column("interval", nullable=False, isin=["day", "week", "month", "year"])
    from_date: pl.Date = column("from", nullable=False)


@whole_list("kpi_targets", "kpi", "leader", "from_date")
class ReferenceKpiTargets(pa.DataFrameModel):
    """One row per KPI, leader (blank means all) and first day of a target."""

    kpi: str = column("kpi", nullable=False)
    leader: str = column("leader")
    target: Money = column("target", nullable=False)
    from_date: pl.Date = column("from", nullable=False)
    to_date: pl.Date = column("to", required=False)


@export(
    "reference",
    "follow_ups",
    files=("follow_ups.csv",),
    key=("source", "response_id"),
    delivery="full",
    timestamp_formats=("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"),
)
class ReferenceFollowUps(pa.DataFrameModel):
    """One row per response that somebody was to follow up; times are UTC."""

    source: str = column("source", nullable=False)
    response_id: str = column("response_id", nullable=False)
    owner: str = column("owner", required=False, personal="email_if_address")
    opened_at: Timestamp = column("opened", nullable=False)
    due_at: Timestamp = column("due", required=False)
    first_contact_at: Timestamp = column("first_contact")
    closed_at: Timestamp = column("closed")
    outcome: str = column("outcome", required=False)
    root_cause: str = column("root_cause", required=False)

    @pa.dataframe_check(name="nothing_before_it_was_opened")
    def nothing_before_it_was_opened(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """Nobody is contacted, and nothing closed, before it was opened."""
        opened = pl.col("opened_at")
        return data.lazyframe.select(
            pl.col("first_contact_at").fill_null(opened).ge(opened)
            & pl.col("closed_at").fill_null(opened).ge(opened)
        )


@whole_list("deal_stages", "source", "pipeline", "stage")
class ReferenceDealStages(pa.DataFrameModel):
    """One row per CRM, pipeline (blank means all) and stage of a deal: what the stage means."""

    source: str = column("source", nullable=False)
    pipeline: str = column("pipeline", required=False)
    stage: str = column("stage", nullable=False)
    outcome: str = column("outcome", nullable=False, isin=["open", "won", "lost"])


@whole_list("cx_investments", "investment", "from_date", "dimension", "dimension_value")
class ReferenceCxInvestments(pa.DataFrameModel):
    """One row per investment, first day in effect and group of customers that it touched."""

    investment: str = column("what", nullable=False)
    cost: Money = column("cost", nullable=False, ge=0)
    currency: str = column("currency", nullable=False, str_matches=r"^[A-Z]{3}$")
    from_date: pl.Date = column("from", nullable=False)
    # Whom it touched, as the monthly marts name groups: `country` and `DE`.
    dimension: str = column(
        "dimension", nullable=False, isin=["segment", "country", "team", "leader"]
    )
    dimension_value: str = column("value", nullable=False)
