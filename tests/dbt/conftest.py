"""dbt for the tests of this folder: its project is read once, and all builds are made of that."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from pipelines import lake
from pipelines.builds import Build, build_path, dbt_environment
from pipelines.dbt_manifest import dbt_variables, prepare_manifest
from pipelines.dbt_process import PROJECT, prepare_target
from pipelines.settings import Home, load_settings
from tests.conftest import DAY, TestWarehouse

BuildMarts = Callable[..., Path]


class Dbt:
    """dbt, which knows the project already.

    Attributes:
        manifest: what it knows of the project.
    """

    def __init__(self, home: Home) -> None:
        prepare_manifest(PROJECT, home, load_settings(home, {}))
        self._target = prepare_target(home)
        self._runner = dbtRunner()
        self.manifest = self._invoke(home, Build("none", DAY.isoformat(), ()), "parse")
        self._runner = dbtRunner(self.manifest)

    def run(self, home: Home, build: Build, *arguments: str) -> Any:
        """What a command of dbt gives that opens a build.

        Raises:
            AssertionError: it failed; the message says where.
        """
        try:
            return self._invoke(home, build, *arguments)
        finally:
            # Else it stays open for this process's next command, and nobody can read it.
            DuckDBConnectionManager.env().close()
            DuckDBConnectionManager.close_all_connections()

    def _invoke(self, home: Home, build: Build, *arguments: str) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in dbt_environment(home, build).items():
                patch.setenv(name, value)
            done = self._runner.invoke(
                [
                    *("--no-write-json", "--log-level-file", "none", *arguments),
                    *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                    *("--target-path", str(self._target)),
                    *dbt_variables(load_settings(home, {})),
                ]
            )
        assert done.success, done.exception or [
            f"{each.node.name}: {each.message}"
            for each in done.result.results
            if each.status not in ("success", "pass", "warn")
        ]
        return done.result


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    return Dbt(Home(tmp_path_factory.mktemp("dbt")).create())


@pytest.fixture(scope="session")
def build_marts(dbt: Dbt) -> BuildMarts:
    """Builds marts, and all that they are made of, of what has landed; where the build lies."""

    def build(warehouse: TestWarehouse, *marts: str) -> Path:
        home, of_today = warehouse.home, Build("built", DAY.isoformat(), ())
        lake.write_empty_files(home)
        dbt.run(
            home,
            of_today,
            *("build", "--exclude-resource-type", "unit_test"),
            *("--indirect-selection", "cautious", "--select", *(f"+{mart}" for mart in marts)),
        )
        return build_path(home, of_today.run_id)

    return build
