"""The demo company in other vendors' formats: the headline numbers are those of the usual ones.

Both are held to what was drawn, which says nothing of vendors.
"""

from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines import lake
from pipelines.demo.company import Company as Drawn
from pipelines.demo.company import draw_company
from pipelines.demo.service import CLOSED
from pipelines.demo.sharing import BILLING, CASES, share_out
from pipelines.demo.sharing import CUSTOMERS as CUSTOMERS_TOPIC
from pipelines.demo.truth import Parameters
from pipelines.settings import BUILD_FILE, Home
from tests.end_to_end.conftest import Company, published

# In the order in which the demo deals records out.
CRMS, DESKS = ("hubspot", "pipedrive", "dynamics"), ("hubspot", "dynamics", "zendesk")
BILLERS = ("stripe", "chargebee")
SOURCES = (*CRMS, "zendesk", "delighted", "shopify", *BILLERS)
CUSTOMERS, MONTHS, SEED = 600, 15, 7


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    size = ("--customers", str(CUSTOMERS), "--months", str(MONTHS), "--seed", str(SEED))
    home = Home(tmp_path_factory.mktemp("elsewhere"))
    with published(home, *size, "--sources", ",".join(SOURCES)) as company:
        yield company


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    company = draw_company(CUSTOMERS, MONTHS, SEED, Parameters())
    return share_out(company, {CUSTOMERS_TOPIC: CRMS, CASES: DESKS, BILLING: BILLERS})


def rows(company: Company, query: str) -> list[tuple[Any, ...]]:
    return company.release.execute(query).fetchall()


def test_every_row_is_where_it_belongs(elsewhere: Company) -> None:
    landed = {
        (each.source, each.export, each.delivered_on): (
            each.read, each.accepted, each.rejected, each.duplicates, each.excluded,
        )
        for each in lake.accounts(elsewhere.home)
    }  # fmt: skip
    assert {source for source, *_ in landed} == {*SOURCES, "reference"}
    assert landed == {
        (each["source"], each["export"], each["delivered_on"]): (
            each["read"], each["accepted"], each["rejected"], each["duplicates"], each["excluded"],
        )
        for each in elsewhere.truth["deliveries"]
    }  # fmt: skip
    assert rows(elsewhere, "select is_degraded from release_info") == [(False,)]


def test_nps_by_month_is_what_was_answered(elsewhere: Company) -> None:
    counted = rows(
        elsewhere,
        "select cast(month as varchar), promoter_count, passive_count, detractor_count "
        "from nps_monthly where dimension = 'all' and response_count > 0",
    )
    planted = {
        (each["month"], each["promoters"], each["passives"], each["detractors"])
        for each in elsewhere.truth["nps_by_month"]
        if each["promoters"] + each["passives"] + each["detractors"]
    }
    assert set(counted) == planted
    assert len(planted) >= MONTHS - 1


def test_satisfaction_and_effort_are_what_was_answered(elsewhere: Company, drawn: Drawn) -> None:
    end = drawn.calendar.end
    responses = drawn.responses.filter(pl.col("recorded") < end)
    ratings = drawn.ratings.filter(pl.col("recorded") < end)
    csat = pl.concat([responses["csat"], ratings["csat"]]).drop_nulls()
    ces = ratings["ces"].drop_nulls()
    scores = {
        metric: tuple(counts)
        for metric, *counts in rows(
            elsewhere,
            "select metric, count(*), count(*) filter (where band in ('satisfied', 'easy')) "
            "from survey_responses group by all",
        )
    }
    assert scores["csat"] == (len(csat), (csat >= 4).sum())
    assert scores["ces"] == (len(ces), (ces >= 5).sum())


def test_comments_are_about_what_they_were_written_about(elsewhere: Company) -> None:
    found = rows(
        elsewhere,
        "select band, theme, cast(sum(comment_count) as bigint), "
        "cast(sum(mention_count) as bigint) "
        "from feedback_themes where metric = 'nps' and band <> 'all' group by all",
    )
    assert set(found) == {
        (each["band"], each["theme"], each["comments"], each["mentions"])
        for each in elsewhere.truth["themes_by_band"]
    }


def test_every_case_is_in_one_desk_with_its_replies(elsewhere: Company, drawn: Drawn) -> None:
    counts = elsewhere.truth["counts"]
    desks = dict(rows(elsewhere, "select source, count(*) from support_cases group by all"))
    # Half the cases of HubSpot's and of Dynamics' customers are in Zendesk, all of Pipedrive's.
    assert set(desks) == set(DESKS)
    assert desks["hubspot"] > 100 < desks["dynamics"]
    assert desks["zendesk"] > desks["hubspot"] + desks["dynamics"]
    # HubSpot says when the first reply was and not how many there were, Dynamics neither.
    found = rows(
        elsewhere,
        "select count(*), count(first_reply_at), count(*) filter (where customer_key is null) "
        "from support_cases",
    )
    desk = drawn.cases["desk"].gather(drawn.correspondence.replies["case"].unique())
    answered = int((desk != "dynamics").sum())
    assert counts["answered_cases"] > answered > 0
    assert found == [(counts["cases"], answered, 0)]
    state = drawn.case_events.group_by("case").agg(pl.col("status").sort_by("event").last())
    closed = rows(elsewhere, "select count(*) from support_cases where is_closed")
    assert closed == [((state["status"] == CLOSED).sum(),)]


