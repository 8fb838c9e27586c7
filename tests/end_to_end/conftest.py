"""A demo company, landed, built and published once for all tests of this folder."""

import json
import os
import subprocess
import sys
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
