"""The demo company's planted truth, recovered from the release; its planted faults, all found."""

import json
import math
import os
import re
import shutil
import subprocess
from collections import Counter
from hashlib import md5
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipelines import lake
from pipelines.contracts.contract import all_exports
from pipelines.dbt_manifest import dbt_variables
from pipelines.dbt_process import PROJECT
from pipelines.headlines import last_whole_month, standing_lines
from pipelines.lifetime_value import fit_bg_nbd, fit_gamma_gamma
from pipelines.settings import BUILD_FILE, CHECKOUT, load_settings
from tests.end_to_end.conftest import CX, Company, environment_of

# One in a thousand: the draws are fixed by the seed, so a test that passes once passes for ever.
WIDE = stats.norm.ppf(1 - 0.0005)


def one(company: Company, query: str) -> tuple[Any, ...]:
    row = company.release.execute(query).fetchone()
    assert row is not None
    return row


class TestFaults:
    def test_every_row_of_every_delivery_is_where_it_belongs(self, company: Company) -> None:
        landed = {
            (account.source, account.export, account.delivered_on): (
                account.read,
                account.accepted,
                account.rejected,
                account.duplicates,
                account.excluded,
            )
            for account in lake.accounts(company.home)
        }
        planted = {
            (each["source"], each["export"], each["delivered_on"]): (
                each["read"],
                each["accepted"],
                each["rejected"],
                each["duplicates"],
                each["excluded"],
            )
            for each in company.truth["deliveries"]
        }
        assert landed == planted

    def test_every_planted_fault_is_in_quarantine_for_its_own_reason_and_no_good_row_is(
        self, company: Company
    ) -> None:
        planted: Counter[tuple[str, str, str, str]] = Counter()
        for fault in company.truth["faults"]:
            if fault["outcome"] == "rejected":
                name = f"{fault['source']}/{fault['export']}"
                key = name, fault["delivered_on"], fault["column"], fault["code"]
                planted[key] += fault["rows"]
        found: Counter[tuple[str, str, str, str]] = Counter()
        for export in all_exports():
            for day in lake.landed_days(company.home, export):
                path = lake.rejected_file(company.home, export, day)
                for reasons in pl.read_parquet(path, hive_partitioning=False)["reasons"]:
                    assert len(reasons) == 1
                    name = f"{export.source}/{export.name}"
                    found[name, str(day), reasons[0]["column"], reasons[0]["code"]] += 1
        assert found == planted
        kinds = {fault["kind"] for fault in company.truth["faults"]}
        assert len(kinds) >= 15

    def test_the_terminal_tells_what_was_rejected_and_why(self, company: Company) -> None:
        assert "QID1: out_of_range" in company.output
        assert "(excluded) test_gateway" in company.output
        assert "current.duckdb" in company.output

    def test_the_terminal_tells_where_each_group_of_marts_stands(self, company: Company) -> None:
        (as_of,) = one(company, "select as_of from release_info")
        told = list(standing_lines(company.release, last_whole_month(as_of)))
        assert {group for group, _ in told if group} == {
            "feedback", "retention", "value", "service", "people", "worth",
        }  # fmt: skip
        printed = company.output.splitlines()
        assert [each for each in told if f" {each[0]:<10} {each[1]}" not in printed] == []
        assert not any("–" in text for _, text in told)