def test_every_customer_is_one_in_all_systems(elsewhere: Company) -> None:
    counts = elsewhere.truth["counts"]
    kinds = dict(rows(elsewhere, "select customer_kind, count(*) from customers group by all"))
    assert kinds == {"account": counts["accounts"], "person": counts["shop_only_customers"]}
    assert rows(elsewhere, "select sum(order_count) from customers") == [
        (counts["countable_orders"],)
    ]
    unknown = rows(
        elsewhere,
        "select count(*) from survey_responses where customer_key is null and metric = 'nps'",
    )
    assert unknown[0][0] <= counts["anonymous_responses"]


def test_subscribers_are_those_who_were_in_force(elsewhere: Company, drawn: Drawn) -> None:
    subscriptions, calendar = drawn.billing.subscriptions, drawn.calendar
    paid = subscriptions.filter(pl.col("paid_month") >= 0)
    ending = rows(
        elsewhere,
        "select ending_customers from retention_monthly where dimension = 'all' "
        "and not is_partial_month order by month",
    )
    in_force = [
        paid.filter((pl.col("paid_month") <= at) & (pl.col("ended_at") >= cutoff))
        for at, cutoff in enumerate(calendar.starts[1:])
    ]
    assert ending == [(frame["customer"].n_unique(),) for frame in in_force]
    billers = drawn.customers["biller"].gather(in_force[-1]["customer"]).value_counts()
    assert billers.height == 2
    assert billers["count"].min() > 100  # type: ignore[operator]


def test_recurring_revenue_is_the_planted_one_in_both_billers(
    elsewhere: Company, drawn: Drawn
) -> None:
    found = dict(
        rows(
            elsewhere,
            "select cast(month as varchar), ending_mrr from retention_monthly "
            "where dimension = 'all' and not is_partial_month",
        )
    )
    planted: dict[str, dict[str, float]] = {}
    for each in elsewhere.truth["subscriptions_by_month"]:
        planted.setdefault(each["month"], {})[each["currency"]] = float(each["mrr"])
    assert len(found) == len(planted) == MONTHS
    # Each price is worth what a euro was when it began to hold.
    lowest, highest = drawn.euro_rates.min(), drawn.euro_rates.max()
    for month, mrr in planted.items():
        assert mrr["USD"] + lowest * mrr["EUR"] <= float(found[month]) + 0.01, month
        assert float(found[month]) - 0.01 <= mrr["USD"] + highest * mrr["EUR"], month
    assert 0 < highest - lowest < 0.07


def test_who_renews_late_is_told_from_who_is_lost(elsewhere: Company) -> None:
    counts = elsewhere.truth["counts"]
    outcomes = dict(rows(elsewhere, "select outcome, count(*) from churn_events group by all"))
    assert outcomes["renewed_late"] == counts["late_renewals"] > 0
    assert outcomes.get("in_grace", 0) == counts["subscriptions_in_grace"]


def test_deals_of_both_crms_are_won_and_lost_as_drawn(elsewhere: Company, drawn: Drawn) -> None:
    crm = pl.lit(drawn.customers["crm"]).gather(pl.col("customer"))
    deals = drawn.opportunity_versions.filter(
        crm.is_in(["hubspot", "pipedrive"]) & pl.col("is_closed")
    )
    found = rows(
        elsewhere,
        "select cast(sum(won_count) as bigint), cast(sum(lost_count) as bigint), "
        "cast(sum(undeclared_count) as bigint) from deals_monthly where dimension = 'all'",
    )
    won = int(deals["is_won"].sum())
    assert found == [(won, deals.height - won, 0)]
    assert won > 300 > deals.height - won > 30
    dollars = deals.filter("is_won").with_columns(
        pl.lit(drawn.customers["is_euro"]).gather(pl.col("customer")).alias("is_euro")
    )
    cents = {is_euro: dollars.filter(is_euro=is_euro)["amount"].sum() for is_euro in (False, True)}
    amount = rows(elsewhere, "select sum(won_amount) from deals_monthly where dimension = 'all'")
    lowest, highest = drawn.euro_rates.min(), drawn.euro_rates.max()
    usd, eur = cents[False] / 100, cents[True] / 100
    assert usd + lowest * eur < float(amount[0][0]) < usd + highest * eur


def test_a_collected_payment_is_for_a_subscription_whoever_bills_it(elsewhere: Company) -> None:
    counts = elsewhere.truth["counts"]
    build = max(
        elsewhere.home.builds.glob(f"*/{BUILD_FILE}"), key=lambda path: path.stat().st_mtime
    )
    with duckdb.connect(str(build), read_only=True) as connection:
        found = connection.execute(
            "select count(*), count(*) filter (where is_collected), "
            "count(*) filter (where is_collected and purpose <> 'subscription') "
            "from intermediate.int_payments"
        ).fetchall()
    paid = counts["payments"] - counts["failed_payments"]
    assert found == [(counts["payments"], paid, 0)]


def test_every_follow_up_meets_its_detractor(elsewhere: Company) -> None:
    counts = elsewhere.truth["counts"]
    found = rows(
        elsewhere,
        "select count(*) filter (where has_follow_up), count(*) filter (where is_sla_met), "
        "count(*) filter (where status = 'closed') from detractor_follow_up where metric = 'nps'",
    )
    assert found == [
        (
            counts["follow_ups"],
            counts["follow_ups_contacted_in_time"],
            counts["follow_ups_closed"],
        )
    ]
