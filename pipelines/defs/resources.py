"""What runs need from their surroundings: the home folder, the run lock, dbt.

Belongs here: the environment, as Dagster resources. Does not belong here: any step of the work.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.compat import DBT_PYTHON_VERSION
from pydantic import PrivateAttr

from pipelines import dbt_process, lake, landing_workers
from pipelines.dbt_process import WaitingDbt
from pipelines.defs.dbt_project import PROJECT
from pipelines.defs.selection import delivered
from pipelines.landing_workers import LandingWorkers
from pipelines.pseudonyms import load_key
from pipelines.run_lock import RunLock, run_lock
from pipelines.settings import Home, Settings, load_settings

_PARTITIONS = (
    "dagster/partition",
    "dagster/asset_partition_range_start",
)
"""The tags of runs for chosen days."""


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The warehouse under `CX_HOME`, locked for the length of a run.

    Attributes:
        cx_home: the folder; empty means the environment's, or `data/` in the checkout.
    """

    cx_home: str = ""
    _lock: RunLock | None = PrivateAttr(default=None)
    _workers: LandingWorkers | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Warehouse"]:
        """Hold the run lock for the whole run; a second run at the same time fails at once."""
        os.umask(0o077)
        with run_lock(self.home.create().path) as lock:
            self._lock = lock
            lake.write_empty_files(self.home)  # what was never delivered is read as nothing
            try:
                if lands_everything(context.run, self.home):
                    self.workers().expect_everything()
                yield self
            finally:
                if self._workers is not None:
                    self._workers.close()
                    self._workers = None
                self._lock = None

    @property
    def home(self) -> Home:
        """Where everything lies."""
        return Home(Path(self.cx_home).absolute()) if self.cx_home else Home.from_environment()

    @property
    def lock(self) -> RunLock:
        """The lock that this run holds."""
        if self._lock is None:
            raise RuntimeError("the warehouse's lock is held during runs only")
        return self._lock

    def settings(self) -> Settings:
        """What the files can't tell."""
        return load_settings(self.home)

    def workers(self) -> LandingWorkers:
        """Land deliveries, with the warehouse's key and what the files can't tell."""
        if self._workers is None:
            self._workers = landing_workers.started(
                self.home, self.settings(), load_key(self.home.key_file), self.lock
            )
        return self._workers


def lands_everything(run: dg.DagsterRun | None, home: Home) -> bool:
    """Whether a run is of the whole job `refresh`, for no partition and not the rest of another."""
    return (
        run is not None
        and run.job_name == "refresh"
        and (run.asset_selection is None or run.asset_selection >= delivered(home))
        and run.step_keys_to_execute is None
        and not any(tag in run.tags for tag in _PARTITIONS)
    )


class Dbt(dg.ConfigurableResource):  # type: ignore[type-arg]
    """dbt, started when the run starts, so that it is ready when there is something to build.

    Dagster's own resource starts dbt when it is needed, once more to ask for its version, and opens
    the database in this process for row counts, which no asset here asks for.
    """

    _waiting: WaitingDbt | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Start it."""
        self._waiting = dbt_process.started()

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Stop it, if the run ended without it."""
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        context: dg.AssetExecutionContext,
        home: Home,
        inlined: Sequence[str],
    ) -> DbtCliInvocation:
        """Run a command for the models that the step has chosen.

        Args:
            arguments: of the command, such as `build`.
            environment: variables for dbt, beside this process's.
            context: the step's.
            home: where everything lies.
            inlined: the ids of models that get no table.
        """
        if self._waiting is None:
            raise RuntimeError("dbt waits during runs only")
        chosen = get_updated_cli_invocation_params_for_context(
            context,
            {},  # the step's assets know theirs
            DagsterDbtTranslator(),
        )
        project = Path((chosen.dbt_project or PROJECT).project_dir)
        target = dbt_process.prepare_target(home)
        selection = {}
        if chosen.indirect_selection:
            selection["DBT_INDIRECT_SELECTION"] = chosen.indirect_selection
        process = self._waiting.run(
            [*arguments, *chosen.selection_args],
            {
                **environment,
                **selection,
                "DBT_TARGET_PATH": str(target),
                "DBT_PROJECT_DIR": str(project),
                "DBT_PROFILES_DIR": str(PROJECT.project_dir),
            },
            project,
            inlined,
        )
        return DbtCliInvocation(
            process=process,
            manifest=chosen.manifest,
            dagster_dbt_translator=chosen.dagster_dbt_translator,
            project_dir=project,
            target_path=target,
            raise_on_error=True,
            cli_version=DBT_PYTHON_VERSION,
            project=chosen.dbt_project,
            context=context,
        )
