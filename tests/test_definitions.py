"""What Dagster and dbt are told: the same exports, the same columns, one job with them all."""

import tomllib
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster_dbt import DbtCliResource

from pipelines.builds import marts_in
from pipelines.contracts.contract import all_exports
from pipelines.defs.resources import Warehouse
from pipelines.defs.schedules import nightly
from pipelines.lake import LINEAGE
from pipelines.settings import CHECKOUT
from tests.conftest import TestWarehouse

MARTS = {
    "customers",
    "customers_history",
    "customer_identities",
    "identity_coverage",
    "survey_responses",
    "support_cases",
    "service_monthly",
    "customer_months",
    "customer_movements",
    "csat_monthly",
    "ces_monthly",
    "enps_monthly",
    "nps_monthly",
    "nps_rolling_90d",
    "retention_monthly",
    "retention_yearly",
    "retention_cohorts",
    "customer_survival",
    "churn_events",
    "training_impact",
    "first_reply_impact",
    "customer_lifetime_value",
    "clv_models",
    "closed_loop_monthly",
    "detractor_follow_up",
    "customer_value_cohorts",
    "deals_monthly",
    "cx_investments",
    "follow_up_impact",
}

# Marts of what no other one counts: a test ties them to the model that they add up.
COUNTED_ONCE = {"deals_monthly"}


EXPORTS = [f"{export.source}/{export.name}" for export in all_exports()]


def test_the_exports_are_these() -> None:
    assert EXPORTS == [
        "chargebee/subscriptions",
        "cornerstone/training_transcript",
        "delighted/responses",
        "dynamics/accounts",
        "dynamics/cases",
        "dynamics/contacts",
        "freshdesk/tickets",
        "googleforms/responses",
        "hotjar/responses",
        "hr/employees",
        "hubspot/companies",
        "hubspot/contacts",
        "hubspot/deals",
        "hubspot/tickets",
        "intercom/conversations",
        "moodle/course_completion",
        "msforms/responses",
        "pipedrive/deals",
        "pipedrive/organizations",
        "pipedrive/persons",
        "qualtrics/responses",
        "reference/business_hours",
        "reference/cx_investments",
        "reference/deal_stages",
        "reference/exchange_rates",
        "reference/follow_ups",
        "reference/holidays",
        "reference/kpi_targets",
        "reference/margins",
        "reference/plan_prices",
        "reference/survey_questions",
        "reference/teams",
        "reference/theme_dictionary",
        "salesforce/account",
        "salesforce/account_query",
        "salesforce/case",
        "salesforce/case_comment",
        "salesforce/case_history",
        "salesforce/case_query",
        "salesforce/case_report",
        "salesforce/contact",
        "salesforce/contact_query",
        "salesforce/email_message",
        "salesforce/opportunity",
        "salesforce/opportunity_query",
        "salesforce/user",
        "salesforce/user_query",
        "shopify/customers",
        "shopify/orders",
        "stripe/payments",
        "stripe/subscriptions",
        "surveymonkey/responses",
        "typeform/responses",
        "zendesk/tickets",
    ]


@pytest.mark.parametrize("export", all_exports(), ids=EXPORTS)
def test_contract_and_dbt_source_have_the_same_columns(
    manifest: dict[str, object], export: object
) -> None:
    sources = manifest["sources"]
    assert isinstance(sources, dict)
    source = next(
        each
        for each in sources.values()
        if (each["source_name"], each["name"]) == (export.source, export.name)  # type: ignore[attr-defined]
    )
    columns = {*export.column_types, *LINEAGE, "delivered_on"}  # type: ignore[attr-defined]
    assert set(source["columns"]) == columns
    undescribed = [name for name, column in source["columns"].items() if not column["description"]]
    assert undescribed == []


@pytest.mark.parametrize("export", all_exports(), ids=EXPORTS)
def test_a_contract_says_its_grain_and_names_its_key(export: object) -> None:
    assert export.grain.startswith("One row per ")  # type: ignore[attr-defined]
    assert set(export.key) <= set(export.column_types)  # type: ignore[attr-defined]
    assert export.modified in {None, *export.column_types}  # type: ignore[attr-defined]


def test_every_mart_of_the_contract_with_bi_is_there(manifest: dict[str, object]) -> None:
    assert set(marts_in(manifest)) >= MARTS


def test_every_mart_has_a_contract_its_grain_first_and_every_column_described(
    manifest: dict[str, object],
) -> None:
    nodes = manifest["nodes"]
    assert isinstance(nodes, dict)
    marts = set(marts_in(manifest))
    for node in nodes.values():
        if node["resource_type"] == "model" and node["name"] in marts:
            assert node["config"]["contract"]["enforced"], node["name"]
            assert node["description"].startswith("One row per "), node["name"]
            for column in node["columns"].values():
                assert column["description"], (node["name"], column["name"])


def test_every_mart_has_a_unit_test_an_identity_with_another_mart_and_an_exposure(
    manifest: dict[str, object],
) -> None:
    nodes, unit_tests, exposures = (
        manifest[each].values()  # type: ignore[attr-defined]
        for each in ("nodes", "unit_tests", "exposures")
    )
    marts = set(marts_in(manifest))

    def used_by(node: dict[str, dict[str, list[str]]]) -> set[str]:
        return {key.rsplit(".", 1)[-1] for key in node["depends_on"]["nodes"]}

    unit_tested = {each["model"] for each in unit_tests}
    assert marts - unit_tested == set()
    # What ties marts together is a test of its own, not one of a column, and stops the release.
    identities = [
        used_by(node)
        for node in nodes
        if node["resource_type"] == "test"
        and "test_metadata" not in node
        and node["config"]["severity"].lower() == "error"
    ]
    added_up = {mart for used in identities if len(used) > 1 for mart in used & marts}
    tied = {mart for used in identities if len(used & marts) > 1 for mart in used & marts}
    assert added_up == marts
    assert marts - tied - COUNTED_ONCE == set()
    assert marts - set().union(*map(used_by, exposures)) == set()


