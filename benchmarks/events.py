"""How much faster runs write Dagster's event log through our storage than through its own."""

import tempfile
import time

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from pipelines.defs.event_log import EventLog


def run(events: int) -> list[dict[str, float]]:
    """Store so many materializations of assets by Dagster's storage and by ours.

    Returns:
        Seconds of both and how many times faster ours is.
    """
    entries = [_entry(number) for number in range(events)]
    own = _store(SqliteEventLogStorage, entries)
    ours = _store(EventLog, entries)
    return [
        {"events": events, "dagster_seconds": own, "our_seconds": ours, "times_faster": own / ours}
    ]


def _entry(number: int) -> EventLogEntry:
    asset = dg.AssetMaterialization(["marts", f"mart_{number % 100}"], metadata={"rows": number})
    return EventLogEntry(
        error_info=None,
        level="debug",
        user_message="",
        run_id="00000000-0000-0000-0000-000000000000",
        timestamp=1_700_000_000.0 + number,
        dagster_event=DagsterEvent(
            DagsterEventType.ASSET_MATERIALIZATION.value,
            "refresh",
            event_specific_data=StepMaterializationData(asset),
        ),
    )


def _store(storage: type[SqliteEventLogStorage], entries: list[EventLogEntry]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        log = storage(folder)
        started = time.perf_counter()
        for entry in entries:
            log.store_event(entry)
        took = time.perf_counter() - started
        log.dispose()
    return took
