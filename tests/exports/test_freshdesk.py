"""Freshdesk's tickets: counts by hand."""

from datetime import UTC, datetime

import pytest

from pipelines.exports.files import FileRefused
from tests.conftest import SAMPLES, TestWarehouse

TICKETS = SAMPLES / "freshdesk" / "tickets.csv"
ZONE = '[freshdesk]\ntime_zone = "America/New_York"\n'


def test_each_ticket_lands_in_utc_without_names(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(ZONE)
    warehouse.deliver("freshdesk", "tickets.csv", TICKETS)
    account = warehouse.land("freshdesk/tickets")
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (3, 3, 0, 0)
    assert account.unknown_columns == ()
    closed, pending, _ = warehouse.rows("freshdesk/tickets").rows(named=True)
    assert closed["created_at"] == datetime(2025, 1, 14, 14, 12, 33, tzinfo=UTC)  # 5 hours behind
    assert closed["first_reply_at"] == datetime(2025, 1, 14, 14, 30, 12, tzinfo=UTC)
    assert closed["resolved_at"] == datetime(2025, 1, 15, 19, 2, 51, tzinfo=UTC)
    assert (closed["agent_replies"], closed["satisfaction"]) == (2, "Extremely Happy")
    assert pending["resolved_at"] is None
    assert pending["closed_at"] is None
    lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
    for name in (b"Okafor", b"Ruiz", b"example.com"):
        assert name not in lake


def test_freshservices_capitals_and_label_are_the_same_columns(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(ZONE)
    text = TICKETS.read_text()
    for label in ("Created time", "Resolved time", "Last update time", "Survey results"):
        assert label in text
    text = text.replace(" time", " Time").replace("Survey results", "Survey Result")
    warehouse.deliver("freshdesk", "tickets.csv", text)
    account = warehouse.land("freshdesk/tickets")
    assert account is not None
    assert (account.accepted, account.unknown_columns) == (3, ())
    assert warehouse.rows("freshdesk/tickets")["satisfaction"].null_count() == 1


def test_without_a_zone_it_is_refused(warehouse: TestWarehouse) -> None:
    warehouse.deliver("freshdesk", "tickets.csv", TICKETS)
    with pytest.raises(FileRefused, match=r"Set time_zone under \[freshdesk\]") as refused:
        warehouse.land("freshdesk/tickets")
    assert refused.value.code == "no_time_zone"


def test_a_zone_in_the_headers_goes_before_the_settings(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(ZONE)
    text = TICKETS.read_text()
    for label in ("Created time", "Resolved time", "Time tracked"):
        text = text.replace(label, f"{label} (Europe/Berlin)")
    warehouse.deliver("freshdesk", "tickets.csv", text)
    account = warehouse.land("freshdesk/tickets")
    assert account is not None
    assert account.unknown_columns == ()  # `(in hrs)` is part of a label
    created, resolved = warehouse.rows("freshdesk/tickets").select("created_at", "resolved_at")
    assert created[0] == datetime(2025, 1, 14, 8, 12, 33, tzinfo=UTC)  # 1 hour ahead
    assert resolved[0] == datetime(2025, 1, 15, 13, 2, 51, tzinfo=UTC)