class TestNumbersAgree:
    def test_every_score_that_was_written_is_in_the_mart_once(self, company: Company) -> None:
        counts = company.truth["counts"]
        scores = dict(
            company.release.execute(
                "select metric, count(*) from survey_responses group by all"
            ).fetchall()
        )
        assert scores["nps"] == counts["nps_scores"]
        assert scores["csat"] == counts["relationship_csat_scores"] + counts["support_csat_scores"]
        assert scores["ces"] == counts["ces_scores"]

    def test_nps_by_month_is_what_was_answered(self, company: Company) -> None:
        rows = company.release.execute(
            "select month, promoter_count, passive_count, detractor_count "
            "from nps_monthly where dimension = 'all'"
        ).fetchall()
        planted = {
            each["month"]: (each["promoters"], each["passives"], each["detractors"])
            for each in company.truth["nps_by_month"]
        }
        counted = {str(month): tuple(counts) for month, *counts in rows}
        assert {month: each for month, each in planted.items() if sum(each)} == {
            month: each for month, each in counted.items() if sum(each)
        }

    def test_comments_are_about_what_they_were_written_about(self, company: Company) -> None:
        found = company.release.execute("""
            select
                band, theme, cast(sum(comment_count) as bigint),
                cast(sum(mention_count) as bigint)
            from feedback_themes where metric = 'nps' and band <> 'all' group by all
        """).fetchall()
        planted = {
            (each["band"], each["theme"], each["comments"], each["mentions"])
            for each in company.truth["themes_by_band"]
        }
        assert set(found) == planted
        assert one(company, "select bool_or(is_partial_month) from feedback_themes") == (False,)
        assert sum(mentions for *_, mentions in planted) > 1_000

    def test_who_writes_of_prices_is_less_loyal_and_their_score_says_so(
        self, company: Company
    ) -> None:
        themes = company.release.execute("""
            select theme, sum(mention_score * mention_count) / sum(mention_count),
                sum(comment_score * comment_count) / sum(comment_count)
            from feedback_themes where metric = 'nps' and band = 'all' group by all
        """).fetchall()
        assert {theme for theme, mention, every in themes if mention < every} == {
            "price", "no answer", "invoice", "access",
        }  # fmt: skip

    def test_customers_cases_and_orders_are_all_there(self, company: Company) -> None:
        counts = company.truth["counts"]
        assert one(company, "select count(*) from support_cases") == (counts["cases"],)
        orders = one(company, "select sum(order_count) from customers")
        assert orders == (counts["countable_orders"],)

    def test_every_follow_up_meets_its_detractor(self, company: Company) -> None:
        counts = company.truth["counts"]
        found = one(
            company,
            """
            select
                count(*) filter (where has_follow_up),
                count(*) filter (where status in ('contacted', 'closed')),
                count(*) filter (where is_sla_met),
                count(*) filter (where status = 'closed')
            from detractor_follow_up
            where metric = 'nps'
            """,
        )
        assert found == (
            counts["follow_ups"],
            counts["follow_ups_contacted"],
            counts["follow_ups_contacted_in_time"],
            counts["follow_ups_closed"],
        )
        assert min(found) > 100

    def test_replies_are_counted_and_judged_as_they_were_written(self, company: Company) -> None:
        counts = company.truth["counts"]
        found = one(
            company,
            """
            select
                sum(reply_count),
                count(*) filter (where reply_count > 0),
                count(first_reply_at),
                count(*) filter (where is_first_contact_resolved),
                count(*) filter (where not is_first_contact_resolved)
            from support_cases
            """,
        )
        assert found == (
            counts["agent_replies"],
            counts["answered_cases"],
            counts["answered_cases"],
            counts["cases_resolved_at_first_contact"],
            counts["cases_not_resolved_at_first_contact"],
        )
        assert min(found) > 500
        # Nothing internal, unsent or taken back is a reply: these come before work begins.
        early = "select count(*) from support_cases where first_reply_at <> first_touched_at"
        assert one(company, early) == (0,)

    def test_business_minutes_are_known_of_every_reply_and_closing(self, company: Company) -> None:
        unknown = """
            select count(*)
            from support_cases
            where (first_reply_business_minutes is null) <> (first_reply_minutes is null)
                or (resolution_business_minutes is null) <> (resolution_minutes is null)
        """
        assert one(company, unknown) == (0,)

    def test_revenue_is_the_planted_one_to_the_cent(self, company: Company) -> None:
        counts = company.truth["counts"]
        (dollars,) = one(
            company,
            "select sum(order_revenue) from customer_months",
        )
        (valued,) = one(company, "select sum(historic_revenue) from customer_lifetime_value")
        assert dollars == valued
        # Euros are worth a little more or less each month; dollars alone bound the total below.
        assert dollars * 100 > counts["net_revenue_usd_cents"]


class TestWhatBiToolsShow:
    def test_every_mart_and_each_of_its_columns_says_what_it_is(self, company: Company) -> None:
        assert (
            company.release.execute(
                "select table_name, column_name from duckdb_columns() "
                "where not internal and not starts_with(table_name, 'release_') and comment is null"
            ).fetchall()
            == []
        )
        assert (
            company.release.execute(
                "select table_name from duckdb_tables() where not starts_with(table_name, "
                "'release_') and (comment is null or not starts_with(comment, 'One row per '))"
            ).fetchall()
            == []
        )


