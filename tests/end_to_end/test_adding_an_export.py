"""The guide to adding an export, followed to the letter in a copy of the checkout."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.dbt_manifest import dbt_variables
from pipelines.settings import CHECKOUT, Home, load_settings
from tests.end_to_end.conftest import environment_of

GUIDE = CHECKOUT / "docs" / "adding_an_export.md"
BLOCK = re.compile(
    r"(?:^`(?P<path>[^`\n]+)`:\n\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)


class Block(NamedTuple):
    """A fenced block: a file to write, commands to run, or what the last commands print."""

    path: str | None
    kind: str
    text: str


def blocks() -> list[Block]:
    return [
        Block(*found.group("path", "kind", "text")) for found in BLOCK.finditer(GUIDE.read_text())
    ]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The checkout without what was made in it, and with this Python's packages.

    What mypy knows of them goes along: it looks itself whether that still holds.
    """
    copy = tmp_path / "checkout"
    made = shutil.ignore_patterns(
        *(".venv", ".git", "data", "target", "logs", "__pycache__"),
        *(".pytest_cache", ".ruff_cache"),
    )
    shutil.copytree(CHECKOUT, copy, ignore=made)
    (copy / ".venv").symlink_to(Path(sys.executable).parent.parent)
    return copy


def test_the_guide_works_to_the_letter(checkout: Path) -> None:
    environment = {
        **environment_of(checkout / "data"),
        "PYTHONPATH": str(checkout),
        "CX_PSEUDONYM_KEY": "a key for tests, 32 characters..",
    }
    output, written, printed = "", 0, 0
    for block in blocks():
        if block.path:
            file = checkout / block.path
            assert not file.exists(), f"{block.path} is there already"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
            written += 1
        elif block.kind == "sh":
            done = subprocess.run(
                ["bash", "-euc", block.text],
                cwd=checkout,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            output = done.stdout
        else:
            assert output == block.text
            printed += 1
    assert (written, printed) == (10, 1)
    check_the_code(checkout, environment)


def check_the_code(checkout: Path, environment: dict[str, str]) -> None:
    """What the guide makes is as tidy as what was there, and its unit test passes."""
    programs = checkout / ".venv" / "bin"
    build = max(
        (checkout / "data" / "warehouse" / "builds").glob("*/build.duckdb"), key=os.path.getmtime
    )
    models = "dbt_project/models"
    for command in (
        [programs / "ruff", "check", "pipelines", "tests"],
        [programs / "ruff", "format", "--check", "pipelines", "tests"],
        [programs / "mypy", "pipelines/contracts/ringwell.py", "pipelines/defs/calls.py"],
        [
            *(programs / "sqlfluff", "lint", f"{models}/staging/ringwell"),
            *(f"{models}/marts/service", "dbt_project/tests/assert_every_call_is_in_a_month.sql"),
        ],
        [
            *(programs / "dbt", "test", "--select", "calls_monthly,test_type:unit"),
            *("--project-dir", "dbt_project", "--profiles-dir", "dbt_project"),
            *dbt_variables(load_settings(Home(checkout / "data"), {})),
        ],
    ):
        done = subprocess.run(
            command,
            cwd=checkout,
            env={**environment, "CX_BUILD": str(build.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS=1" in done.stdout
