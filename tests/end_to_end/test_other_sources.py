"""The demo company in other vendors' formats: the headline numbers are those of the usual ones.

Both are held to what was drawn, which says nothing of vendors.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from pipelines import lake
from pipelines.demo.company import Company as Drawn
from pipelines.demo.company import draw_company
from pipelines.demo.service import CLOSED
from pipelines.demo.truth import Parameters
from pipelines.settings import Home
from tests.end_to_end.conftest import Company, published

SOURCES = ("hubspot", "zendesk", "delighted", "shopify", "stripe")
CUSTOMERS, MONTHS, SEED = 600, 15, 7


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    size = ("--customers", str(CUSTOMERS), "--months", str(MONTHS), "--seed", str(SEED))
    home = Home(tmp_path_factory.mktemp("elsewhere"))
    with published(home, *size, "--sources", ",".join(SOURCES)) as company:
        yield company


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw_company(CUSTOMERS, MONTHS, SEED, Parameters())


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
    assert set(desks) == {"hubspot", "zendesk"}
    assert abs(desks["hubspot"] - desks["zendesk"]) <= 1
    # HubSpot doesn't say how many replies there were, only when the first one was.
    found = rows(
        elsewhere,
        "select count(*), count(first_reply_at), count(*) filter (where customer_key is null) "
        "from support_cases",
    )
    assert found == [(counts["cases"], counts["answered_cases"], 0)]
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
    subscriptions, end = drawn.billing.subscriptions, drawn.calendar.end
    in_force = subscriptions.filter((pl.col("paid_month") >= 0) & (pl.col("ended_at") >= end))
    ending = rows(
        elsewhere,
        "select ending_customers from retention_monthly where dimension = 'all' "
        "and not is_partial_month order by month desc limit 1",
    )
    assert ending == [(in_force["customer"].n_unique(),)]


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
