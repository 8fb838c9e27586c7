"""What people at the demo company maintain by hand: comma-separated lists."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipelines.contracts.reference import WEEKDAYS
from pipelines.demo import investments, names
from pipelines.demo.assembly import Ledger, delivery_folder
from pipelines.demo.cells import choice
from pipelines.demo.company import Company
from pipelines.demo.faults import RELATIONSHIP
from pipelines.demo.follow_ups import OUTCOMES, ROOT_CAUSES
from pipelines.demo.forms import answered
from pipelines.demo.periods import DAY, NEVER, Calendar
from pipelines.demo.salesforce import full_name, staff_address, user_id
from pipelines.demo.sources import Source

MARGINS = (("SMB", "0.55"), ("Mid-Market", "0.50"), ("Enterprise", "0.45"), (None, "0.50"))

EUROPE, AMERICA = "default", "america"
"""The schedules: every other team's is the second."""

ZONES = {EUROPE: "Europe/Berlin", AMERICA: "America/New_York"}
WEEK_HOURS = {
    EUROPE: (("08:00", "18:00"),),
    AMERICA: (("08:30", "12:00"), ("12:30", "17:30")),
}
SATURDAY_HOURS = {EUROPE: (("09:00", "13:00"),), AMERICA: ()}
HOLIDAYS = (
    (None, "01-01", "New Year"),
    (EUROPE, "05-01", "Labour Day"),
    (AMERICA, "07-04", "Independence Day"),
    (EUROPE, "10-03", "Unity Day"),
    (None, "12-25", "Christmas"),
    (EUROPE, "12-26", "Boxing Day"),
)

TARGETS = (
    ("csat", None, "0.70"),
    ("nps", None, "20"),
    ("ces", None, "0.70"),
    ("logo_retention", None, "0.97"),
    ("first_reply_hours", None, "5"),
)


def deliver(landing: Path, company: Company, sources: Sequence[Source], ledger: Ledger) -> None:
    """Write all lists with the first delivery, the teams again once some agents have moved.

    The investments come when they begin; the follow-ups, which somebody keeps up, with the last.
    Deals' stages and plans' prices are written where one of the sources leaves them to a list.
    Agents go by the CRM's ids, and by their addresses where `sources` have no CRM that knows them.
    """
    calendar = company.calendar
    changed = calendar.months // 2
    deliveries = {0: _first_lists(company, sources)}
    if changed:
        deliveries[changed] = {"teams": teams(company, sources, changed)}
    deliveries[changed]["cx_investments"] = investment_list(calendar)
    last = deliveries.setdefault(calendar.months - 1, {})
    last["follow_ups"] = follow_up_list(company, sources)
    for at, lists in deliveries.items():
        day = calendar.deliveries[at]
        with delivery_folder(landing, "reference", day) as folder:
            for export, frame in lists.items():
                (folder / f"{export}.csv").write_text(frame.write_csv(), "utf-8")
                ledger.tally("reference", export, day).accepted += frame.height


def _first_lists(company: Company, sources: Sequence[Source]) -> dict[str, pl.DataFrame]:
    calendar = company.calendar
    since = (calendar.first - 24).astype("datetime64[D]").item().isoformat()
    needed = {"deal_stages": deal_stages(sources), "plan_prices": plan_prices(sources, since)}
    months = [
        (calendar.first - 2 + at).astype("datetime64[D]").item().isoformat()
        for at in range(len(company.euro_rates))
    ]
    return {
        "survey_questions": survey_questions(sources),
        "teams": teams(company, sources, 0),
        "business_hours": business_hours(),
        "holidays": holidays(calendar),
        "margins": pl.DataFrame(
            [(segment, None, margin, since) for segment, margin in MARGINS],
            schema={
                "segment": pl.String,
                "product": pl.String,
                "margin": pl.String,
                "from": pl.String,
            },
            orient="row",
        ),
        "exchange_rates": pl.DataFrame({"date": months}).select(
            "date",
            pl.lit("EUR").alias("from"),
            pl.lit("USD").alias("to"),
            pl.Series("rate", [f"{rate:.4f}" for rate in company.euro_rates]),
        ),
        "theme_dictionary": pl.DataFrame(
            [
                (theme, language, pattern)
                for theme, words in names.THEME_WORDS.items()
                for language, pattern in words
            ],
            schema=dict.fromkeys(("theme", "language", "pattern"), pl.String),
            orient="row",
        ),
        "kpi_targets": pl.DataFrame(
            [(kpi, leader, target, since, None) for kpi, leader, target in TARGETS],
            schema=dict.fromkeys(("kpi", "leader", "target", "from", "to"), pl.String),
            orient="row",
        ),
        **{name: frame for name, frame in needed.items() if frame.height},
    }


def investment_list(calendar: Calendar) -> pl.DataFrame:
    """What was paid for, and whom it touched."""
    started = investments.started_on(calendar)
    return pl.DataFrame(
        [
            (each.what, each.cost, each.currency, started, each.dimension, each.value)
            for each in (investments.SUPPORT_LINE, investments.NEWSLETTER)
        ],
        schema=dict.fromkeys(("what", "cost", "currency", "from", "dimension", "value"), pl.String),
        orient="row",
    )


