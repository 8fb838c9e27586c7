"""The process that waits with dbt imported."""

import json
import subprocess
import sys
from pathlib import Path

from pipelines import lake
from pipelines.dbt_process import WaitingDbt
from pipelines.settings import CHECKOUT, Home


def test_it_runs_a_command_where_and_with_what_it_is_told(tmp_path: Path) -> None:
    waiting = WaitingDbt()
    process = waiting.run(["debug"], {"DBT_LOG_PATH": "logs"}, tmp_path)
    assert process.stdout is not None
    said = process.stdout.read().decode()
    assert process.wait() != 0  # there is no project
    assert "dbt_project.yml" in said
    assert said.startswith("{")
    assert (tmp_path / "logs").is_dir()
    assert process.args == ["dbt", "debug"]
    waiting.stop()


def test_it_ends_when_nothing_is_ordered() -> None:
    waiting = WaitingDbt()
    assert waiting.process.stdin is not None
    waiting.process.stdin.close()  # as it is when the run is killed
    assert waiting.process.wait(60) == 0
    assert waiting.process.stdout is not None
    said = [json.loads(line) for line in waiting.process.stdout.read().splitlines()]
    assert [each["data"]["version"] for each in said if each["info"]["code"] == "A001"]  # parsed
    assert all(each["info"]["level"] != "error" for each in said)
    waiting.stop()


def test_a_run_that_needs_it_no_more_stops_it() -> None:
    waiting = WaitingDbt()
    waiting.stop()
    assert waiting.process.returncode != 0


def test_what_keeps_it_from_starting_is_in_its_output(tmp_path: Path) -> None:
    """A broken installation shows as dbt's own failure would."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pipelines.dbt_process"],
        input="no order",
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode != 0
    assert "JSONDecodeError" in done.stderr


def test_it_has_parsed_the_project_when_the_order_comes(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    lake.write_empty_files(home)
    waiting = WaitingDbt()
    process = waiting.run(
        ["ls", "--select", "csat_monthly", "--profiles-dir", "."],
        {"CX_HOME": str(tmp_path), "DBT_TARGET_PATH": str(tmp_path), "DBT_LOG_PATH": str(tmp_path)},
        CHECKOUT / "dbt_project",
    )
    assert process.stdout is not None
    said = process.stdout.read().decode()
    assert process.wait() == 0, said
    assert "cx_warehouse.marts.feedback.csat_monthly" in said
    assert said.count("Running with dbt") == 2
    assert not (tmp_path / "partial_parse.msgpack").exists()  # as a second parse would leave it
    waiting.stop()


def test_a_model_that_gets_no_table_stands_within_what_reads_it(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    lake.write_empty_files(home)
    waiting = WaitingDbt()
    process = waiting.run(
        [
            *("compile", "--select", "int_case_changes", "--profiles-dir", "."),
            *("--target-path", str(tmp_path / "target")),
        ],
        {"CX_HOME": str(tmp_path), "CX_BUILD": str(tmp_path), "CX_AS_OF": "2025-01-01"},
        CHECKOUT / "dbt_project",
        ["model.cx_warehouse.stg_salesforce__case_history"],
    )
    assert process.stdout is not None
    said = process.stdout.read().decode()
    assert process.wait() == 0, said
    (compiled,) = (tmp_path / "target").rglob("int_case_changes.sql")
    text = compiled.read_text()
    assert "__dbt__cte__stg_salesforce__case_history as (" in text
    assert '"staging"."stg_salesforce__case_history"' not in text
    waiting.stop()
