"""Dagster's event log with its connections kept open: the same files, the same answers."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from pipelines.cli import _DAGSTER_SETTINGS
from pipelines.defs.event_log import KEPT_OPEN, EventLog

MART = dg.AssetKey(["marts", "customers"])


def event(run_id: str, rows: int) -> EventLogEntry:
    materialized = dg.AssetMaterialization(MART, metadata={"rows": rows})
    return EventLogEntry(
        error_info=None,
        level="debug",
        user_message="",
        run_id=run_id,
        timestamp=1_700_000_000.0 + rows,
        dagster_event=DagsterEvent(
            DagsterEventType.ASSET_MATERIALIZATION.value,
            "refresh",
            event_specific_data=StepMaterializationData(materialized),
        ),
    )


def rows_of(log: SqliteEventLogStorage, run_id: str) -> list[object]:
    found = []
    for entry in log.get_logs_for_run(run_id):
        assert entry.dagster_event is not None
        metadata = entry.dagster_event.step_materialization_data.materialization.metadata
        found.append(metadata["rows"].value)
    return found


@pytest.mark.parametrize(
    ("writer", "reader"), [(EventLog, SqliteEventLogStorage), (SqliteEventLogStorage, EventLog)]
)
def test_either_storage_reads_while_the_other_is_open(
    tmp_path: Path, writer: type[SqliteEventLogStorage], reader: type[SqliteEventLogStorage]
) -> None:
    written, read = writer(str(tmp_path)), reader(str(tmp_path))
    for number in range(3):
        written.store_event(event("first", number))
        assert rows_of(read, "first") == list(range(number + 1))
    newest = read.get_latest_materialization_events([MART])[MART]
    assert newest is not None
    assert newest.timestamp == 1_700_000_002.0
    written.dispose()
    read.dispose()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="tells no open files")
def test_many_runs_leave_few_files_open(tmp_path: Path) -> None:
    log = EventLog(str(tmp_path))
    runs = [f"run-{number}" for number in range(3 * KEPT_OPEN)]
    for number, run_id in enumerate(runs):
        log.store_event(event(run_id, number))
    descriptors = (Path("/proc/self/fd") / each for each in Path("/proc/self/fd").iterdir())
    databases = {
        target
        for each in descriptors
        if each.is_symlink() and (target := each.readlink()).parent == tmp_path
        if target.suffix == ".db"
    }
    assert 0 < len(databases) <= KEPT_OPEN
    assert [rows_of(log, run_id) for run_id in runs] == [[number] for number in range(len(runs))]
    log.dispose()


def test_wiped_events_are_gone_and_new_ones_are_kept(tmp_path: Path) -> None:
    log = EventLog(str(tmp_path))
    log.store_event(event("first", 1))
    log.wipe()
    assert rows_of(log, "first") == []
    assert not log.get_latest_materialization_events([MART])
    log.store_event(event("first", 2))
    assert rows_of(log, "first") == [2]
    log.dispose()


def test_a_home_made_by_cx_uses_it_in_dagsters_own_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dagster.yaml").write_text(_DAGSTER_SETTINGS, "utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.get() as instance:
        log = instance.event_log_storage
        assert isinstance(log, EventLog)
        log.store_event(event("first", 1))
        assert (tmp_path / "history" / "runs" / "first.db").exists()