class TestTruth:
    def test_the_planted_purchase_process_is_within_the_likelihood_of_the_data(
        self, company: Company
    ) -> None:
        frequency, recency, age = _buyers(company)
        planted = company.truth["parameters"]["purchases"]
        fitted = fit_bg_nbd(frequency, recency, age)
        truth = _bg_nbd_log_likelihood(frequency, recency, age, **planted)
        # Wilks: twice the difference is chi-squared with as many degrees as parameters.
        assert 2 * (fitted.log_likelihood - truth) < stats.chi2.ppf(0.999, 4)

    def test_the_planted_spend_is_within_the_likelihood_of_the_data(self, company: Company) -> None:
        rows = company.release.execute(
            "select frequency, repeat_order_value from customer_lifetime_value "
            "where frequency > 0 and repeat_order_value > 0"
        ).fetchnumpy()
        x = rows["frequency"].astype(float)
        value = rows["repeat_order_value"].astype(float)
        planted = company.truth["parameters"]["spend"]
        fitted = fit_gamma_gamma(x, value)
        truth = _gamma_gamma_log_likelihood(x, value, **planted)
        own = _gamma_gamma_log_likelihood(x, value, fitted.p, fitted.q, fitted.v)
        # Refunds and exchange rates blur single values; the share they touch is in the truth.
        assert 2 * (own - truth) < stats.chi2.ppf(0.999, 3) + 0.01 * len(x)

    @pytest.mark.parametrize(
        "band", ["promoter", "passive", "detractor", "never_answered", "called_back"]
    )
    def test_customers_leave_at_the_planted_odds_of_their_band(
        self, company: Company, band: str
    ) -> None:
        at_risk, churned = _churn(company)[band]
        odds = company.truth["parameters"]["churn"][band]
        assert at_risk > 300
        error = math.sqrt(odds * (1 - odds) / at_risk)
        assert abs(churned / at_risk - odds) < WIDE * error

    def test_who_renews_late_is_told_from_who_is_lost(self, company: Company) -> None:
        counts = company.truth["counts"]
        outcomes = dict(
            company.release.execute(
                "select outcome, count(*) from churn_events group by all"
            ).fetchall()
        )
        assert outcomes["renewed_late"] == counts["late_renewals"] > 10
        assert outcomes["in_grace"] == counts["subscriptions_in_grace"] > 0
        assert set(outcomes) == {"renewed_late", "in_grace", "lost"}
        renewed = one(
            company,
            "select count(*), count(distinct customer_key), min(returned_on - ended_on), "
            "max(returned_on - ended_on) from churn_events where outcome = 'renewed_late'",
        )
        assert renewed[0] >= renewed[1] > 10
        assert 1 <= renewed[2] < renewed[3] <= 14
        # Only who was missing at a month's end is reactivated.
        reactivated = one(
            company,
            "select cast(sum(late_renewal_customers) as bigint), "
            "count(*) filter (where late_renewal_customers > 0 and late_renewal_mrr = 0) "
            "from retention_monthly where dimension = 'all'",
        )
        assert reactivated == (counts["late_renewals_after_a_months_end"], 0)
        assert 0 < reactivated[0] < renewed[0]
        judged = outcomes["renewed_late"] + outcomes["lost"]
        odds = company.truth["parameters"]["churn"]["renews_late"]
        error = math.sqrt(odds * (1 - odds) / judged)
        assert abs(outcomes["renewed_late"] / judged - odds) < WIDE * error

    def test_promoters_stay_longer_and_detractors_leave(self, company: Company) -> None:
        shares = {band: churned / at_risk for band, (at_risk, churned) in _churn(company).items()}
        assert shares["promoter"] < shares["passive"] < shares["detractor"]

    def test_fewer_detractors_than_promoters_still_subscribe_and_nobody_counts_twice(
        self, company: Company
    ) -> None:
        rows = company.release.execute(
            "select band, retention_12m, present_customer_count, customer_count, "
            "retention_difference_low, retention_difference_high "
            "from cx_value where metric = 'nps'"
        ).fetchall()
        # Of so few answers that are a year old the odds show, if not always beyond doubt.
        kept = {band: share for band, share, *_ in rows}
        assert kept["detractor"] < min(kept["passive"], kept["promoter"])
        for band, share, _, _, low, high in rows:
            if band != "passive":
                assert low < share - kept["passive"] < high
        answered = one(
            company,
            "select count(distinct customer_key) filter (where is_young), "
            "count(distinct customer_key) filter (where not is_young) from (select customer_key, "
            "responded_on + interval 12 month > (select as_of from release_info) as is_young "
            "from survey_responses where metric = 'nps')",
        )
        assert answered == (sum(row[2] for row in rows), sum(row[3] for row in rows))

    def test_detractors_who_are_called_back_stay_longer_by_the_planted_odds(
        self, company: Company
    ) -> None:
        low, high, evidence = one(
            company,
            "select effect_low, effect_high, evidence from follow_up_impact where metric = 'nps'",
        )
        assert low < company.truth["call_back_effect"] < high < 0
        assert evidence == "better"

    @pytest.mark.parametrize("minutes", ["first_touch_minutes", "first_reply_minutes"])
    def test_a_slow_start_costs_satisfaction_as_planted(
        self, company: Company, minutes: str
    ) -> None:
        # Whoever took a course that raises ratings is judged by other odds for a while.
        taught = {
            user
            for course in company.truth["courses"]
            for user in course["graduates"]
            if course["lift"]
        }
        rows = company.release.execute(
            f"""
            select {minutes} / 60.0 as hours, latest_csat_band = 'satisfied' as satisfied
            from support_cases
            where {minutes} > 0 and latest_csat_band is not null
                and not list_contains(?, agent_key)
            """,
            [[md5(f"salesforce|user|{user}".encode()).hexdigest() for user in taught]],
        ).fetchnumpy()
        assert len(rows["hours"]) > 1_000
        hours, satisfied = rows["hours"].astype(float), rows["satisfied"].astype(float)
        estimate, error = _logistic(np.log(hours), satisfied)
        planted = company.truth["parameters"]["service"]
        assert abs(estimate[0] - planted["intercept"]) < WIDE * error[0]
        assert abs(estimate[1] + planted["slope"]) < WIDE * error[1]

    def test_a_course_that_raises_ratings_is_told_from_one_that_does_nothing(
        self, company: Company
    ) -> None:
        found = {
            course: (graduates, low, high, evidence)
            for course, graduates, low, high, evidence in company.release.execute(
                "select course, graduate_count, effect_low, effect_high, evidence "
                "from training_impact where metric = 'csat'"
            ).fetchall()
        }
        empathy, nothing = company.truth["courses"]
        assert set(found) == {empathy["course"], nothing["course"]}
        graduates, low, high, evidence = found[empathy["course"]]
        assert graduates == len(empathy["graduates"])
        assert low < empathy["lift"] < high
        assert (evidence, low > 0.02) == ("better", True)
        graduates, low, high, evidence = found[nothing["course"]]
        assert graduates == len(nothing["graduates"])
        assert low < 0 < high
        assert evidence == "no_evidence"

    def test_an_investment_that_pleases_is_told_from_one_that_does_nothing(
        self, company: Company
    ) -> None:
        found = {
            row[0]: row[1:]
            for row in company.release.execute(
                "select investment, effect_low, effect_high, evidence, is_beyond_doubt, cost, "
                "currency, cost_per_point_low, cost_per_point, cost_per_point_high "
                "from cx_investments"
            ).fetchall()
        }
        line, nothing = company.truth["investments"]
        assert set(found) == {line["what"], nothing["what"]}
        low, high, evidence, is_sure, cost, currency, *prices = found[line["what"]]
        assert low < line["lift"] < high
        assert (evidence, is_sure, low > 5) == ("better", True, True)
        assert (cost, currency) == (120_000, "USD")
        assert prices == sorted(prices)
        low, high, evidence, is_sure, cost, currency, *prices = found[nothing["what"]]
        assert low < 0 < high
        assert (evidence, is_sure) == ("no_evidence", False)
        assert 40_000 < cost < 48_000  # euros
        assert prices == [None, None, None]

    def test_nps_follows_the_planted_mix(self, company: Company) -> None:
        """Σ over months of squared standardised differences is chi-squared."""
        total, months = 0.0, 0
        for each in company.truth["nps_by_month"]:
            n = each["promoters"] + each["passives"] + each["detractors"]
            if n < 50:
                continue
            promoters, detractors = each["promoter_share"], each["detractor_share"]
            expected = 100 * (promoters - detractors)
            variance = (promoters + detractors - (promoters - detractors) ** 2) / n
            (nps,) = one(
                company,
                "select nps from nps_monthly "
                f"where dimension = 'all' and month = '{each['month']}'",
            )
            total += ((nps - expected) / 100) ** 2 / variance
            months += 1
        assert months > MONTHS_AT_LEAST
        assert total < stats.chi2.ppf(0.999, months)


