"""What two builds of dbt have in common, and what each has of its own."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines import builds
from pipelines.builds import Build, build_path, dbt_environment
from pipelines.dbt_manifest import dbt_variables, prepare_manifest
from pipelines.dbt_process import PROJECT, prepare_target
from pipelines.exports.files import FileRefused
from pipelines.settings import Home, load_settings
from tests.conftest import DAY, SAMPLES, TestWarehouse


def dbt_run(target: Path, home: Home, build: Build, model: str) -> str:
    """Let dbt make one model of a build; what it said."""
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dbt"),
            *("run", "--select", model, "--project-dir", PROJECT, "--profiles-dir", PROJECT),
            *("--target-path", target, "--log-level-file", "none"),
            *dbt_variables(load_settings(home, {})),
        ],
        env={**os.environ, **dbt_environment(home, build)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_project_is_parsed_once_and_each_build_holds_its_own_day(tmp_path: Path) -> None:
    prepare_manifest(PROJECT, Home(tmp_path / "other"), load_settings(Home(tmp_path / "other"), {}))
    home = Home(tmp_path / "home").create()
    target = prepare_target(home)
    for run_id, day in (("first", "2026-09-30"), ("second", "2026-10-31")):
        said = dbt_run(target, home, Build(run_id, day, ()), "int_as_of")
        assert "Found " in said
        assert "Unable to do partial parsing" not in said
        with duckdb.connect(str(build_path(home, run_id)), read_only=True) as build:
            as_of = build.execute("select as_of::varchar from intermediate.int_as_of").fetchone()
        assert as_of == (day,)


def test_a_build_tells_of_refused_deliveries_up_to_the_day_that_was_chosen(
    warehouse: TestWarehouse,
) -> None:
    warehouse.deliver("stripe", "subscriptions.csv", SAMPLES / "stripe" / "subscriptions.csv")
    warehouse.land("stripe/subscriptions")
    newer = DAY + timedelta(days=1)  # newer than anything that landed
    warehouse.deliver("stripe", "subscriptions.csv", "a,b\n", newer)
    with pytest.raises(FileRefused):
        warehouse.land("stripe/subscriptions", newer)

    def started(as_of: date | None) -> Build:
        chosen = {"CX_AS_OF": as_of.isoformat()} if as_of else {}
        return builds.start_build(warehouse.home, load_settings(warehouse.home, chosen), "run")

    refused = ("stripe/subscriptions",)
    assert (started(None).as_of, started(None).stale_exports) == (DAY.isoformat(), refused)
    assert started(DAY).stale_exports == ()
    assert started(newer).stale_exports == refused


def test_an_installation_parses_the_project_or_says_why_not(tmp_path: Path) -> None:
    def parse() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.dbt_manifest"],
            env={**os.environ, "CX_HOME": str(tmp_path)},
            cwd=PROJECT.parent,
            capture_output=True,
            text=True,
            check=False,
        )

    assert (parse().returncode, (PROJECT / "target" / "manifest.json").exists()) == (0, True)
    (tmp_path / "sources.toml").write_text("reporting_currency = 'dollars'")
    failed = parse()
    assert failed.returncode == 1
    assert failed.stderr == (
        f"{tmp_path}/sources.toml: reporting_currency is 'dollars'. Give an ISO code such as "
        "'USD'.\n"
    )


def test_staging_of_exports_that_never_landed_is_no_work(warehouse: TestWarehouse) -> None:
    manifest = json.loads((PROJECT / "target" / "manifest.json").read_bytes())
    everything = builds.idle(manifest, warehouse.home)
    staging = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "staging"
    }
    assert {model.rpartition(".")[2] for model in everything.models} == staging
    warehouse.deliver(
        "reference", "teams.csv", "agent,team,leader,from,to\na@x.example,North,Ada,2025-01-01,\n"
    )
    assert warehouse.land("reference/teams")
    rest = builds.idle(manifest, warehouse.home)
    assert set(everything.models) - set(rest.models) == {"model.cx_warehouse.stg_reference__teams"}
    without_work = set(rest.models)
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            assert (node["name"] in rest.tests) == without_work.issuperset(
                node["depends_on"]["nodes"]
            )


def test_models_built_by_themselves_go_without_staging_that_is_not_there(tmp_path: Path) -> None:
    manifest = json.loads((PROJECT / "target" / "manifest.json").read_bytes())
    path = tmp_path / "build.duckdb"
    with duckdb.connect(str(path)) as build:
        build.execute("create schema staging")
        build.execute("create table staging.stg_hr__employees (id int)")
        build.execute("create view staging.stg_reference__teams as select 1 as id")
    gone = builds.missing(manifest, path, {"stg_zendesk__tickets"})
    names = {model.rpartition(".")[2] for model in gone.models}
    assert "stg_salesforce__cases" in names
    assert "int_cases" not in names
    assert names.isdisjoint({"stg_hr__employees", "stg_reference__teams", "stg_zendesk__tickets"})
    assert not any("stg_zendesk__tickets" in test for test in gone.tests)
