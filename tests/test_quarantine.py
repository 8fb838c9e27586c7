"""Casting and judging rows: what no vendor file shows in passing."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.contract import all_exports, export_named
from pipelines.quarantine import Judge, ScoreRule, ZoneClock

ZONES = [
    "America/Denver",
    "Europe/Berlin",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",  # UTC+5:45
    "Pacific/Apia",  # left out a whole day
    "Africa/Casablanca",
    "UTC",
]
times = st.datetimes(datetime(1972, 1, 1), datetime(2037, 12, 31))
# What systems write for "never" and "always", and what lies about the ends of the kept century.
far_times = st.sampled_from(
    [
        datetime(1753, 1, 1),
        datetime(1900, 1, 1),
        datetime(1969, 12, 31, 23, 59, 59),
        datetime(1970, 1, 1),
        datetime(2070, 3, 16, 23, 59, 59),
        datetime(2075, 7, 1),
        datetime(2200, 7, 1),
        datetime(9999, 7, 1),
    ]
)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(ZONES),
    st.lists(st.lists(times | far_times, max_size=3), min_size=1, max_size=5),
)
def test_the_kept_offsets_agree_with_the_zone_database(
    zone: str, batches: list[list[datetime]]
) -> None:
    clock = ZoneClock(zone)
    for batch in batches:  # later batches may reach before and after the kept ones
        local = pl.Series(batch, dtype=pl.Datetime("us"))
        expected = local.dt.replace_time_zone(
            zone, ambiguous="earliest", non_existent="null"
        ).dt.convert_time_zone("UTC")
        assert clock(local).to_list() == expected.to_list()


def test_a_time_shown_twice_is_the_earlier_and_one_never_shown_is_nothing() -> None:
    local = pl.Series([datetime(2024, 11, 3, 1, 30), datetime(2024, 3, 10, 2, 30)])
    assert ZoneClock("America/Denver")(local.cast(pl.Datetime("us"))).to_list() == [
        datetime(2024, 11, 3, 7, 30, tzinfo=UTC),
        None,
    ]


@pytest.mark.parametrize("years", [(1900, 2025), (2025, 1900), (2025, 9999), (1753, 2025, 1754)])
def test_batches_of_years_centuries_apart_are_all_right(years: tuple[int, ...]) -> None:
    clock = ZoneClock("America/Denver")
    for year in years:
        local = pl.Series([datetime(year, 1, 1, 12)], dtype=pl.Datetime("us"))
        expected = datetime(year, 1, 1, 12, tzinfo=ZoneInfo("America/Denver")).astimezone(UTC)
        assert clock(local).to_list() == [expected]


def test_centuries_apart_are_still_right() -> None:
    local = pl.Series([datetime(1700, 1, 1), datetime(2030, 7, 1)]).cast(pl.Datetime("us"))
    instants = ZoneClock("Europe/Berlin")(local).to_list()
    assert instants[1] == datetime(2030, 7, 1, tzinfo=ZoneInfo("Europe/Berlin"))


def test_an_empty_cell_is_nothing_beside_one_that_a_reader_left_out() -> None:
    # polars keeps the bytes of a cell that a condition makes NULL.
    cells = pl.DataFrame({"user_language": ["EN", "left out", ""]})
    frame = cells.select(pl.when(pl.col("user_language") != "left out").then(pl.all()))
    typed = Judge(export_named("qualtrics/responses"), zone="UTC").judge(frame).typed
    assert typed["user_language"].to_list() == ["EN", None, None]


@pytest.mark.parametrize("neighbour", ["4", "Very good", "so-so", "", " 4 "])
def test_a_choice_that_is_a_number_counts_as_declared_whatever_stands_beside_it(
    neighbour: str,
) -> None:
    # Of this scale 1 is the best.
    choices = {"Very good": 5, **{str(6 - score): score for score in range(1, 6)}}
    rule = ScoreRule("QID1", 1, 5, choices)
    judge = Judge(export_named("qualtrics/responses"), zone="UTC", scores=[rule])
    typed = judge.judge(pl.DataFrame({"QID1": ["1", "2", neighbour]})).typed
    assert typed["QID1"].to_list()[:2] == [5, 4]


TIDY = st.text(st.sampled_from("'=- \t\u00a0\u3000aé9"), max_size=4)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.none() | st.sampled_from(["-99", " -99 ", "plain"]) | TIDY, min_size=1))
def test_each_cell_is_tidied_whatever_stands_beside_it(cells: list[str | None]) -> None:
    judge = Judge(export_named("qualtrics/responses"), zone="UTC")
    frame = pl.DataFrame({"user_language": cells}, schema={"user_language": pl.String})

    def tidied(cell: str | None) -> str | None:
        text = (cell or "").strip(" \t\u00a0\u3000")
        if text in ("", "-99"):
            return None
        return text[1:] if text[0] == "'" and text[1:2] in tuple("=+@-9") else text

    typed = judge.judge(frame).typed["user_language"]
    assert typed.to_list() == [tidied(cell) for cell in cells]


CELLS = {
    pl.Datetime: [
        "2025-01-02 13:00:05",
        "2025-01-02T13:00:05",
        "2025-01-02T13:00:05Z",
        "2025-01-02T13:00:05.000+0000",
        "2025-01-02 13:00:05 +0100",
        "2025-01-02 13:00:60",
        "2025-01-02\t13:00:05",
        "2025-01-02  1:00:05",
        "2025-01-02 24:00:00",
        "2024-03-10 02:30:00",  # skipped by the clocks in Denver
        "1753-01-01 00:00:00",
        "1972-06-30 02:30:00",
        "9999-12-31 00:00:00",
        "0025-01-02 13:00:05",
        "0001-01-01 00:00:00",
        "2025-01-02 13:00",
        "2025-01-02",
        "1/16/2025 14:11:40",
        "1/16/25 2:11",
        "'2025-01-02 13:00:05",
        " 2025-01-02 13:00:05 ",
    ],
    pl.Date: [
        "2025-01-02",
        "1/16/25",
        "1/16/2025",
        "01/02/2025 00:00",
        "2025-02-30",
        " 2025-01-02",
    ],
    pl.Int64: ["1", "2", " 2", "+2", "'-2", "-99", "-099", "11", "2.0", "1e1", "Good", "1 - bad"],
    pl.Decimal: ["1", "1.50", " 1.5", "1,5", "1e3", "'-1", "-99", "0.123456789", "NaN", "."],
    pl.Boolean: ["1", "0", "true", "TRUE ", "No", "yes", "perhaps", "'1"],
}
TYPED = [("qualtrics/responses", "score", pl.Int64)] + [
    (f"{export.source}/{export.name}", name, kind.base_type())
    for export in all_exports()
    for name, kind in export.column_types.items()
    if kind.base_type() in CELLS
]
CHOICES = {"1": 5, "2": 4, "Good": 4, "1 - bad": 1}


@cache
def judge_of(export: str, has_score: bool) -> Judge:
    scores = [ScoreRule("score", 1, 5, CHOICES)] if has_score else []
    return Judge(export_named(export), zone="America/Denver", scores=scores, made=["answers"])


@settings(deadline=None, max_examples=150)
@given(st.data(), st.sampled_from(TYPED))
def test_each_cell_means_the_same_whatever_stands_beside_it(
    data: st.DataObject, column: tuple[str, str, type[pl.DataType]]
) -> None:
    export, name, kind = column
    cells = data.draw(st.lists(st.sampled_from(["", *CELLS[kind]]), min_size=2, max_size=4))

    def verdicts(of: list[str]) -> list[tuple[object, list[tuple[str, str]]]]:
        verdict = judge_of(export, name == "score").judge(pl.DataFrame({name: of}))
        told = verdict.reasons.filter(column=name)
        return [
            (value, told.filter(row=row).select("code", "explanation").rows())
            for row, value in enumerate(verdict.typed[name].to_physical())
        ]

    assert verdicts(cells) == [found for cell in cells for found in verdicts([cell])]


@pytest.mark.parametrize("neighbour", ["2025-01-02T13:00:06", "2025-01-02 13:00:06", "", "soon"])
def test_a_date_time_of_another_form_is_none_whatever_stands_beside_it(neighbour: str) -> None:
    judge = Judge(export_named("stripe/payments"), zone="UTC")
    frame = pl.DataFrame({"created": ["2025-01-02T13:00:05", neighbour]})
    reasons = judge.judge(frame).reasons.filter(column="created", row=0)
    assert reasons["code"].to_list() == ["not_a_timestamp"]


def judged(**cells: str) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    """A payment of Stripe's with some cells changed: its row as typed, and the reasons."""
    good = {
        "id": "ch_1",
        "created": "2025-01-02 13:00:05",
        "amount": "200.00",
        "amount_refunded": "0.00",
        "currency": "usd",
        "status": "Paid",
    }
    frame = pl.DataFrame({name: [cell] for name, cell in {**good, **cells}.items()})
    verdict = Judge(export_named("stripe/payments"), zone="UTC").judge(frame)
    return verdict.typed, list(verdict.reasons.select("column", "code").iter_rows())