MONTHS_AT_LEAST = 12


def _buyers(company: Company) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = company.release.execute(
        "select frequency, recency_weeks, age_weeks from customer_lifetime_value "
        "where frequency is not null"
    ).fetchnumpy()
    return tuple(  # type: ignore[return-value]
        rows[name].astype(float) for name in ("frequency", "recency_weeks", "age_weeks")
    )


def _bg_nbd_log_likelihood(
    x: np.ndarray, recency: np.ndarray, age: np.ndarray, r: float, alpha: float, a: float, b: float
) -> float:
    """Fader, Hardie & Lee (2005), equation 6, written out apart from the module under test."""
    from scipy.special import betaln, gammaln

    a1 = gammaln(r + x) - gammaln(r) + r * math.log(alpha)
    a2 = betaln(a, b + x) - betaln(a, b)
    a3 = -(r + x) * np.log(alpha + age)
    dropped_out = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + recency)
    a4 = np.where(x > 0, dropped_out, -np.inf)
    return float(np.sum(a1 + a2 + np.logaddexp(a3, a4)))


def _gamma_gamma_log_likelihood(
    x: np.ndarray, m: np.ndarray, p: float, q: float, v: float
) -> float:
    """Fader & Hardie (2013), equation 1a."""
    from scipy.special import gammaln

    return float(
        np.sum(
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(v)
            + (p * x - 1) * np.log(m)
            + p * x * np.log(x)
            - (p * x + q) * np.log(x * m + v)
        )
    )


