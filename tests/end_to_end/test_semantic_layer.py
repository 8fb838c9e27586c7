"""The metrics of `dbt_project/models/semantic/`, as MetricFlow computes them, against the marts."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from pipelines.builds import newest_build
from pipelines.settings import CHECKOUT
from tests.end_to_end.conftest import Company, environment_of

PROJECT = CHECKOUT / "dbt_project"
Ask = Callable[..., dict[tuple[Any, ...], tuple[Any, ...]]]

MONTH = "metric_time__month"
SHARED = ("segment", "country", "team", "leader")
ANSWERS = ("channel", "source", "survey")
# Metrics, the mart that holds them, its columns, the dimensions that both know.
MARTS = [
    (("nps", "nps_responses"), "nps_monthly", ("nps", "response_count"), "answer", ANSWERS),
    (("csat", "csat_responses"), "csat_monthly", ("csat", "response_count"), "answer", ANSWERS),
    (("ces", "ces_responses"), "ces_monthly", ("ces", "response_count"), "answer", ANSWERS),
    (
        ("logo_retention", "grr", "nrr", "starting_customers", "churned_customers"),
        "retention_monthly",
        ("logo_retention", "grr", "nrr", "starting_customers", "churned_customers"),
        "",
        (),
    ),
    (
        ("first_contact_resolution", "escalation_rate", "closed_cases"),
        "service_monthly",
        ("fcr_rate", "escalation_rate", "closed_count"),
        "support_case",
        ("channel", "priority"),
    ),
    (
        ("opened_cases",),
        "service_monthly",
        ("opened_count",),
        "support_case",
        ("channel", "priority"),
    ),
    (
        ("first_reply_minutes_median", "resolution_minutes_median"),
        "service_monthly",
        ("first_reply_minutes_median", "resolution_minutes_median"),
        "support_case",
        ("channel", "priority"),
    ),
    (
        ("first_reply_business_minutes_median", "resolution_business_minutes_median"),
        "service_monthly",
        ("first_reply_business_minutes_median", "resolution_business_minutes_median"),
        "support_case",
        ("channel", "priority"),
    ),
]
CASES = [
    pytest.param(metrics, mart, columns, dimension, asked, id=f"{metrics[0]}-{dimension}")
    for metrics, mart, columns, entity, own in MARTS
    for dimension, asked in [
        ("all", None),
        *((each, each) for each in SHARED),
        *((each, f"{entity}__{each}") for each in own),
    ]
]


@pytest.fixture(scope="module")
def engine(company: Company) -> MetricFlowEngine:
    # It writes SQL and runs none, so that of a client it only needs to know whose SQL.
    client: Any = SimpleNamespace(
        sql_engine_type=SqlEngine.DUCKDB, sql_plan_renderer=DuckDbSqlPlanRenderer()
    )
    manifest = (PROJECT / "target" / "semantic_manifest.json").read_text()
    return MetricFlowEngine(
        SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(manifest)), client
    )


@pytest.fixture(scope="module")
def build(company: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    path = newest_build(company.home, besides="")
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@pytest.fixture(scope="module")
def ask(engine: MetricFlowEngine, build: duckdb.DuckDBPyConnection) -> Ask:
    """Values of metrics by the values of what they are grouped by."""

    def answer(
        metrics: Sequence[str], by: Sequence[str] = ()
    ) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=by)
        found = build.sql(engine.explain(request).sql_statement.sql)
        place = {name: found.columns.index(name) for name in (*by, *metrics)}
        return {
            tuple(row[place[name]] for name in by): tuple(row[place[name]] for name in metrics)
            for row in found.fetchall()
        }

    return answer


def told(groups: dict[tuple[Any, ...], tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Without the groups of which nothing is known: marts show months in which nothing happened."""
    return {group: values for group, values in groups.items() if any(values)}


@pytest.mark.parametrize(("metrics", "mart", "columns", "dimension", "asked"), CASES)
def test_a_metric_by_month_is_its_marts(
    ask: Ask,
    build: duckdb.DuckDBPyConnection,
    metrics: Sequence[str],
    mart: str,
    columns: Sequence[str],
    dimension: str,
    asked: str | None,
) -> None:
    by_month = ask(metrics, [MONTH, *([asked] if asked else [])])
    found = {
        (month.date(), *(value or "(not set)" for value in group)): values
        for (month, *group), values in by_month.items()
    }
    rows = build.execute(
        f"select month, dimension_value, {', '.join(columns)} from marts.{mart} "
        "where dimension = ?",
        [dimension],
    ).fetchall()
    expected = {
        (month, *([value] if asked else [])): tuple(values) for month, value, *values in rows
    }
    assert told(found) == told(expected)
    assert len(told(found)) >= 10


def test_metrics_of_several_facts_are_asked_for_together(ask: Ask) -> None:
    metrics = ("nps", "csat", "nrr", "first_contact_resolution", "mrr")
    together = ask(metrics, [MONTH, "team"])
    assert len(together) > 20
    for number, metric in enumerate(metrics):
        alone = {group: value for group, (value,) in ask([metric], [MONTH, "team"]).items()}
        assert {group: values[number] for group, values in together.items()} == {
            group: alone.get(group) for group in together
        }
        assert alone.keys() <= together.keys()


