"""When the landing folder makes a run start: once it has settled, once for each state."""

import os
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from pipelines.landing import delivered_days
from pipelines.settings import Home
from pipelines.watch import landing_state


def delivered(home: Path, name: str = "unified_payments.csv", age: int = 3_600) -> Path:
    """A file in landing, last changed so many seconds ago."""
    path = home / "landing" / "stripe" / "2025-02-10" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("id\n")
    changed = path.stat().st_mtime - age
    os.utime(path, (changed, changed))
    return path


def test_a_state_is_known_by_names_sizes_and_times(tmp_path: Path) -> None:
    path = delivered(tmp_path)
    first = landing_state(Home(tmp_path))
    assert landing_state(Home(tmp_path)) == first
    path.write_text("id\nch_1\n")
    second = landing_state(Home(tmp_path))
    assert second.fingerprint != first.fingerprint
    path.rename(path.with_name("payments.csv"))
    assert landing_state(Home(tmp_path)).fingerprint not in (first.fingerprint, second.fingerprint)
    assert landing_state(Home(tmp_path / "elsewhere")).files == 0


def test_a_name_that_is_no_text_is_seen_as_well(tmp_path: Path) -> None:
    path = delivered(tmp_path)
    first = landing_state(Home(tmp_path))
    Path(os.fsdecode(os.fsencode(path.parent) + b"/\xff.csv")).write_text("id\n")
    second = landing_state(Home(tmp_path))
    assert (first.files, second.files) == (1, 2)
    assert second.fingerprint != first.fingerprint


def test_a_time_that_has_yet_to_come_tells_nothing(tmp_path: Path) -> None:
    path = delivered(tmp_path, age=-1_000_000)
    assert path.stat().st_mtime > landing_state(Home(tmp_path)).newest_change > 0


def test_a_source_may_be_a_link_to_where_its_exports_arrive(tmp_path: Path) -> None:
    path = delivered(tmp_path)
    arrivals = path.parents[1].rename(tmp_path / "arrivals")
    path.parents[1].symlink_to(arrivals)
    assert landing_state(Home(tmp_path)).files == 1
    assert delivered_days(Home(tmp_path), "stripe") == [date(2025, 2, 10)]


class TestSensor:
    @pytest.fixture(autouse=True)
    def _settle_at_once(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, definitions: dg.Definitions
    ) -> None:
        from pipelines.defs import sensors

        self.definitions = definitions
        monkeypatch.setenv("CX_HOME", str(tmp_path))
        self.sensors = sensors
        self.monkeypatch = monkeypatch

    def evaluate(self, cursor: str | None) -> tuple[object, str | None]:
        context = dg.build_sensor_context(cursor=cursor, definitions=self.definitions)
        return self.sensors.deliveries(context), context.cursor

    def test_a_delivery_that_is_still_being_written_waits(self, tmp_path: Path) -> None:
        delivered(tmp_path)  # its inode has just changed, whatever its time says
        outcome, cursor = self.evaluate(None)
        assert isinstance(outcome, dg.SkipReason)
        assert "settles" in str(outcome.skip_message)
        assert cursor is None

    def test_a_settled_delivery_runs_once_and_again_when_it_changes(self, tmp_path: Path) -> None:
        self.monkeypatch.setattr(self.sensors, "SETTLED_AFTER_SECONDS", 0)
        path = delivered(tmp_path)
        outcome, cursor = self.evaluate(None)
        assert isinstance(outcome, dg.RunRequest)
        assert outcome.partition_key is None  # everything pending lands
        assert dg.AssetKey(["stripe", "payments"]) in (outcome.asset_selection or ())
        assert dg.AssetKey(["warehouse", "release"]) in (outcome.asset_selection or ())
        assert dg.AssetKey(["zendesk", "tickets"]) not in (outcome.asset_selection or ())
        again, same = self.evaluate(cursor)
        assert isinstance(again, dg.SkipReason)
        assert same == cursor
        path.write_text("id\nch_1\n")
        corrected, _ = self.evaluate(cursor)
        assert isinstance(corrected, dg.RunRequest)

    def test_an_empty_folder_is_left_alone(self) -> None:
        outcome, _ = self.evaluate(None)
        assert isinstance(outcome, dg.SkipReason)
        assert "no delivery" in str(outcome.skip_message)