def _churn(company: Company) -> dict[str, tuple[int, int]]:
    """At risk and churned among monthly subscriptions, by standing as each month began."""
    subscriptions = company.home.lake / "stripe" / "subscriptions" / "*" / "*.parquet"
    rows = company.release.execute(
        f"""
        with subscriptions as (
            select id, account_id, start, ended_at
            from read_parquet('{subscriptions}')
            where interval = 'month' and trial_end is null and account_id is not null
                and status not in ('incomplete', 'incomplete_expired')
            qualify row_number() over (partition by id order by delivered_on desc) = 1
        ),
        months as (
            select distinct month
            from customer_months
            where month + interval 1 month
                <= (select date_trunc('month', as_of + 1) from release_info)
        ),
        exposed as (
            select
                customers.customer_key,
                months.month,
                ended_at is not null and ended_at < months.month + interval 1 month as has_ended
            from subscriptions
            inner join customers on subscriptions.account_id = customers.salesforce_account_id
            inner join months
                on subscriptions.start < months.month
                and (ended_at is null or ended_at >= months.month)
        ),
        answers as (
            select
                survey_responses.customer_key, survey_responses.responded_at,
                survey_responses.band, first_contact_at
            from survey_responses
            left join detractor_follow_up using (score_key)
            where survey_responses.metric = 'nps'
        )
        select
            case
                when first_contact_at < exposed.month then 'called_back'
                else coalesce(answers.band, 'never_answered')
            end as standing,
            count(*),
            count(*) filter (where has_ended)
        from exposed
        asof left join answers
            on exposed.customer_key = answers.customer_key
            and exposed.month > answers.responded_at
        group by all
        """
    ).fetchall()
    return {band: (at_risk, churned) for band, at_risk, churned in rows}