def test_recurring_revenue_is_a_level_and_never_added_over_months(
    ask: Ask, build: duckdb.DuckDBPyConnection
) -> None:
    months = build.execute(
        "select month, sum(mrr), sum(is_subscriber::int) from marts.customer_months "
        "group by month order by month"
    ).fetchall()
    found = ask(["mrr", "subscribers"], [MONTH])
    assert {month.date(): values for (month,), values in found.items()} == {
        month: tuple(values) for month, *values in months
    }
    assert ask(["mrr", "subscribers"]) == {(): tuple(months[-1][1:])}


def test_lifetime_value_is_the_sum_of_the_customers(
    ask: Ask, build: duckdb.DuckDBPyConnection
) -> None:
    metrics = ("total_clv", "predicted_clv_36m", "valued_customers", "mean_total_clv")
    for by, column in (
        ("customer__present_segment", "segment"),
        ("segment", "segment"),
        (MONTH, "date_trunc('month', first_bought_on)::timestamp"),
    ):
        rows = build.execute(
            f"""
            select
                {column}, sum(total_clv), sum(predicted_clv_36m), count(total_clv),
                sum(total_clv)::double / nullif(count(total_clv), 0)
            from marts.customer_lifetime_value group by all
            """
        ).fetchall()
        assert ask(metrics, [by]) == {(group,): tuple(values) for group, *values in rows}
        assert len(rows) >= 3


def test_satisfaction_can_be_asked_for_by_what_customers_are_worth(
    ask: Ask, build: duckdb.DuckDBPyConnection
) -> None:
    rows = build.execute(
        """
        select
            clv_decile,
            count(*) filter (band = 'promoter') - count(*) filter (band = 'detractor'),
            count(*)
        from marts.survey_responses
        left join marts.customer_lifetime_value using (customer_key)
        where metric = 'nps'
        group by clv_decile
        """
    ).fetchall()
    assert ask(["nps"], ["customer__clv_decile"]) == {
        (decile,): (100 * float(difference) / count,) for decile, difference, count in rows
    }


def test_employees_are_asked_about_by_groups_of_five_and_more(engine: MetricFlowEngine) -> None:
    """Two teams under one leader, 10 and 3 answers in January; in February 5 and none."""

    def answer(metric: str, by: Sequence[str]) -> dict[tuple[Any, ...], Any]:
        request = MetricFlowQueryRequest.create(metric_names=[metric], group_by_names=by)
        found = build.sql(engine.explain(request).sql_statement.sql)
        place = found.columns.index(metric)
        return {
            tuple(row[found.columns.index(name)] for name in by): row[place]
            for row in found.fetchall()
        }

    with duckdb.connect() as build:
        build.execute("attach ':memory:' as build; use build; create schema marts")
        build.execute(
            """
            create table marts.enps_monthly as from (values
                (date '2025-01-01', 'all', 'all', 19, 10, 5, false),
                (date '2025-01-01', 'leader', 'Kim', 19, 10, 5, false),
                (date '2025-01-01', 'team', 'Aurora', 10, 6, 2, false),
                (date '2025-01-01', 'team', 'Basalt', 3, null, null, true),
                (date '2025-01-01', 'team', 'Copper', 6, null, null, true),
                (date '2025-02-01', 'all', 'all', 5, 1, 4, false),
                (date '2025-02-01', 'leader', 'Kim', 5, 1, 4, false),
                (date '2025-02-01', 'team', 'Aurora', 5, 1, 4, false)
            ) as rows (
                month, dimension, dimension_value, response_count, promoter_count,
                detractor_count, is_suppressed
            )
            """
        )
        by_month = answer("enps", [MONTH])
        assert {month.month: value for (month,), value in by_month.items()} == {
            1: 100 * 5 / 19,
            2: -60,
        }
        assert answer("enps", []) == {(): 100 * 2 / 24}
        assert answer("enps_by_team", ["team"]) == {
            ("Aurora",): 100 / 15,
            ("Basalt",): None,
            ("Copper",): None,
        }
        assert answer("enps_by_leader", ["leader"]) == {("Kim",): 100 * 2 / 24}


def test_every_metric_can_be_asked_for_as_a_whole_and_by_month(
    engine: MetricFlowEngine, ask: Ask
) -> None:
    metrics = [metric.name for metric in engine.list_metrics()]
    assert len(metrics) > 30
    for metric in metrics:
        ((whole,),) = ask([metric]).values()
        values = [value for (value,) in ask([metric], [MONTH]).values()]
        # The demo company asks on the other scale, and doesn't ask its employees.
        if metric.startswith(("effort_", "enps")):
            assert not whole
        else:
            assert whole is not None, metric
            assert any(value is not None for value in values), metric


def test_the_command_in_the_documentation_answers(company: Company, tmp_path: Path) -> None:
    documented = (CHECKOUT / "docs" / "metrics.md").read_text()
    line = next(line for line in documented.splitlines() if "bin/mf query" in line)
    arguments = line.split("mf query", 1)[1].split()
    build = newest_build(company.home, besides="")
    assert build is not None
    answers = tmp_path / "answers.csv"
    done = subprocess.run(
        [Path(sys.executable).with_name("mf"), "query", *arguments, "--csv", answers],
        cwd=PROJECT,
        env={
            **environment_of(company.home.path),
            "CX_BUILD": str(build.parent),
            "CX_READ_ONLY": "yes",
            "DBT_LOG_PATH": str(tmp_path),
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert answers.read_text().splitlines()[0] == "metric_time__month,team,nps,csat,nrr"
