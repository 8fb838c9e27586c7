"""What runs need from their surroundings: the home folder, the run lock, dbt.

Belongs here: the environment, as Dagster resources. Does not belong here: any step of the work.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource
from dagster_dbt.compat import DBT_PYTHON_VERSION
from pydantic import PrivateAttr

from pipelines import lake
from pipelines.defs.dbt_project import PROJECT
from pipelines.pseudonyms import Pseudonyms, load_key
from pipelines.run_lock import RunLock, run_lock
from pipelines.settings import Home, Settings, load_settings


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The warehouse under `CX_HOME`, locked for the length of a run.

    Attributes:
        cx_home: the folder; empty means the environment's, or `data/` in the checkout.
    """

    cx_home: str = ""
    _lock: RunLock | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Warehouse"]:
        """Hold the run lock for the whole run; a second run at the same time fails at once."""
        os.umask(0o077)
        with run_lock(self.home.create().path) as lock:
            self._lock = lock
            lake.write_empty_files(self.home)  # what was never delivered is read as nothing
            yield self
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

    def pseudonyms(self) -> Pseudonyms:
        """Seals direct identifiers with the warehouse's key."""
        return Pseudonyms(load_key(self.home.key_file))


class Dbt(DbtCliResource):
    """dbt without what `dagster_dbt` does before each command, for nothing here."""

    @cached_property
    def _cli_version(self) -> Any:
        # `dbt --version` would start dbt once more, and ask the package index for its newest one.
        return DBT_PYTHON_VERSION

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        # An adapter in this process is for row counts and columns from the database; we fetch none.
        return None


def dbt_command_line() -> Dbt:
    """The dbt of this environment, whatever else is on the PATH."""
    return Dbt(
        project_dir=str(PROJECT.project_dir),
        profiles_dir=str(PROJECT.project_dir),
        dbt_executable=str(Path(sys.executable).with_name("dbt")),
    )
