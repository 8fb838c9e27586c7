"""Demo companies, landed, built and published once for all tests of this folder."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.settings import Home

CX = str(Path(sys.executable).with_name("cx"))
CUSTOMERS, MONTHS, SEED = 2_500, 18, 11
NEWEST = "2026-10-31"
"""The day of a demo company's newest deliveries."""

Content = dict[str, tuple[int, int, int]]


def environment_of(home: Path) -> dict[str, str]:
    """This process's environment, with one warehouse and none of the caller's settings."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("CX_", "DAGSTER"))
    }
    return {**kept, "CX_HOME": str(home)}


def cx(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on a warehouse, with further variables if need be."""
    return subprocess.run(
        [CX, *arguments],
        env={**environment_of(home), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


@dataclass(frozen=True)
class Company:
    """A published demo company.

    Attributes:
        home: its warehouse.
        truth: what was planted.
        output: what `cx run` printed.
        release: the release, open.
    """

    home: Home
    truth: dict[str, Any]
    output: str
    release: duckdb.DuckDBPyConnection


@contextmanager
def published(home: Home, *options: str) -> Iterator[Company]:
    """Write a demo company with these options of `cx demo`, run, and open what was published."""
    written = cx(home.path, "demo", *options)
    assert written.returncode == 0, written.stderr
    ran = cx(home.path, "run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    truth = json.loads((home.demo / "truth.json").read_text())
    path = home.warehouse / "current.duckdb"
    with duckdb.connect(str(path.resolve()), read_only=True) as release:
        release.execute("set timezone = 'UTC'")
        yield Company(home, truth, ran.stdout, release)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    size = ("--customers", str(CUSTOMERS), "--months", str(MONTHS), "--seed", str(SEED))
    with published(Home(tmp_path_factory.mktemp("company")), *size) as published_company:
        yield published_company


def content(home: Path) -> Content:
    """Rows and two checksums of each mart in the current release.

    `bit_xor(hash(t))` alone can't see two rows exchange their last columns, the sum of a second
    hash can.
    """
    with duckdb.connect(
        str((home / "warehouse" / "current.duckdb").resolve()), read_only=True
    ) as c:
        names = [row[0] for row in c.execute("select table_name from duckdb_tables()").fetchall()]
        found = {}
        for name in names:
            if not name.startswith("release_"):
                row = c.execute(
                    "select count(*), bit_xor(hash(t)), sum(hash(hash(t))) % 9223372036854775807 "
                    f"from {name} as t"
                ).fetchone()
                assert row is not None
                found[name] = row
    return found


@dataclass(frozen=True)
class Small:
    """A small warehouse after its first run.

    Attributes:
        home: its folder.
        content: its marts then.
        seconds: how long the run took.
    """

    home: Path
    content: Content
    seconds: float


def run_first(home: Path) -> Small:
    started = time.monotonic()
    ran = cx(home, "run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return Small(home, content(home), time.monotonic() - started)


@pytest.fixture(scope="session")
def small_landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small company's deliveries, of which none has landed."""
    home = tmp_path_factory.mktemp("small")
    written = cx(home, "demo", "--customers", "60", "--months", "4", "--seed", "5")
    assert written.returncode == 0, written.stderr
    return home


@pytest.fixture(scope="session")
def small(small_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The small company; only tests/end_to_end/test_runs.py changes it, day by day."""
    home = tmp_path_factory.mktemp("runs") / "home"
    shutil.copytree(small_landing, home)
    return run_first(home)


@pytest.fixture(scope="session")
def earlier(small: Small, small_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The same company, and the same key, without the newest deliveries; nothing changes it."""
    home = tmp_path_factory.mktemp("earlier") / "home"
    shutil.copytree(small_landing, home)
    for source in (home / "landing").iterdir():
        if (source / NEWEST).exists():
            shutil.rmtree(source / NEWEST)
    return run_first(home)