def _logistic(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regression by Newton's method: estimates and standard errors."""
    design = np.column_stack([np.ones_like(x), x])
    beta = np.zeros(2)
    for _ in range(30):
        probability = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (probability * (1 - probability))[:, None])
        beta = beta + np.linalg.solve(information, design.T @ (y - probability))
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


class TestSurvival:
    @pytest.mark.filterwarnings("ignore:The confidence interval is undefined")
    def test_it_is_what_scipy_estimates_from_the_lives(self, company: Company) -> None:
        build = max(
            company.home.builds.glob(f"*/{BUILD_FILE}"), key=lambda path: path.stat().st_mtime
        )
        with duckdb.connect(str(build), read_only=True) as connection:
            lives = connection.sql(
                "select least(life_months, watched_months) as months, "
                "is_ended and life_months <= watched_months as is_ended "
                "from intermediate.int_subscription_lives"
            ).pl()
        months = lives["months"].to_numpy()
        ended = lives["is_ended"].to_numpy()
        estimate = stats.ecdf(stats.CensoredData(months[ended], right=months[~ended])).sf
        interval = estimate.confidence_interval(0.95, method="log-log")
        rows = company.release.sql(
            "select months, survival, survival_low, survival_high from customer_survival "
            "where dimension = 'all' and months > 0 order by months"
        ).pl()
        at = rows["months"].to_numpy()
        assert len(at) > 12
        np.testing.assert_allclose(rows["survival"], estimate.evaluate(at), rtol=1e-12)
        for ours, theirs in (("survival_low", interval.low), ("survival_high", interval.high)):
            np.testing.assert_allclose(rows[ours], theirs.evaluate(at), rtol=1e-6)

    def test_who_is_lost_is_missing_at_the_months_end(self, company: Company) -> None:
        events, bridge = one(
            company,
            """
            with lost as (
                select month, count(distinct customer_key) as customers
                from churn_events where is_customer_lost group by month
            )
            select
                sum(lost.customers),
                sum(churned_customers) - (
                    select sum(late_renewal_customers)
                    from retention_monthly
                    where dimension = 'all' and not is_partial_month
                )
            from retention_monthly join lost using (month)
            where dimension = 'all' and not is_partial_month
            """,
        )
        # Who came and left within one month was never counted at a month's end.
        assert 0.9 * events <= bridge <= events


def _questions() -> list[tuple[str, str, list[str]]]:
    """Each question of the page with its query and the columns of the answer that it prints."""
    page = (CHECKOUT / "docs" / "reading_the_numbers.md").read_text("utf-8")
    found = re.findall(
        r"^## (.+?)\n\n```sql\n(.+?)```\n\n\| (.+?) \|\n", page, re.MULTILINE | re.DOTALL
    )
    assert len(found) == page.count("```sql")
    return [(question, query, header.split(" | ")) for question, query, header in found]


@pytest.mark.parametrize(("question", "query", "columns"), _questions())
def test_the_questions_of_the_docs_can_be_asked(
    company: Company, question: str, query: str, columns: list[str]
) -> None:
    answer = company.release.execute(query)
    assert [column[0] for column in answer.description] == columns
    assert answer.fetchall(), question


def test_every_unit_test_of_the_models_passes(company: Company, tmp_path: Path) -> None:
    newest = max(company.home.builds.glob(f"*/{BUILD_FILE}"), key=os.path.getmtime)
    shutil.copyfile(newest, tmp_path / BUILD_FILE)
    target = tmp_path / "target"
    shutil.copytree(company.home.warehouse / "dbt_target", target)  # so that dbt need not parse
    for arguments in (
        ("run", "--select", "staging"),  # of exports that never landed, too: dbt asks for columns
        ("test", "--select", "test_type:unit"),
    ):
        done = subprocess.run(
            [
                *(Path(CX).with_name("dbt"), *arguments),
                *("--project-dir", PROJECT, "--profiles-dir", PROJECT),
                *("--target-path", target, "--log-path", tmp_path / "logs"),
                *dbt_variables(load_settings(company.home, {})),
            ],
            env={**environment_of(company.home.path), "CX_BUILD": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    results = json.loads((target / "run_results.json").read_text())["results"]
    assert len(results) >= 38
    assert {result["status"] for result in results} == {"pass"}