def test_refresh_holds_every_export_model_and_the_release(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def("refresh")
    keys = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert set(EXPORTS) <= keys
    assert {f"marts/{mart}" for mart in MARTS} <= keys
    assert "warehouse/release" in keys


def test_every_asset_has_an_owner_a_group_a_kind_and_a_description(
    definitions: dg.Definitions,
) -> None:
    for asset in definitions.assets or ():
        assert isinstance(asset, dg.AssetsDefinition)
        for spec in asset.specs:
            name = spec.key.to_user_string()
            assert spec.owners, name
            assert spec.group_name not in (None, "default"), name
            assert spec.kinds, name
            assert spec.description, name


def test_the_release_follows_every_mart(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    parents = graph.get(dg.AssetKey(["warehouse", "release"])).parent_keys
    assert {key.path[-1] for key in parents} >= MARTS


def test_landed_days_are_shown_by_delivery_date_and_run_in_one_go(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    for name in EXPORTS:
        node = graph.get(dg.AssetKey(name.split("/")))
        assert isinstance(node.partitions_def, dg.DailyPartitionsDefinition)
        assert node.backfill_policy == dg.BackfillPolicy.single_run()


def test_every_export_is_checked_for_the_same(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for name in EXPORTS:
        key = dg.AssetKey(name.split("/"))
        assert {each.name for each in graph.get_check_keys_for_assets({key})} == {
            "every_delivery_was_taken",
            "every_row_is_accounted_for",
            "no_row_was_rejected",
            "header_is_as_it_was",
        }


def header_check(warehouse: TestWarehouse) -> dg.AssetCheckEvaluation:
    from pipelines.defs.crm import salesforce_account

    result = dg.materialize(
        [salesforce_account], resources={"warehouse": Warehouse(cx_home=str(warehouse.home.path))}
    )
    return next(
        each
        for each in result.get_asset_check_evaluations()
        if each.check_name == "header_is_as_it_was"
    )


def test_the_check_of_headers_warns_unless_a_required_column_is_gone(
    warehouse: TestWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_PSEUDONYM_KEY", "a key for tests, 32 characters..")
    header = ["Id", "IsDeleted", "Type", "CreatedDate", "SystemModstamp"]
    row = ",".join(("001000000000001AAA", "0", *["2025-01-01 00:00:00"] * 3))

    def deliver(day: int, *labels: str) -> dg.AssetCheckEvaluation:
        text = f"{','.join(labels)}\n{row}\n"
        warehouse.deliver("salesforce", "Account.csv", text, date(2025, 2, day))
        return header_check(warehouse)

    first = deliver(3, *header)
    assert first.passed
    assert first.metadata == {}
    renamed = deliver(10, *header[:2], "Kind", *header[3:])
    assert not renamed.passed
    assert renamed.severity == dg.AssetCheckSeverity.WARN
    shown = {name: value.value for name, value in renamed.metadata.items()}
    assert (shown["added"], shown["gone"], shown["gone_but_required"]) == ("Kind", "Type", "none")
    assert shown["files"] == shown["files_before"] == "Account.csv"
    assert shown["fingerprint"] != shown["fingerprint_before"]
    lost = deliver(17, *header[:4], "Changed")
    assert not lost.passed
    assert lost.severity == dg.AssetCheckSeverity.ERROR
    assert lost.metadata["gone_but_required"].value == "SystemModstamp"
    assert deliver(24, *header[:2], "Kind", *header[3:]).passed


def test_the_job_starts_by_night_and_by_delivery(definitions: dg.Definitions) -> None:
    assert [schedule.name for schedule in definitions.schedules or ()] == ["nightly"]
    sensors = {sensor.name: sensor for sensor in definitions.sensors or ()}
    assert set(sensors) == {"deliveries", "failed_runs", "stale_releases", "overdue"}
    running = dg.DefaultSensorStatus.RUNNING
    assert {sensor.default_status for sensor in sensors.values()} == {running}


def test_a_night_has_steps_for_the_sources_that_have_delivered(
    definitions: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    landing = tmp_path / "landing"
    (landing / "stripe" / "2025-02-10").mkdir(parents=True)
    context = dg.build_schedule_context(repository_def=definitions.get_repository_def())
    requests = nightly.evaluate_tick(context).run_requests
    assert requests is not None
    chosen = set(requests[0].asset_selection or ())
    every = definitions.resolve_job_def("refresh").asset_layer.executable_asset_keys
    exports = {dg.AssetKey([export.source, export.name]) for export in all_exports()}
    assert {key.path[0] for key in chosen & exports} == {"stripe"}
    assert chosen - exports == every - exports


def test_what_is_skipped_before_each_dbt_command_goes_by_its_present_names() -> None:
    for name in ("_cli_version", "_initialize_dbt_core_adapter"):  # else it would run unseen again
        assert hasattr(DbtCliResource, name)


def test_workspace_names_the_code_location_once() -> None:
    workspace = yaml.safe_load((CHECKOUT / "workspace.yaml").read_text())
    module = workspace["load_from"][0]["python_module"]
    assert module["module_name"] == "pipelines.definitions"
    # [tool.dg] would outrank workspace.yaml without a word
    assert "dg" not in tomllib.loads((CHECKOUT / "pyproject.toml").read_text()).get("tool", {})
