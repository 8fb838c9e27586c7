"""The command line as somebody meets it: what can't start says so in one line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.run_lock import run_lock
from pipelines.settings import CHECKOUT

CX = str(Path(sys.executable).with_name("cx"))


def cx(
    home: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("CX_", "DAGSTER"))
    }
    return subprocess.run(
        [CX, *arguments],
        env={**kept, "CX_HOME": str(home), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


KEYED = {"CX_PSEUDONYM_KEY": "a key for tests, of 32 characters"}


def test_an_empty_landing_folder_is_one_clear_line(tmp_path: Path) -> None:
    outcome = cx(tmp_path, "run", environment=KEYED)
    assert outcome.returncode == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert "no delivery" in outcome.stderr
    assert "cx demo" in outcome.stderr


def test_exports_in_the_wrong_place_are_named(tmp_path: Path) -> None:
    (tmp_path / "landing" / "stripe").mkdir(parents=True)
    (tmp_path / "landing" / "stripe" / "subscriptions.csv").write_text("id\n")
    outcome = cx(tmp_path, "run", environment=KEYED)
    assert outcome.returncode == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert "no delivery, but stripe/subscriptions.csv. Put" in outcome.stderr
    assert "stripe/subscriptions.csv" in cx(tmp_path, "status").stdout


def test_a_missing_key_is_one_clear_line(tmp_path: Path) -> None:
    outcome = cx(tmp_path, "run")
    assert outcome.returncode == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert "CX_PSEUDONYM_KEY" in outcome.stderr


def test_a_wrong_setting_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text("[qualtrics]\ntime_zone = 'Denver'\n")
    outcome = cx(tmp_path, "run", environment=KEYED)
    assert outcome.returncode == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert "sources.toml" in outcome.stderr


def test_a_second_run_at_the_same_time_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "landing" / "stripe" / "2025-02-10").mkdir(parents=True)
    with run_lock(tmp_path):
        outcome = cx(tmp_path, "run", environment=KEYED)
    assert outcome.returncode == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert str(os.getpid()) in outcome.stderr


@pytest.mark.parametrize("command", ["releases", "rollback"])
def test_without_a_release_there_is_nothing_to_list_or_go_back_to(
    tmp_path: Path, command: str
) -> None:
    outcome = cx(tmp_path, command)
    assert outcome.returncode == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert "release" in outcome.stderr


def test_a_release_that_cant_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "warehouse" / "releases"
    folder.mkdir(parents=True)
    (folder / "000001.duckdb").write_bytes(b"half a file")
    outcome = cx(tmp_path, "releases")
    assert outcome.returncode == 0
    assert "damaged" in outcome.stdout
    assert str(folder / "000001.duckdb") in outcome.stdout


def test_the_demo_does_not_mix_with_deliveries(tmp_path: Path) -> None:
    folder = tmp_path / "landing" / "stripe" / "2025-02-10"
    folder.mkdir(parents=True)
    assert cx(tmp_path, "demo").returncode == 2
    assert cx(tmp_path, "demo", "--if-empty").returncode == 0
    assert [path.name for path in (tmp_path / "landing").iterdir()] == ["stripe"]


def test_what_lies_where_a_demo_would_go_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "landing" / "stripe").mkdir(parents=True)
    (tmp_path / "landing" / "stripe" / "notes.txt").write_text("not a delivery")
    outcome = cx(tmp_path, "demo", "--customers", "50", "--months", "3")
    assert outcome.returncode == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert "holds stripe already" in outcome.stderr


def test_a_source_that_the_demo_does_not_know_is_one_clear_line(tmp_path: Path) -> None:
    outcome = cx(tmp_path, "demo", "--sources", "hubspot, zendsk")
    assert outcome.returncode == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert "'zendsk' is no source of the demo" in outcome.stderr
    assert "zendesk" in outcome.stderr
    assert list((tmp_path / "landing").iterdir()) == []


def test_every_command_is_documented() -> None:
    commands = re.findall(r"^\s*│?\s+(\w+)\s{2,}", cx(Path("/nonexistent"), "--help").stdout, re.M)
    assert {"demo", "run", "status", "releases", "rollback"} <= set(commands)
    readme = (CHECKOUT / "README.md").read_text()
    operations = (CHECKOUT / "docs" / "operations.md").read_text()
    undocumented = [name for name in commands if f"cx {name}" not in readme + operations]
    assert undocumented == []
