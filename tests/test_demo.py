"""The demo company: deterministic, in the vendors' formats, and just as its truth says.

The recount below reads the files with Python's csv module and judges each row by rules written
here, so that neither the demo's own account nor landing is taken at its word.
"""

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, hyp2f1

from pipelines.demo.cells import salesforce_ids
from pipelines.demo.company import draw_company
from pipelines.demo.faults import KINDS, plan
from pipelines.demo.periods import DAY, Calendar, draws, is_shown_twice
from pipelines.demo.purchases import draw_order_values, draw_purchase_days
from pipelines.demo.replies import ANSWERED_SHARES
from pipelines.demo.sources import DEFAULT_SOURCES
from pipelines.demo.subscriptions import late_start
from pipelines.demo.surveys import DETRACTOR, PASSIVE, PROMOTER, ZONE
from pipelines.demo.training import expected_lift
from pipelines.demo.truth import DemoTruth, Parameters, Purchases, Spend
from pipelines.demo.write import DemoRefused, write_demo

SAMPLES = Path(__file__).parent / "exports"
NO_RECORD = "000000000000000AAA"
CUSTOMERS, MONTHS = 200, 6


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, customers=CUSTOMERS, months=MONTHS)
    return folder


@pytest.fixture(scope="module")
def truth(home: Path) -> DemoTruth:
    return DemoTruth.read(home / "demo" / "truth.json")