def business_hours() -> pl.DataFrame:
    """When which schedule is open, by its own clocks."""
    weeks = {
        schedule: dict.fromkeys(WEEKDAYS[:5], hours) | {WEEKDAYS[5]: SATURDAY_HOURS[schedule]}
        for schedule, hours in WEEK_HOURS.items()
    }
    return pl.DataFrame(
        [
            (schedule, ZONES[schedule], weekday, opens, closes)
            for schedule, week in weeks.items()
            for weekday, hours in week.items()
            for opens, closes in hours
        ],
        schema=["schedule", "time_zone", "weekday", "opens", "closes"],
        orient="row",
    )


def holidays(calendar: Calendar) -> pl.DataFrame:
    """On which days which schedule is closed, in each year of the company's."""
    first = (calendar.first.astype("datetime64[Y]")).astype(int) + 1970
    return pl.DataFrame(
        [
            (schedule, f"{first + year}-{day}", holiday)
            for year in range(calendar.months // 12 + 2)
            for schedule, day, holiday in HOLIDAYS
        ],
        schema=["schedule", "date", "holiday"],
        orient="row",
    )


def survey_questions(sources: Sequence[Source]) -> pl.DataFrame:
    """What the questions of the survey tools measure."""
    text, number = pl.String, pl.Int64
    return pl.DataFrame(
        [(source.name, *question) for source in sources for question in source.questions],
        schema={
            "source": text, "survey": text, "question_id": text, "metric": text,
            "scale_min": number, "scale_max": number, "top_boxes": text, "higher_is_better": text,
            "choices": text, "question": text,
        },
        orient="row",
    )  # fmt: skip


def deal_stages(sources: Sequence[Source]) -> pl.DataFrame:
    """What the stages of deals mean where a CRM doesn't say."""
    return pl.DataFrame(
        [(source.name, *stage) for source in sources for stage in source.deal_stages],
        schema=dict.fromkeys(("source", "pipeline", "stage", "outcome"), pl.String),
        orient="row",
    )


def plan_prices(sources: Sequence[Source], since: str) -> pl.DataFrame:
    """What plans cost where a biller doesn't say, from an ISO date on."""
    return pl.DataFrame(
        [(*price, since) for source in sources for price in source.plan_prices],
        schema=dict.fromkeys(("plan", "amount", "currency", "interval", "from"), pl.String),
        orient="row",
    )


def _agent(sources: Sequence[Source]) -> pl.Expr:
    """How a list names a user, over the columns of the users."""
    return (
        user_id("user") if any(each.name == "salesforce" for each in sources) else staff_address()
    )


def follow_up_list(company: Company, sources: Sequence[Source]) -> pl.DataFrame:
    """Which of the relationship survey's detractors were called back, in UTC."""

    def moment(column: str) -> pl.Expr:
        known = pl.when(pl.col(column) < NEVER).then(pl.col(column))
        return pl.from_epoch(known, time_unit="s").dt.strftime("%Y-%m-%d %H:%M:%S")

    is_closed = pl.col("closed") < NEVER
    responses = pl.concat(
        [
            pl.DataFrame(schema={"response": pl.Int64, "source": pl.String, "id": pl.String}),
            *(
                answered(company, RELATIONSHIP, each.name).select(
                    "response", pl.lit(each.name).alias("source"), each.response_id().alias("id")
                )
                for each in sources
                if each.response_id
            ),
        ]
    )
    listed = company.follow_ups.join(responses, on="response", maintain_order="left").join(
        company.staff.users, left_on="owner", right_on="user", coalesce=False, maintain_order="left"
    )
    return listed.select(
        "source",
        pl.col("id").alias("response_id"),
        _agent(sources).alias("owner"),
        moment("opened").alias("opened"),
        moment("due").alias("due"),
        moment("contacted").alias("first_contact"),
        moment("closed").alias("closed"),
        pl.when(is_closed).then(choice(OUTCOMES, "outcome")).alias("outcome"),
        choice(ROOT_CAUSES, "root_cause").alias("root_cause"),
    )


def teams(company: Company, sources: Sequence[Source], at: int) -> pl.DataFrame:
    """Who is in which team, as the list stood at a delivery."""
    staff = company.staff
    day = int(company.calendar.starts[at + 1]) // DAY
    leader = staff.users.filter("is_leader").select(full_name()).to_series()
    pool = [
        names.TEAM_NAMES[team % len(names.TEAM_NAMES)]
        + (f" {team // len(names.TEAM_NAMES) + 1}" if team >= len(names.TEAM_NAMES) else "")
        for team in range(staff.team_count)
    ]
    stays = staff.stays.join(
        staff.users.select("user", "first", "last"), on="user", maintain_order="left"
    )
    return stays.filter(pl.col("since") < day).select(
        _agent(sources).alias("agent"),
        choice(pool, "team").alias("team"),
        choice(leader, "team").alias("leader"),
        pl.when(pl.col("team") % 2 == 1).then(pl.lit(AMERICA)).alias("schedule"),
        pl.from_epoch("since", time_unit="d").dt.strftime("%Y-%m-%d").alias("from"),
        pl.when(pl.col("until") < day)
        .then(pl.from_epoch("until", time_unit="d").dt.strftime("%Y-%m-%d"))
        .alias("to"),
    )
