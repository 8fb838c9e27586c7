"""What tests share: a fresh warehouse folder, and one line to deliver a file into it."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines import lake, landing
from pipelines.contracts.contract import export_named
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


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many times the run is killed in tests/end_to_end/test_kill.py."""
    parser.addoption("--kills", type=int, default=4, help="moments at which a run is killed")
