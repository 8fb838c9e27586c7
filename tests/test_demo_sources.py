"""The demo company in other vendors' formats: all of it lands, and nothing of it twice."""

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from pipelines import lake, landing
from pipelines.contracts.contract import Export, all_exports, export_named
from pipelines.demo.company import draw_company
from pipelines.demo.faults import KINDS
from pipelines.demo.sharing import BILLING, CASES, COURSES, CUSTOMERS, RESPONSES, share_out
from pipelines.demo.sources import DEFAULT_SOURCES, SOURCES
from pipelines.demo.subscriptions import NEVER_PAID
from pipelines.demo.truth import DemoTruth, Parameters
from pipelines.demo.write import SEED, DemoRefused, write_demo
from pipelines.pseudonyms import Pseudonyms
from pipelines.settings import Home, load_settings
from tests import dynamics
from tests.conftest import KEY, SAMPLES

CUSTOMERS_COUNT, MONTHS = 600, 4
# Ids and types, which a list shows when they are added to its columns.
ADDED_TO_PIPEDRIVE = {
    "Deal - Organization ID", "Deal - Contact person ID", "Deal - Pipeline", "Deal - Type",
    "Deal - Update time", "Person - Marketing status", "Organization - Segment",
    "Organization - Country",
}  # fmt: skip
TOOLS = {
    "qualtrics", "surveymonkey", "typeform", "delighted", "hotjar", "googleforms", "msforms",
}  # fmt: skip


def exports_of(*sources: str) -> list[Export]:
    """The exports of some sources and the lists, which are landed first."""
    return [
        *(each for each in all_exports() if each.source == "reference"),
        *(each for each in all_exports() if each.source in sources),
    ]


def land(home: Home, *sources: str) -> None:
    """Land all deliveries of some sources and the lists."""
    settings = load_settings(home, {})
    for export in exports_of(*sources):
        for day in landing.delivered_days(home, export.source):
            landing.land(home, export, day, settings, Pseudonyms(KEY))


def accepted(home: Home, name: str) -> pl.DataFrame:
    """The accepted rows of all deliveries of an export."""
    export = export_named(name)
    return pl.concat(
        pl.read_parquet(lake.lake_file(home, export, day), hive_partitioning=False)
        for day in lake.landed_days(home, export)
    )


