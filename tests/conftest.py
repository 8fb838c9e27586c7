"""What tests share: a fresh warehouse folder, and one line to deliver a file into it."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from pipelines import lake, landing
from pipelines.contracts.contract import export_named
from pipelines.dbt_manifest import prepare_manifest
from pipelines.dbt_process import PROJECT
from pipelines.lake import Account
from pipelines.pseudonyms import Pseudonyms
from pipelines.settings import Home, load_settings

KEY = b"a key for tests, 32 bytes long.."
DAY = date(2025, 2, 10)
SAMPLES = Path(__file__).parent / "exports"


class TestWarehouse:
    """A warehouse in a temporary folder, without Dagster and dbt."""

    __test__ = False

    def __init__(self, path: Path) -> None:
        self.home = Home(path).create()

    def deliver(self, source: str, name: str, content: str | bytes | Path, day: date = DAY) -> Path:
        """Put a file into the landing folder, as a vendor's export would."""
        target = self.home.landing / source / day.isoformat() / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, target)
        else:
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def land(self, name: str, day: date = DAY) -> Account | None:
        """Land one export; its account."""
        landed = landing.land(
            self.home, export_named(name), day, load_settings(self.home, {}), Pseudonyms(KEY)
        )
        return landed.account if landed else None

    def rows(self, name: str, day: date = DAY) -> pl.DataFrame:
        """The accepted rows of a delivery."""
        path = lake.lake_file(self.home, export_named(name), day)
        return pl.read_parquet(path, hive_partitioning=False)

    def rejected(self, name: str, day: date = DAY) -> pl.DataFrame:
        """The quarantine of a delivery."""
        path = lake.rejected_file(self.home, export_named(name), day)
        return pl.read_parquet(path, hive_partitioning=False)

    def reasons(self, name: str, day: date = DAY) -> list[tuple[int, str, str]]:
        """Row number, column and code of each reason in quarantine."""
        return [
            (row, reason["column"], reason["code"])
            for row, reasons in self.rejected(name, day).select("source_row", "reasons").iter_rows()
            for reason in reasons
        ]


@pytest.fixture
def warehouse(tmp_path: Path) -> TestWarehouse:
    return TestWarehouse(tmp_path / "home")


@pytest.fixture
def make_warehouse(tmp_path: Path) -> Callable[[str], TestWarehouse]:
    return lambda name: TestWarehouse(tmp_path / name)


@pytest.fixture(scope="session")
def manifest() -> dict[str, object]:
    """What dbt knows of its project."""
    home = Home.from_environment()
    content: dict[str, object] = json.loads(
        prepare_manifest(PROJECT, home, load_settings(home)).read_text()
    )
    return content


@pytest.fixture(scope="session")
def definitions(manifest: dict[str, object]) -> dg.Definitions:
    """What Dagster is told, which it learns from the manifest when the module is loaded."""
    from pipelines.definitions import definitions

    return definitions


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many times the run is killed in tests/end_to_end/test_kill.py."""
    parser.addoption("--kills", type=int, default=4, help="moments at which a run is killed")


LONGEST = {
    "tests/end_to_end/test_runs.py": "the small company",
    "tests/end_to_end/test_kill.py": "the small company",
    "tests/end_to_end/test_demo_company.py": "the demo company",
    "tests/end_to_end/test_semantic_layer.py": "the demo company",
    "tests/dbt/": "dbt",
    "tests/end_to_end/": "",
    "tests/test_planted_faults.py": "",
    "tests/exports/test_hostile.py": "",
}
"""What takes longest, by how its path begins, the longest first; what is made once for several."""


def _place(name: str) -> int:
    return next((at for at, path in enumerate(LONGEST) if name.startswith(path)), len(LONGEST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first, so that in the end no process waits long for another."""
    items.sort(key=lambda item: _place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Leave each file to one process, and files that share what takes long to the same one."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return [*LONGEST.values(), ""][_place(file)] or file

    return Scheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Read the dbt project before there are several processes, which would do it at once."""
    home = Home.from_environment()
    prepare_manifest(PROJECT, home, load_settings(home))
