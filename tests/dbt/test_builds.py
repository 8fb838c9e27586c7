"""What two builds of dbt have in common, and what each has of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.builds import Build, build_path, dbt_environment, dbt_variables
from pipelines.dbt_manifest import prepare_manifest
from pipelines.settings import CHECKOUT, Home, load_settings


def dbt_run(project: Path, home: Home, build: Build, model: str) -> str:
    """Let dbt make one model of a build; what it said."""
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dbt"),
            *("run", "--select", model, "--project-dir", project, "--profiles-dir", project),
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
    home = Home(tmp_path / "home").create()
    project = tmp_path / "dbt_project"
    shutil.copytree(
        CHECKOUT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs")
    )
    prepare_manifest(project, home, load_settings(home, {}))
    for run_id, day in (("first", "2026-09-30"), ("second", "2026-10-31")):
        said = dbt_run(project, home, Build(run_id, day, ()), "int_as_of")
        assert "Found " in said
        assert "Unable to do partial parsing" not in said
        with duckdb.connect(str(build_path(home, run_id)), read_only=True) as build:
            as_of = build.execute("select as_of::varchar from intermediate.int_as_of").fetchone()
        assert as_of == (day,)