@pytest.mark.parametrize(
    ("amount", "value"),
    [("200.00", "200.0000"), (" 7 ", "7.0000"), ("-0.5", None), ("9225.22500", "9225.2250")],
)
def test_amounts_are_exact_decimals(amount: str, value: str | None) -> None:
    typed, reasons = judged(amount=amount)
    assert (str(typed["amount"][0]) if not reasons else None) == value


@pytest.mark.parametrize("amount", ["1,000.00", "12,5", "1e3", "NaN", "0.12345", "$5", "1 000"])
def test_an_amount_that_could_mean_two_things_is_no_number(amount: str) -> None:
    assert judged(amount=amount)[1] == [("amount", "not_a_number")]


def test_every_reason_of_a_row_is_told() -> None:
    _, reasons = judged(id="", currency="dollars", created="yesterday")
    assert sorted(reasons) == [
        ("created", "not_a_timestamp"),
        ("currency", "wrong_form"),
        ("id", "missing"),
    ]


def test_a_check_of_the_whole_row_names_itself() -> None:
    assert judged(amount="5", amount_refunded="6")[1] == [("", "refunded_no_more_than_paid")]


def test_a_date_time_that_means_nothing_is_missing_wherever_all_are_sound() -> None:
    judge = Judge(export_named("typeform/responses"), zone="UTC", made=["answers"])
    moments = ["2025-01-16 09:10:05", "0001-01-01 00:00:00"]
    made = {name: ["x", "x"] for name in ("response_id", "survey", "questions")}
    frame = pl.DataFrame(made | {"started_at": moments, "submitted_at": moments})
    verdict = judge.judge(frame)
    assert verdict.reasons.select("row", "column", "code").rows() == [
        (1, "started_at", "missing"),
        (1, "submitted_at", "missing"),
    ]
    assert verdict.accepted.to_list() == [True, False]