def content(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


def modified(home: Path) -> dict[str, int]:
    return {
        str(path.relative_to(home)): path.stat().st_mtime_ns
        for path in (home / "landing").glob("*/*/*")
    }


def text_files(folder: Path, pattern: str) -> Iterator[tuple[str, str]]:
    """The text of a delivery's files of one export, archive members included."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".ZIP":
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    if re.fullmatch(pattern, member):
                        yield member, archive.read(member).decode("latin-1")
        elif re.fullmatch(pattern, path.name):
            yield path.name, path.read_bytes().decode("utf-8")


def records(text: str, header_rows: int = 1) -> tuple[list[str], list[list[str]]]:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    return rows[0], rows[header_rows:]


def is_time(cell: str, form: str = "%Y-%m-%d %H:%M:%S") -> bool:
    try:
        datetime.strptime(cell, form)
    except ValueError:
        return False
    return True


def is_score(cell: str, lowest: int, highest: int) -> bool:
    return cell == "" or (cell.isdigit() and lowest <= int(cell) <= highest)


def is_good_account(row: dict[str, str]) -> bool:
    return (
        re.fullmatch(r"\w{18}", row["Id"]) is not None
        and is_time(row["CreatedDate"])
        and row["IsDeleted"] in ("0", "1")
    )


def is_good_contact(row: dict[str, str]) -> bool:
    return re.fullmatch(r"\w{18}", row["Id"]) is not None


def is_good_case(row: dict[str, str]) -> bool:
    return (
        row["CaseNumber"] != ""
        and is_time(row["SystemModstamp"])
        and (row["ClosedDate"] == "" or row["ClosedDate"] >= row["CreatedDate"])
    )


def is_good_opportunity(row: dict[str, str]) -> bool:
    return is_time(row["CloseDate"]) and 0 <= float(row["Probability"]) <= 100


def is_good_response(row: dict[str, str]) -> bool:
    ranges = {"Q1": (0, 10), "Q2": (1, 5), "Q11": (1, 5), "Q12": (1, 7)}
    return (
        row["ResponseId"].startswith("R_")
        and is_time(row["EndDate"])
        and row["EndDate"] >= row["StartDate"]
        and all(is_score(row.get(tag, ""), *ends) for tag, ends in ranges.items())
    )


def is_good_line(row: dict[str, str]) -> bool:
    return row["Lineitem quantity"].isdigit() and (
        row["Financial Status"] in ("", "paid", "partially_refunded", "refunded", "voided")
    )


def is_good_payment(row: dict[str, str]) -> bool:
    return is_time(row["Created date (UTC)"]) and float(row["Amount Refunded"]) <= float(
        row["Amount"]
    )


def is_good_subscription(row: dict[str, str]) -> bool:
    return (
        row["Interval"] in ("month", "year")
        and row["Customer ID"] != ""
        and (row["Ended At (UTC)"] == "" or row["Ended At (UTC)"] >= row["Start (UTC)"])
    )


def is_good_shopper(row: dict[str, str]) -> bool:
    return re.fullmatch(r"'\d+", row["Customer ID"]) is not None


def is_always_good(row: dict[str, str]) -> bool:
    return True


def excluded_response(row: dict[str, str]) -> str | None:
    return {"1": "preview", "2": "test", "8": "spam", "256": "synthetic"}.get(row["Status"])


def nothing_excluded(row: dict[str, str]) -> str | None:
    return None


Judge = Callable[[dict[str, str]], bool]
Rule = Callable[[dict[str, str]], str | None]

TABLES: dict[str, tuple[str, str, Judge, Rule]] = {
    "salesforce/account": (r"Account\.csv", "Id", is_good_account, nothing_excluded),
    "salesforce/contact": (r"Contact\.csv", "Id", is_good_contact, nothing_excluded),
    "salesforce/user": (r"User\.csv", "Id", is_always_good, nothing_excluded),
    "salesforce/case": (r"Case\.csv", "Id", is_good_case, nothing_excluded),
    "salesforce/case_history": (
        r"CaseHistory2\.csv",
        "Id",
        lambda row: row["CaseId"] != NO_RECORD,
        nothing_excluded,
    ),
    "salesforce/case_comment": (
        r"CaseComment\.csv",
        "Id",
        lambda row: row["ParentId"] != NO_RECORD,
        nothing_excluded,
    ),
    "salesforce/email_message": (
        r"EmailMessage\.csv",
        "Id",
        lambda row: row["Incoming"] in ("0", "1") and is_time(row["MessageDate"]),
        nothing_excluded,
    ),
    "salesforce/opportunity": (
        r"Opportunity\.csv",
        "Id",
        is_good_opportunity,
        nothing_excluded,
    ),
    "qualtrics/responses": (r".*\.csv", "ResponseId", is_good_response, excluded_response),
    "shopify/customers": (
        r"customers_export\.csv",
        "Customer ID",
        is_good_shopper,
        nothing_excluded,
    ),
    "stripe/payments": (r"unified_payments.*\.csv", "id", is_good_payment, nothing_excluded),
    "stripe/subscriptions": (
        r"subscriptions.*\.csv",
        "id",
        is_good_subscription,
        nothing_excluded,
    ),
}
"""Of each export that is a plain table: its files, its key, what is good, what is left out."""


def recount(folder: Path, name: str) -> dict[str, object]:
    """Count one delivery of one export, row by row."""
    pattern, key, is_good, rule = TABLES[name]
    seen: set[str] = set()
    count: Counter[str] = Counter()
    excluded: Counter[str] = Counter()
    for _, text in text_files(folder, pattern):
        header, rows = records(text, 3 if name.startswith("qualtrics") else 1)
        for cells in rows:
            count["read"] += 1
            row = dict(zip(header, cells, strict=False))
            # Python's reader ends an unclosed quote with the file and hands over its line end.
            if len(cells) != len(header) or cells[-1].endswith("\n"):
                count["rejected"] += 1
            elif left_out := rule(row):
                excluded[left_out] += 1
            elif not is_good(row):
                count["rejected"] += 1
            elif row[key] in seen:
                count["duplicates"] += 1
            else:
                seen.add(row[key])
                count["accepted"] += 1
    return {**count, "excluded": dict(excluded)}


def recount_orders(folder: Path) -> dict[str, object]:
    """Count a delivery of orders: a line belongs to the order that the row above it is of."""
    seen: set[str] = set()
    count: Counter[str] = Counter()
    excluded: Counter[str] = Counter()
    for _, text in text_files(folder, r"orders_export.*\.csv"):
        header, rows = records(text)
        order: dict[str, str] = {}
        fate = "rejected"
        for cells in rows:
            count["read"] += 1
            if len(cells) != len(header):
                count["rejected"] += 1
                continue
            row = dict(zip(header, cells, strict=True))
            if row["Id"]:
                order = row
                if "Bogus Gateway" in row["Payment Method"]:
                    fate = "excluded"
                elif row["Id"] in seen:
                    fate = "duplicates"
                else:
                    fate = "accepted"
                is_number = re.fullmatch(r"\d+\.\d\d", row["Subtotal"])
                if not is_number or not is_good_line(row):
                    fate = "rejected"
                else:
                    seen.add(row["Id"])
            elif row["Name"] != order.get("Name"):
                count["rejected"] += 1
                continue
            if fate == "excluded":
                excluded["test_gateway"] += 1
            else:
                count[fate] += 1
    return {**count, "excluded": dict(excluded)}


def transcript_rows(folder: Path) -> list[dict[str, str]]:
    """The rows of a transcript below its titles, which end with a blank line."""
    _, _, table = (folder / "Training Transcript.csv").read_text("utf-8").partition("\n\n")
    return list(csv.DictReader(io.StringIO(table)))


def test_the_same_seed_gives_the_same_bytes(home: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    write_demo(again, customers=CUSTOMERS, months=MONTHS)
    assert content(again) == content(home)
    assert modified(again) == modified(home)


def test_another_seed_gives_other_deliveries(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_demo(other, customers=CUSTOMERS, months=MONTHS, seed=8)
    before, after = content(home), content(other)
    drawn = [name for name in before if re.search(r"salesforce|stripe|export_1|truth", name)]
    assert len(drawn) == 1 + 4 * MONTHS + 1
    assert not [name for name in drawn if before[name] == after.get(name)]


def test_every_delivery_lies_on_the_last_day_of_a_month(home: Path, truth: DemoTruth) -> None:
    assert truth.delivered_on == (
        "2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31",
    )  # fmt: skip
    for source in ("salesforce", "qualtrics", "shopify", "stripe"):
        days = sorted(path.name for path in (home / "landing" / source).iterdir())
        assert tuple(days) == truth.delivered_on
    assert sorted(path.name for path in home.iterdir()) == ["demo", "landing", "sources.toml"]


def test_an_independent_recount_agrees_with_every_account(home: Path, truth: DemoTruth) -> None:
    compared = 0
    for each in truth.deliveries:
        folder = home / "landing" / each.source / each.delivered_on
        name = f"{each.source}/{each.export}"
        if each.source == "reference":
            _, rows = records((folder / f"{each.export}.csv").read_text("utf-8"))
            assert (each.read, each.accepted) == (len(rows), len(rows))
            continue
        if each.source == "cornerstone":
            rows = transcript_rows(folder)
            assert (each.read, each.accepted) == (len(rows), len(rows))
            assert len({tuple(row.items()) for row in rows}) == len(rows)
            continue
        counted = recount_orders(folder) if name == "shopify/orders" else recount(folder, name)
        assert counted == {
            **{
                fate: rows
                for fate in ("read", "accepted", "rejected", "duplicates")
                if (rows := getattr(each, fate))
            },
            "excluded": each.excluded,
        }, (name, each.delivered_on)
        placed = each.accepted + each.rejected + each.duplicates + sum(each.excluded.values())
        assert each.read == placed
        compared += 1
    assert compared == 12 * MONTHS + 1  # the shop's customers come once


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_every_kind_of_fault_is_planted_and_none_too_often(tmp_path: Path, seed: int) -> None:
    truth = write_demo(tmp_path, customers=CUSTOMERS, months=MONTHS, seed=seed)
    planted = {(fault.source, fault.export, fault.kind) for fault in truth.faults}
    kinds = [kind for kind in KINDS if kind.source in DEFAULT_SOURCES]
    assert {(kind.source, kind.export, kind.name) for kind in kinds} <= planted
    assert {kind for _, _, kind in planted} >= {
        "file_delivered_twice", "header_only_file", "reordered_columns", "added_column",
        "latin_1_file",
    }  # fmt: skip
    for each in truth.deliveries:
        assert each.rejected <= 0.02 * each.read


def test_faults_add_up_to_the_accounts(truth: DemoTruth) -> None:
    rows: Counter[tuple[str, str, str, str]] = Counter()
    for fault in truth.faults:
        rows[fault.source, fault.export, fault.delivered_on, fault.outcome] += fault.rows
    for each in truth.deliveries:
        of = (each.source, each.export, each.delivered_on)
        assert rows[*of, "rejected"] == each.rejected
        assert rows[*of, "duplicate"] == each.duplicates
        assert rows[*of, "excluded"] == sum(each.excluded.values())


def test_a_kind_of_fault_finds_no_place_where_it_would_break_the_limit() -> None:
    planned = plan("stripe", "subscriptions", np.array([9, 60]), 1)
    assert list(planned) == [1]
    assert sum(each.rows for each in planned[1] if each.kind.outcome == "rejected") == 1


@pytest.mark.parametrize(
    ("source", "pattern", "sample"),
    [
        ("salesforce", r"Contact\.csv", "Contact.csv"),
        ("salesforce", r"User\.csv", "User.csv"),
        ("salesforce", r"Case\.csv", "Case.csv"),
        ("salesforce", r"CaseHistory2\.csv", "CaseHistory2.csv"),
        ("salesforce", r"CaseComment\.csv", "CaseComment.csv"),
        ("salesforce", r"EmailMessage\.csv", "EmailMessage.csv"),
        ("shopify", r"orders_export_1\.csv", "orders_export_1.csv"),
        ("stripe", r"unified_payments\.csv", "unified_payments.csv"),
        ("stripe", r"subscriptions\.csv", "subscriptions.csv"),
    ],
)
def test_headers_are_the_samples_headers(
    home: Path, truth: DemoTruth, source: str, pattern: str, sample: str
) -> None:
    expected, _ = records((SAMPLES / source / sample).read_text("latin-1"))
    folder = home / "landing" / source / truth.delivered_on[0]
    ((_, text),) = text_files(folder, pattern)
    assert records(text)[0] == expected


def test_accounts_have_the_samples_header_and_a_segment(home: Path, truth: DemoTruth) -> None:
    expected, _ = records((SAMPLES / "salesforce" / "Account.csv").read_text("latin-1"))
    folder = home / "landing" / "salesforce"
    ((_, first),) = text_files(folder / truth.delivered_on[0], r"Account\.csv")
    ((_, last),) = text_files(folder / truth.delivered_on[-1], r"Account\.csv")
    assert records(first)[0] == [*expected, "Segment__c"]
    assert records(last)[0] == ["Loyalty_Tier__c", "Segment__c", *reversed(expected)]


def test_survey_files_have_the_samples_system_columns(home: Path, truth: DemoTruth) -> None:
    (sample,) = (SAMPLES / "qualtrics").glob("*.csv")
    expected = list(csv.reader(sample.open(newline="")))[:3]
    folder = home / "landing" / "qualtrics" / truth.delivered_on[0]
    files = list(text_files(folder, r".*\.csv"))
    assert [name for name, _ in files] == [
        "Relationship+NPS_May+31%2C+2026_23.15.csv",
        "Support+CSAT_May+31%2C+2026_23.15.csv",
    ]
    for _, text in files:
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert [row[:17] for row in rows[:3]] == [row[:17] for row in expected]
    rows = list(csv.reader(io.StringIO(files[0][1], newline="")))
    assert rows[0][17:19] == ["Q1_NPS_GROUP", "Q1"]


def test_the_crm_speaks_latin_1_and_nothing_else(home: Path, truth: DemoTruth) -> None:
    archive = (
        home / "landing" / "salesforce" / truth.delivered_on[-1] / "WE_00D8a000000XyZ1EAK_1.ZIP"
    )
    with zipfile.ZipFile(archive) as opened:
        accounts = opened.read("Account.csv")
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    for encoding in ("utf-8", "cp1252"):
        with pytest.raises(UnicodeDecodeError):
            accounts.decode(encoding)
    assert b"\r" not in accounts
    assert accounts.startswith(b'"Loyalty_Tier__c","')


def test_salesforce_ids_have_the_vendors_checksum() -> None:
    def widened(short: str) -> str:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
        return short + "".join(
            letters[sum(1 << at for at, char in enumerate(short[of : of + 5]) if char.isupper())]
            for of in (0, 5, 10)
        )

    ids = salesforce_ids("0018a00002", np.arange(20_000)).to_list()
    assert len(set(ids)) == 20_000
    assert all(each == widened(each[:15]) for each in ids[::100])


def test_lines_add_up_to_their_order(home: Path, truth: DemoTruth) -> None:
    folder = home / "landing" / "shopify" / truth.delivered_on[0]
    ((_, text),) = text_files(folder, r"orders_export_1\.csv")
    header, rows = records(text)
    stated: dict[str, float] = {}
    lines: Counter[str] = Counter()
    for cells in rows:
        if len(cells) != len(header):
            continue
        row = dict(zip(header, cells, strict=True))
        if (
            not re.fullmatch(r"\d*\.?\d*", row["Subtotal"])
            or not row["Lineitem quantity"].isdigit()
        ):
            continue
        if row["Id"]:
            stated[row["Name"]] = float(row["Subtotal"]) + float(row["Discount Amount"])
            lines[row["Name"]] = 0
        if row["Name"] in stated:
            cents = round(float(row["Lineitem price"]) * 100)
            lines[row["Name"]] += cents * int(row["Lineitem quantity"])
    assert len(stated) > 20
    assert lines == {name: round(total * 100) for name, total in stated.items()}


def test_the_shops_customers_have_paid_what_their_orders_cost(home: Path, truth: DemoTruth) -> None:
    orders: dict[str, dict[str, str]] = {}
    for day in truth.delivered_on:
        for _, text in text_files(home / "landing" / "shopify" / day, r"orders_export_\d\.csv"):
            header, rows = records(text)
            for row in (dict(zip(header, cells, strict=False)) for cells in rows):
                if row["Id"].startswith("609") and re.fullmatch(r"[\d.]+", row["Total"]):
                    orders[row["Id"]] = row  # a later delivery knows of refunds
    cents: Counter[str] = Counter()
    for row in orders.values():
        if row["Financial Status"] != "voided":
            paid = float(row["Total"]) - float(row["Refunded Amount"])
            cents[row["Email"]] += round(paid * 100)
    folder = home / "landing" / "shopify" / truth.delivered_on[-1]
    ((_, text),) = text_files(folder, r"customers_export\.csv")
    header, rows = records(text)
    listed = [dict(zip(header, cells, strict=False)) for cells in rows]
    spent = {row["Email"]: round(float(row["Total Spent"]) * 100) for row in listed if row["Email"]}
    assert len(spent) > CUSTOMERS
    assert spent == {email: cents[email] for email in spent}
    assert set(spent) == {row["Email"] for row in orders.values()}


def test_purchases_follow_the_theory() -> None:
    # Fader, Hardie and Lee (2005), equation 9: the expected number of repeat purchases by time t.
    parameters, weeks, count = Purchases(), 78, 100_000
    customer, _ = draw_purchase_days(
        np.zeros(count, np.int64), weeks * 7, parameters, draws(1, "test")
    )
    r, alpha, a, b = parameters.r, parameters.alpha, parameters.a, parameters.b
    shrunk = (alpha / (alpha + weeks)) ** r
    expected = (
        (a + b - 1) / (a - 1) * (1 - shrunk * hyp2f1(r, b, a + b - 1, weeks / (alpha + weeks)))
    )
    repeats = np.bincount(customer, minlength=count) - 1
    error = repeats.std() / np.sqrt(count)
    # Times are rounded to whole days, of which a purchase takes at least one: half a percent.
    assert abs(repeats.mean() - expected) < 4 * error + 0.005 * expected
    assert repeats.min() == 0


def test_no_customer_buys_twice_on_a_day() -> None:
    customer, day = draw_purchase_days(
        np.zeros(5_000, np.int64), 700, Purchases(), draws(1, "test")
    )
    assert len(set(zip(customer.tolist(), day.tolist(), strict=True))) == len(day)


def test_order_values_follow_the_theory() -> None:
    parameters, count = Spend(), 200_000
    values = draw_order_values(np.arange(count), count, parameters, draws(1, "test"))
    expected = parameters.p * parameters.v / (parameters.q - 1) * 100
    assert abs(values.mean() - expected) < 5 * values.std() / np.sqrt(count)


def test_what_comes_of_the_odds_is_near_them() -> None:
    company = draw_company(10_000, 18, 3, Parameters())
    odds = company.parameters.churn
    planted = np.array(
        [odds.detractor, odds.passive, odds.promoter, odds.never_answered, odds.called_back]
    )
    at_risk = company.billing.at_risk
    error = np.sqrt(planted * (1 - planted) / at_risk)
    assert (np.abs(company.billing.churned / at_risk - planted) < 4 * error).all()

    answered = company.responses.drop_nulls("band")
    bands = answered["was_band"].to_numpy()
    loyalty = company.parameters.loyalty
    assert loyalty.promoters_first < (bands == PROMOTER).mean() < loyalty.promoters_last
    assert loyalty.detractors_last < (bands == DETRACTOR).mean() < loyalty.detractors_first

    rated = company.ratings.drop_nulls("csat")
    cases = company.cases[rated["case"].to_numpy()]
    hours = ((cases["touched"] - cases["created"]) / 3600).to_numpy()
    service = company.parameters.service
    chance = expit(service.intercept - service.slope * np.log(hours))
    satisfied = rated["was_satisfied"].to_numpy()
    for slow in (False, True):
        some = (hours > 4) == slow
        error = np.sqrt((chance[some] * (1 - chance[some])).sum()) / some.sum()
        assert abs(satisfied[some].mean() - chance[some].mean()) < 4 * error


def test_a_course_wins_over_some_of_the_dissatisfied_and_touches_nothing_else() -> None:
    company = draw_company(10_000, 18, 3, Parameters())
    planted = company.parameters.training
    rated = company.ratings.drop_nulls("csat")
    is_taught = pl.col("days").is_between(1, planted.lasts_days)
    others = rated.filter(is_taught.not_().fill_null(True))
    assert ((others["csat"] >= 4) == others["was_satisfied"]).all()
    taught = rated.filter(is_taught)
    assert (taught.filter("was_satisfied")["csat"] >= 4).all()
    won = taught.filter(pl.col("was_satisfied").not_())["csat"] >= 4
    error = np.sqrt(planted.won_over * (1 - planted.won_over) / len(won))
    assert len(won) > 300
    assert abs(won.mean() - planted.won_over) < 4 * error  # type: ignore[operator]


def test_a_course_lifts_as_much_in_whatever_order_its_graduates_come() -> None:
    company = draw_company(5_000, 12, 7, Parameters())
    rated = company.ratings.filter(pl.col("recorded") < company.calendar.end)
    lifts = {
        expected_lift(
            rated.sample(fraction=1, shuffle=True, seed=seed), 90, company.parameters.training
        )
        for seed in range(40)
    }
    assert len(lifts) == 1


def test_the_support_line_lifts_some_answers_of_its_country_by_a_band_and_no_others() -> None:
    company = draw_company(10_000, 18, 3, Parameters())
    planted = company.parameters.investments
    answered = company.responses.drop_nulls("band")
    rises = pl.col("band") - pl.col("was_band")
    others = answered.filter(~pl.col("is_reached"))
    assert others.select(rises.eq(0).all()).item()
    reached = answered.filter("is_reached")
    assert reached["ended"].min() >= company.calendar.starts[9]  # type: ignore[operator]
    could_rise = reached.filter(pl.col("was_band") < PROMOTER)
    error = np.sqrt(planted.one_band_higher * (1 - planted.one_band_higher) / could_rise.height)
    assert could_rise.height > 1_000
    assert abs(could_rise.select(rises.mean()).item() - planted.one_band_higher) < 4 * error
    assert could_rise.select(rises.unique().sort()).to_series().to_list() == [0, 1]
    lowest = pl.col("band").replace_strict({DETRACTOR: 0, PASSIVE: 7, PROMOTER: 9})
    highest = pl.col("band").replace_strict({DETRACTOR: 6, PASSIVE: 8, PROMOTER: 10})
    assert answered.select(pl.col("nps").is_between(lowest, highest).all()).item()
    # Comments are written by the band: a dozen each.
    written = answered.drop_nulls("comment")
    assert written.select((pl.col("comment") // 12 == pl.col("band")).all()).item()


def test_the_list_of_investments_names_what_the_truth_names(home: Path, truth: DemoTruth) -> None:
    path = home / "landing" / "reference" / truth.delivered_on[MONTHS // 2] / "cx_investments.csv"
    rows = list(csv.DictReader(path.open(newline="")))
    assert [(row["what"], row["dimension"], row["value"], row["from"]) for row in rows] == [
        (each.what, each.dimension, each.dimension_value, each.started_on)
        for each in truth.investments
    ]
    line, nothing = truth.investments
    assert line.started_on == "2026-08-01"
    assert nothing.lift == 0 < line.lift  # type: ignore[operator]


def test_transcripts_name_the_graduates_that_the_truth_names(home: Path, truth: DemoTruth) -> None:
    rows = transcript_rows(home / "landing" / "cornerstone" / truth.delivered_on[-1])
    expected, _ = records((SAMPLES / "cornerstone" / "Training Transcript.csv").read_text("utf-8"))
    assert list(rows[0]) == expected
    assert [each.course for each in truth.courses] == ["Empathy basics", "Time management"]
    for each in truth.courses:
        entries = [row for row in rows if row["Training Title"] == each.course]
        completed = [row["User ID"] for row in entries if row["Transcript Status"] == "Completed"]
        assert len(set(completed)) == len(each.graduates) == 4  # half of the agents
        assert len(completed) >= 4
        assert {row["Transcript Status"] for row in entries} >= {"Completed", "Withdrawn"}
        for row in entries:
            is_completed = row["Transcript Status"] == "Completed"
            assert bool(row["Transcript Completed Date"]) == is_completed
    empathy, nothing = truth.courses
    assert nothing.lift == 0 < empathy.lift  # type: ignore[operator]


def test_replies_that_are_written_are_those_that_the_truth_counts(
    home: Path, truth: DemoTruth
) -> None:
    known: dict[str, dict[str, dict[str, str]]] = {"case_comment": {}, "email_message": {}}
    for day in truth.delivered_on:
        folder = home / "landing" / "salesforce" / day
        for name, rows_by_id in known.items():
            pattern, key, is_good, _ = TABLES[f"salesforce/{name}"]
            ((_, text),) = text_files(folder, pattern)
            header, rows = records(text)
            for row in (dict(zip(header, cells, strict=True)) for cells in rows):
                before = rows_by_id.get(row[key], row)
                if is_good(row) and row["SystemModstamp"] >= before["SystemModstamp"]:
                    rows_by_id[row[key]] = row
    emails = [
        row
        for row in known["email_message"].values()
        if (row["Incoming"], row["Status"]) == ("0", "3") and row["ParentId"] != NO_RECORD
    ]
    sent = {(row["ParentId"], row["MessageDate"]) for row in emails}
    recorded = {(row["ParentId"], row["CreatedDate"]) for row in emails}
    published = {
        (row["ParentId"], row["CreatedDate"])
        for row in known["case_comment"].values()
        if (row["IsPublished"], row["IsDeleted"]) == ("1", "0")
    }
    replies = sent | (published - sent - recorded)
    assert len(published & recorded) > 5  # some e-mails are comments as well
    assert len(replies) == truth.counts["agent_replies"] > 100
    assert len({case for case, _ in replies}) == truth.counts["answered_cases"]


def test_an_agent_starts_on_a_case_with_the_first_reply() -> None:
    company = draw_company(1_000, 12, 5, Parameters())
    replies, cases = company.correspondence.replies, company.cases
    first = replies.group_by("case").agg(pl.col("moment").min())
    assert (first["moment"] == cases["touched"].gather(first["case"])).all()
    assert (replies["moment"] <= cases["closed"].gather(replies["case"])).all()
    by_origin = (
        cases.filter(pl.col("touched") + 1 < company.calendar.end)
        .with_columns(pl.col("case").is_in(first["case"].implode()).alias("is_answered"))
        .group_by("origin")
        .agg(pl.len(), pl.col("is_answered").mean())
        .sort("origin")
    )
    planned = np.array(ANSWERED_SHARES)
    error = np.sqrt(planned * (1 - planned) / by_origin["len"].to_numpy())
    assert (np.abs(by_origin["is_answered"].to_numpy() - planned) < 4 * error).all()


def test_subscriptions_in_force_are_those_that_started_less_those_that_ended() -> None:
    company = draw_company(3_000, 12, 5, Parameters())
    subscriptions = company.billing.subscriptions
    paid = subscriptions.filter(subscriptions["paid_month"] >= 0)
    for month in range(12):
        end = company.calendar.starts[month + 1]
        in_force = (paid["paid_month"] <= month) & (paid["ended_at"] >= end)
        assert in_force.sum() == company.billing.in_force[month].sum()


def test_who_renews_late_does_so_within_14_days_and_is_no_other_customer() -> None:
    company = draw_company(20_000, 18, 3, Parameters())
    calendar, subscriptions = company.calendar, company.billing.subscriptions
    ended = subscriptions.filter(
        (pl.col("paid_month") >= 0) & (pl.col("ended_at") < int(calendar.starts[-1]) - 15 * DAY)
    )
    late = subscriptions.drop_nulls("renews").join(
        subscriptions, left_on="renews", right_on="subscription", suffix="_before"
    )
    for same in ("customer", "plan", "is_yearly", "cents"):
        assert (late[same] == late[f"{same}_before"]).all()
    assert late["renews"].is_unique().all()
    assert (late["reason_before"].is_not_null()).all()
    gap = late["created"] // DAY - late["ended_at_before"] // DAY
    assert sorted(gap.unique()) == list(range(1, 15))
    assert (late["created"] % DAY == late["ended_at_before"] % DAY).all()
    # Everything is billed on days 1-28; some are missing at a month's end and some aren't.
    assert late["day"].is_between(1, 28).all()
    later = (late["paid_month"] - late["ended_month_before"]).value_counts(sort=True)
    assert later["paid_month"].to_list() == [0, 1]
    planned = company.parameters.churn.renews_late
    error = np.sqrt(planned * (1 - planned) / ended.height)
    share = ended["subscription"].is_in(late["renews"].implode()).mean()
    assert ended.height > 2_000
    assert abs(share - planned) < 4 * error  # type: ignore[operator]


def test_days_that_no_bill_is_due_on_give_way_within_the_14_days() -> None:
    calendar = Calendar(13)  # from October 2025 on: the fifth month is February
    ended_on = np.array([10, 17, 20, 28, 28, 27, 28])
    after = np.array([3, 14, 14, 1, 14, 1, 4])
    months, days = late_start(0, ended_on, after, calendar)
    assert months.tolist() == [0, 0, 1, 1, 1, 0, 1]
    assert days.tolist() == [13, 28, 3, 1, 11, 28, 1]
    months, days = late_start(4, np.array([14, 15, 28]), np.array([14, 14, 1]), calendar)
    assert (months.tolist(), days.tolist()) == ([4, 5, 5], [28, 1, 1])


def test_local_times_of_answers_are_never_ambiguous() -> None:
    company = draw_company(5_000, 12, 7, Parameters())
    for frame in (company.responses, company.ratings):
        for column in ("started", "ended", "recorded"):
            assert not is_shown_twice(frame[column].to_numpy(), ZONE).any()
    waited = (company.responses["recorded"] - company.responses["ended"]).to_numpy()
    assert waited.min() == 1
    assert waited.max() >= 7 * DAY


def test_months_and_deliveries_follow_from_their_number_alone() -> None:
    calendar = Calendar(3)
    assert calendar.month_names == ("2026-08-01", "2026-09-01", "2026-10-01")
    midnight = calendar.starts[1]
    assert calendar.delivery_of(np.array([0, midnight - 1, midnight])).tolist() == [0, 0, 1]
    assert calendar.delivery_of(np.array([calendar.end])).tolist() == [3]


def test_the_truth_reads_back_as_it_was_written(home: Path, tmp_path: Path) -> None:
    written = DemoTruth.read(home / "demo" / "truth.json")
    written.write(tmp_path / "truth.json")
    assert DemoTruth.read(tmp_path / "truth.json") == written
    assert written.counts["accounts"] + written.counts["shop_only_customers"] == CUSTOMERS


def test_a_demo_is_never_mixed_with_deliveries_that_are_there(home: Path) -> None:
    before = content(home)
    with pytest.raises(DemoRefused, match="already"):
        write_demo(home, customers=CUSTOMERS, months=MONTHS)
    assert content(home) == before


def test_what_a_killed_run_left_is_swept_away(tmp_path: Path) -> None:
    half = tmp_path / ".landing.writing" / "stripe" / "2026-10-31"
    half.mkdir(parents=True)
    (half / "unified_payments.csv").write_text("id\n")
    write_demo(tmp_path, customers=20, months=1)
    assert not (tmp_path / ".landing.writing").exists()
    text = (tmp_path / "landing/stripe/2026-10-31/unified_payments.csv").read_text()
    assert text.startswith("id,Created date (UTC)")


def test_an_existing_settings_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text('reporting_currency = "EUR"\n')
    (tmp_path / "landing" / "stripe").mkdir(parents=True)
    write_demo(tmp_path, customers=5, months=1)
    assert (tmp_path / "sources.toml").read_text() == 'reporting_currency = "EUR"\n'