def content(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


class Planted:
    """A demo written for some sources, and landed."""

    def __init__(self, home: Home, truth: DemoTruth, sources: tuple[str, ...]) -> None:
        self.home = home
        self.truth = truth
        self.sources = sources


@pytest.fixture(scope="module", params=[source.name for source in SOURCES])
def planted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    home = Home(tmp_path_factory.mktemp(request.param)).create()
    truth = write_demo(home.path, customers=CUSTOMERS_COUNT, months=MONTHS, sources=[request.param])
    land(home, request.param)
    return Planted(home, truth, (request.param,))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    home = Home(tmp_path_factory.mktemp("everything")).create()
    truth = write_demo(home.path, customers=CUSTOMERS_COUNT, months=MONTHS, sources=["all"])
    sources = tuple(source.name for source in SOURCES)
    land(home, *sources)
    return Planted(home, truth, sources)


def assert_all_of_it_landed(planted: Planted) -> None:
    home, sources = planted.home, planted.sources
    assert {path.name for path in home.landing.iterdir()} == {*sources, "reference"}
    assert list(lake.refusals(home)) == []
    for source in sources:
        for day in landing.delivered_days(home, source):
            assert list(landing.unread_files(home, source, day)) == []
    landed = {
        (each.source, each.export, each.delivered_on): (
            each.read, each.accepted, each.rejected, each.duplicates, each.excluded,
        )
        for each in lake.accounts(home)
    }  # fmt: skip
    assert landed == {
        (each.source, each.export, each.delivered_on): (
            each.read, each.accepted, each.rejected, each.duplicates, each.excluded,
        )
        for each in planted.truth.deliveries
    }  # fmt: skip
    assert {source for source, *_ in landed} == {*sources, "reference"}


def test_what_is_written_for_a_source_lands_as_planted(planted: Planted) -> None:
    assert_all_of_it_landed(planted)


def test_each_fault_is_planted_and_set_aside_for_its_own_reason(planted: Planted) -> None:
    kinds = {
        (kind.source, kind.export, kind.name) for kind in KINDS if kind.source in planted.sources
    }
    assert kinds <= {(each.source, each.export, each.kind) for each in planted.truth.faults}
    expected: Counter[tuple[str, str, str, str]] = Counter()
    for fault in planted.truth.faults:
        if fault.outcome == "rejected":
            expected[fault.export, fault.delivered_on, fault.column, fault.code] += fault.rows
    found: Counter[tuple[str, str, str, str]] = Counter()
    for export in exports_of(*planted.sources):
        for day in lake.landed_days(planted.home, export):
            path = lake.rejected_file(planted.home, export, day)
            for reasons in pl.read_parquet(path, hive_partitioning=False)["reasons"]:
                assert len(reasons) == 1
                reason = reasons[0]
                found[export.name, str(day), reason["column"], reason["code"]] += 1
    assert found == expected


HELD = [
    ("hubspot/companies", "record_id", "accounts"),
    ("hubspot/contacts", "record_id", "contacts"),
    ("hubspot/deals", "record_id", "opportunities"),
    ("pipedrive/organizations", "organization_id", "accounts"),
    ("pipedrive/persons", "person_id", "contacts"),
    ("pipedrive/deals", "deal_id", "opportunities"),
    ("dynamics/accounts", "account_id", "accounts"),
    ("dynamics/contacts", "contact_id", "contacts"),
    ("dynamics/cases", "case_number", "cases"),
    ("hubspot/tickets", "ticket_id", "cases"),
    ("zendesk/tickets", "ticket_id", "cases"),
    ("freshdesk/tickets", "ticket_id", "cases"),
    ("intercom/conversations", "conversation_id", "cases"),
    ("stripe/subscriptions", "id", "subscriptions"),
    ("chargebee/subscriptions", "subscription_id", "payable_subscriptions"),
    ("shopify/customers", "customer_id", "people_who_ordered"),
]


def drawn_counts() -> dict[str, int]:
    """What the truth doesn't count: subscriptions that somebody could pay for, and buyers."""
    company = draw_company(CUSTOMERS_COUNT, MONTHS, SEED, Parameters())
    subscriptions = company.billing.subscriptions.filter(pl.col("created") < company.calendar.end)
    return {
        "payable_subscriptions": subscriptions.filter(pl.col("kind") != NEVER_PAID).height,
        "people_who_ordered": company.orders["person"].n_unique(),
    }


def test_a_source_by_itself_holds_everything_of_its_kind(planted: Planted) -> None:
    (source,) = planted.sources
    counts = planted.truth.counts | drawn_counts()
    for name, key, counted in HELD:
        if name.startswith(f"{source}/"):
            assert accepted(planted.home, name)[key].n_unique() == counts[counted]
    if source in TOOLS:
        rows = accepted(planted.home, f"{source}/responses").height
        answers = {
            "delighted": sum(
                counts[each]
                for each in (
                    "nps_scores", "relationship_csat_scores", "support_csat_scores", "ces_scores",
                )
            ),
            # Who broke off has sent nothing.
            "typeform": counts["relationship_responses"]
            + counts["support_responses"]
            - counts["partial_responses"],
        }  # fmt: skip
        whole = counts["relationship_responses"] + counts["support_responses"]
        assert rows == answers.get(source, whole)


def test_follow_ups_name_responses_that_landed(planted: Planted) -> None:
    (source,) = planted.sources
    follow_ups = accepted(planted.home, "reference/follow_ups")
    if source not in TOOLS:
        assert follow_ups.height == 0
        return
    assert follow_ups.height == planted.truth.counts["follow_ups"] > 20
    assert set(follow_ups["source"]) == {source}
    responses = accepted(planted.home, f"{source}/responses")["response_id"]
    assert set(follow_ups["response_id"]) <= set(responses)


def test_all_of_them_share_the_company_and_hold_nothing_twice(everything: Planted) -> None:
    assert_all_of_it_landed(everything)
    home, counts = everything.home, everything.truth.counts
    cases = {
        "salesforce": accepted(home, "salesforce/case")
        .filter(pl.col("id").is_in(accepted(home, "salesforce/case_history")["case_id"].implode()))
        ["case_number"].unique(),
        **{
            name.partition("/")[0]: accepted(home, name)[key].unique()
            for name, key, counted in HELD
            if counted == "cases"
        },
    }  # fmt: skip
    assert all(len(of_desk) > 10 for of_desk in cases.values())
    assert len(pl.concat(cases.values()).unique()) == sum(map(len, cases.values()))
    assert sum(map(len, cases.values())) == counts["cases"]
    strays = counts["deleted_accounts"] + counts["vanished_accounts"]
    companies = [
        accepted(home, "salesforce/account")["id"].n_unique() - strays,
        accepted(home, "hubspot/companies")["record_id"].n_unique(),
        accepted(home, "pipedrive/organizations")["organization_id"].n_unique(),
        accepted(home, "dynamics/accounts")["account_id"].n_unique(),
    ]
    assert sum(companies) == counts["accounts"]
    assert max(companies) - min(companies) < 0.1 * sum(companies)
    by_stripe = accepted(home, "stripe/subscriptions")
    by_chargebee = accepted(home, "chargebee/subscriptions")
    subscriptions = (by_stripe["id"].n_unique(), by_chargebee["subscription_id"].n_unique())
    never_paid = counts["subscriptions"] - drawn_counts()["payable_subscriptions"]
    assert counts["subscriptions"] - never_paid <= sum(subscriptions) < counts["subscriptions"]
    assert abs(subscriptions[0] - subscriptions[1]) < 0.2 * subscriptions[0]
    # Who pays Chargebee pays through Stripe, which has no invoice of theirs.
    payments = accepted(home, "stripe/payments")
    assert payments["id"].n_unique() == counts["payments"]
    assert 0.3 < payments["invoice_id"].is_null().mean() < 0.7  # type: ignore[operator]
    assert set(by_chargebee["account_id"].drop_nulls()) <= set(
        accepted(home, "salesforce/account")["id"]
    )
    assert by_chargebee["account_id"].null_count() < by_chargebee.height
    surveys = {
        tool: accepted(home, f"{tool}/responses").height
        for tool in TOOLS - {"delighted", "typeform"}
    }
    # A seventh each, of which Qualtrics may hold an older version of some twice.
    whole = counts["relationship_responses"] + counts["support_responses"]
    assert all(abs(rows - whole / 7) < 3 for rows in surveys.values())


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("once", "again"):
        write_demo(tmp_path / name, customers=100, months=3, sources=["all"])
    assert content(tmp_path / "once") == content(tmp_path / "again")


def test_without_a_choice_the_usual_sources_are_written(tmp_path: Path) -> None:
    write_demo(tmp_path / "usual", customers=60, months=3)
    write_demo(tmp_path / "named", customers=60, months=3, sources=[*reversed(DEFAULT_SOURCES)])
    assert content(tmp_path / "usual") == content(tmp_path / "named")
    assert {path.name for path in (tmp_path / "usual" / "landing").iterdir()} == {
        "salesforce", "qualtrics", "shopify", "stripe", "cornerstone", "reference",
    }  # fmt: skip
    settings = (tmp_path / "usual" / "sources.toml").read_text()
    assert re.findall(r"^\[(\w+)\]$", settings, re.MULTILINE) == ["qualtrics", "cornerstone"]


def test_only_what_the_chosen_tools_ask_is_declared(tmp_path: Path) -> None:
    write_demo(tmp_path, customers=60, months=3, sources=["typeform", "delighted"])
    (declared,) = (tmp_path / "landing" / "reference").glob("*/survey_questions.csv")
    rows = list(csv.DictReader(declared.open(encoding="utf-8")))
    measured = Counter((row["source"], row["metric"]) for row in rows)
    assert measured == {
        ("typeform", "nps"): 1, ("typeform", "csat"): 2, ("typeform", "ces"): 1,
        ("typeform", "comment"): 2, ("delighted", "nps"): 1, ("delighted", "csat"): 1,
        ("delighted", "ces"): 1,
    }  # fmt: skip


def test_an_unknown_source_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(DemoRefused, match=r"^'zendsk' is no source .* zendesk, or all\.$"):
        write_demo(tmp_path, customers=60, months=3, sources=["hubspot", "zendsk"])
    with pytest.raises(DemoRefused, match="No source is named"):
        write_demo(tmp_path, customers=60, months=3, sources=[])
    assert list(tmp_path.iterdir()) == []


def test_records_are_dealt_out_in_turn_and_a_crm_knows_whose_cases_it_has() -> None:
    company = share_out(
        draw_company(300, 6, 3, Parameters()),
        {
            CUSTOMERS: ["salesforce", "hubspot"],
            CASES: ["salesforce", "hubspot", "zendesk"],
            BILLING: ["stripe", "chargebee"],
            RESPONSES: ["qualtrics", "hotjar"],
            COURSES: ["cornerstone", "moodle"],
        },
    )
    customers = company.customers.with_row_index("customer")
    assert customers.filter("in_crm").select(
        (pl.col("crm") == pl.when(pl.col("customer") % 2 == 0)
         .then(pl.lit("salesforce")).otherwise(pl.lit("hubspot"))).all()
    ).item()  # fmt: skip
    assert customers.filter(~pl.col("in_crm"))["crm"].null_count() == (~customers["in_crm"]).sum()
    # Two in turn are one CRM's each, and both the same biller's.
    assert customers["biller"].to_list() == ["stripe", "stripe", "chargebee", "chargebee"] * 75
    held = Counter(company.cases.select("crm", "desk").iter_rows())
    assert set(held) == {
        ("salesforce", "salesforce"), ("salesforce", "zendesk"),
        ("hubspot", "hubspot"), ("hubspot", "zendesk"),
    }  # fmt: skip
    tools = company.responses["tool"].value_counts()["count"]
    assert abs(tools[0] - tools[1]) <= 1
    assert set(company.transcripts.select("course", "provider").iter_rows()) == {
        (0, "cornerstone"), (1, "moodle"),
    }  # fmt: skip


def test_what_no_chosen_source_can_hold_is_nobodys() -> None:
    company = share_out(draw_company(100, 3, 3, Parameters()), {CASES: ["zendesk"]})
    assert company.customers["crm"].null_count() == 100
    assert company.customers["biller"].null_count() == 100
    assert set(company.cases["desk"]) == {"zendesk"}
    assert company.responses["tool"].null_count() == company.responses.height > 0


def test_lists_that_a_source_needs_are_written_for_it_alone(tmp_path: Path) -> None:
    lists = {}
    for source in ("hubspot", "chargebee", "pipedrive"):
        write_demo(tmp_path / source, customers=60, months=3, sources=[source])
        lists[source] = {
            path.name: list(csv.DictReader(path.open(encoding="utf-8")))
            for path in (tmp_path / source / "landing" / "reference").glob("*/*.csv")
        }
    assert [tuple(row.values()) for row in lists["hubspot"]["deal_stages.csv"]] == [
        ("hubspot", "Sales Pipeline", "Contract Sent", "open"),
        ("hubspot", "Sales Pipeline", "Closed Won", "won"),
        ("hubspot", "Sales Pipeline", "Closed Lost", "lost"),
    ]
    # Three plans by month and by year, in two currencies.
    assert len(lists["chargebee"]["plan_prices.csv"]) == 12
    # A deal of Pipedrive's says itself whether it is won.
    assert not {"deal_stages.csv", "plan_prices.csv"} & set(lists["pipedrive"])
    assert "plan_prices.csv" not in lists["hubspot"]


def test_all_exports_are_written_but_other_forms_of_the_same_records(
    everything: Planted,
) -> None:
    written = {f"{each.source}/{each.export}" for each in everything.truth.deliveries}
    assert {f"{each.source}/{each.name}" for each in all_exports()} - written == {
        "salesforce/account_query", "salesforce/case_query", "salesforce/case_report",
        "salesforce/contact_query", "salesforce/opportunity_query", "salesforce/user_query",
    }  # fmt: skip


def test_a_worksheet_is_one_that_others_can_open(tmp_path: Path) -> None:
    write_demo(tmp_path, customers=60, months=3, sources=["dynamics"])
    (path,) = (tmp_path / "landing" / "dynamics").glob("2026-10-31/All Cases *.xlsx")
    assert path.name == "All Cases 31-10-2026 23-15-00.xlsx"
    names, cases = openpyxl.load_workbook(path).worksheets
    sample = openpyxl.load_workbook(io.BytesIO(dynamics.cases())).worksheets[1]
    assert (names.sheet_state, cases.sheet_state) == ("hidden", "visible")
    assert [cases.column_dimensions["A"].min, cases.column_dimensions["A"].max] == [1, 3]
    assert cases.column_dimensions["A"].hidden
    header, *rows = cases.iter_rows(values_only=True)
    (expected, *_) = sample.iter_rows(values_only=True)
    assert header[:7] == expected[:7]  # the hidden columns, and those of the usual view
    assert len(rows) >= 3
    written = dict(zip(header, rows[0], strict=True))
    assert isinstance(written["(Do Not Modify) Modified On"], datetime)
    # The first to change in October, by the clocks of Bogotá, five hours behind.
    assert written["(Do Not Modify) Modified On"] >= datetime(2026, 9, 30, 19)


@pytest.mark.parametrize(
    ("source", "sample", "written"),
    [
        ("freshdesk", "tickets.csv", "tickets.csv"),
        ("delighted", "delighted-responses-2025-02-10.csv", "delighted-responses-*.csv"),
        ("hr", "employees.csv", "employees.csv"),
        ("pipedrive", "deals-10481234-1.csv", "deals-*.csv"),
        ("pipedrive", "people-10481234-2.csv", "people-*.csv"),
        ("pipedrive", "organizations-10481234-3.csv", "organizations-*.csv"),
        ("shopify", "customers_export.csv", "customers_export.csv"),
    ],
)
def test_headers_are_those_of_the_samples(
    tmp_path: Path, source: str, sample: str, written: str
) -> None:
    write_demo(tmp_path, customers=60, months=3, sources=[source])
    (first, *_) = sorted((tmp_path / "landing" / source).glob(f"*/{written}"))
    with first.open(encoding="utf-8") as file, (SAMPLES / source / sample).open() as expected:
        ours, theirs = next(csv.reader(file)), next(csv.reader(expected))
    # People's properties are columns that whoever asks them adds.
    assert [each for each in ours if each in theirs] == [each for each in theirs if each in ours]
    assert set(theirs) - set(ours) <= {"Region", "Organization - Country of Address"}
    assert set(ours) - set(theirs) <= {"Case Number", "Locale", *ADDED_TO_PIPEDRIVE}


def test_an_archive_of_subscriptions_has_the_samples_header(tmp_path: Path) -> None:
    write_demo(tmp_path, customers=60, months=3, sources=["chargebee"])
    first = tmp_path / "landing" / "chargebee" / "2026-08-31" / "chargebee-export.zip"
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == ["Subscriptions.csv"]
        ours = archive.read("Subscriptions.csv").decode().splitlines()[0].split(",")
    usual = (SAMPLES / "chargebee" / "Subscriptions.csv").read_text().splitlines()[0].split(",")
    whole = SAMPLES / "chargebee" / "Subscriptions_all_columns.csv"
    every = whole.read_text().splitlines()[0].split(",")
    assert [each for each in ours if each in usual] == usual
    # No amount: prices are on the list.
    assert set(every) - set(ours) == {
        "customers.first_name", "customers.last_name", "subscriptions.mrr",
    }  # fmt: skip