def test_a_rule_between_columns_says_nothing_of_a_cell_that_is_unknown() -> None:
    # Were the cell taken for an empty one, something completed would have no day.
    judge = Judge(export_named("cornerstone/training_transcript"), zone="UTC")
    known = ("user_id", "training_object_id", "training_title")
    cells = {name: ["x", "x"] for name in known} | {"status": ["Completed"] * 2}
    frame = pl.DataFrame(cells | {"completed_on": ["2024-11-31", ""]})
    reasons = judge.judge(frame).reasons.select("row", "column", "code")
    assert reasons.rows() == [(0, "completed_on", "not_a_date"), (1, "", "completed_on_some_day")]


def test_a_second_format_of_times_is_tried_where_the_first_fails() -> None:
    typed, reasons = judged(created="2025-01-02 13:00")
    assert not reasons
    assert typed["created"][0] == datetime(2025, 1, 2, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("export", "cell", "expected"),
    [
        # As Excel saves what SurveyMonkey wrote.
        ("surveymonkey/responses", "5/10/18 4:01", datetime(2018, 5, 10, 4, 1, tzinfo=UTC)),
        ("surveymonkey/responses", "5/10/2018 4:01", datetime(2018, 5, 10, 4, 1, tzinfo=UTC)),
        (
            "googleforms/responses",
            "1/16/2025 14:11:40",
            datetime(2025, 1, 16, 14, 11, 40, tzinfo=UTC),
        ),
        # Whose it is nobody knows, but it's not the year 25.
        ("googleforms/responses", "1/16/25 14:11:40", None),
    ],
)
def test_a_year_of_two_digits_is_none_of_antiquity(
    export: str, cell: str, expected: datetime | None
) -> None:
    column = next(
        name
        for name, kind in export_named(export).column_types.items()
        if isinstance(kind, pl.Datetime)
    )
    judge = Judge(export_named(export), zone="UTC", made=["answers"])
    verdict = judge.judge(pl.DataFrame({column: [cell]}))
    assert verdict.typed[column].to_list() == [expected]
    codes = verdict.reasons.filter(column=column)["code"].to_list()
    assert codes == ([] if expected else ["not_a_timestamp"])


def test_a_short_salesforce_id_is_widened_and_a_long_one_is_left() -> None:
    short, full = "0018a00002kHzkA", "0018a00002kHzkAAAS"
    frame = pl.DataFrame(
        {
            "id": [short, full],
            "is_deleted": ["0", "1"],
            "created_date": ["2025-01-01 00:00:00"] * 2,
            "system_modstamp": ["2025-01-01 00:00:00"] * 2,
        }
    )
    verdict = Judge(export_named("salesforce/account"), zone="UTC").judge(frame)
    assert verdict.reasons.height == 0
    assert verdict.typed["id"].to_list() == [full, full]
    assert verdict.typed["is_deleted"].to_list() == [False, True]


def test_an_hour_is_an_hour_across_the_end_of_summer_time() -> None:
    local = pl.Series([datetime(2024, 11, 3, 0, 30), datetime(2024, 11, 3, 2, 30)])
    first, last = ZoneClock("America/Denver")(local.cast(pl.Datetime("us"))).to_list()
    assert last - first == timedelta(hours=3)
