"""Zendesk's tickets: the JSON export and a view's CSV say the same; counts by hand."""

from datetime import UTC, datetime

import pytest

from pipelines.exports.files import FileRefused
from tests.conftest import SAMPLES, TestWarehouse

JSON = "export-2025-02-10-0904-tickets.json"
CSV = "export-2025-02-10-0904-12345678abc.csv"
ZONE = '[zendesk]\ntime_zone = "America/New_York"\n'


def test_each_ticket_of_the_json_lands(warehouse: TestWarehouse) -> None:
    warehouse.deliver("zendesk", JSON, SAMPLES / "zendesk" / JSON)
    account = warehouse.land("zendesk/tickets")
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (3, 3, 0, 0)
    assert account.unknown_columns == ()
    first, second, deleted = warehouse.rows("zendesk/tickets").rows(named=True)
    assert (first["ticket_id"], first["status"], first["channel"]) == ("35436", "closed", "email")
    assert first["created_at"] == datetime(2025, 1, 14, 9, 12, 33, tzinfo=UTC)
    assert first["solved_at"] == datetime(2025, 1, 15, 14, 2, 51, tzinfo=UTC)
    assert (first["replies"], first["reopens"], first["assignee_stations"]) == (2, 0, 1)
    assert (first["first_reply_minutes"], first["first_reply_business_minutes"]) == (18, 18)
    assert (first["satisfaction_score"], second["satisfaction_score"]) == ("good", "unoffered")
    assert first["full_resolution_business_minutes"] == 530
    assert first["organization_external_id"] == "0018a00002kHzkAAAS"
    assert (first["tags"], first["ticket_type"]) == ('["billing", "vip"]', "problem")
    assert second["solved_at"] is None
    assert (deleted["ticket_id"], deleted["status"]) == ("35439", "deleted")
    assert deleted["requester_email_pseudonym"] is None


def test_the_csv_says_the_same_in_the_accounts_zone(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(ZONE)
    warehouse.deliver("zendesk", CSV, SAMPLES / "zendesk" / CSV)
    account = warehouse.land("zendesk/tickets")
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (3, 3, 0, 0)
    assert account.unknown_columns == ("Region [list]", "Order number [txt]")
    first = warehouse.rows("zendesk/tickets").row(0, named=True)
    assert first["created_at"] == datetime(2025, 1, 14, 14, 12, tzinfo=UTC)  # 5 hours behind
    assert first["requester_external_id"] == "0038a00003pQrSaAAK"
    assert (first["replies"], first["reopens"], first["first_reply_minutes"]) == (2, 0, 18)
    assert (first["satisfaction_score"], first["status"]) == ("Good", "Closed")
    assert first["group_name"] == "Billing"


def test_without_a_zone_the_csv_is_refused_and_the_json_is_not(warehouse: TestWarehouse) -> None:
    warehouse.deliver("zendesk", CSV, SAMPLES / "zendesk" / CSV)
    with pytest.raises(FileRefused) as refused:
        warehouse.land("zendesk/tickets")
    assert refused.value.code == "no_time_zone"


def test_of_both_in_one_delivery_the_later_change_wins(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(ZONE)
    for name in (JSON, CSV):
        warehouse.deliver("zendesk", name, SAMPLES / "zendesk" / name)
    account = warehouse.land("zendesk/tickets")
    assert account is not None
    # 35436 and 35437 are in both; the CSV's times are five hours later here.
    assert (account.read, account.accepted, account.duplicates) == (6, 4, 2)
    rows = warehouse.rows("zendesk/tickets").sort("ticket_id")
    assert rows["ticket_id"].to_list() == ["35436", "35437", "35438", "35439"]
    assert rows["status"].to_list() == ["Closed", "Open", "Solved", "deleted"]


def test_nobody_and_nobodys_words_reach_the_lake(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(ZONE)
    shared = set()
    for name in (JSON, CSV):
        path = warehouse.deliver("zendesk", name, SAMPLES / "zendesk" / name)
        warehouse.land("zendesk/tickets")
        rows = warehouse.rows("zendesk/tickets")
        shared.add(rows["requester_email_pseudonym"][0])
        text = rows.write_json()
        for personal in ("@", "Okafor", "Ruiz", "Duplicate charge", "Fast, thanks", "Northwind"):
            assert personal not in text
        path.unlink()
    assert len(shared) == 1


def test_a_broken_line_is_quarantined_with_its_number(warehouse: TestWarehouse) -> None:
    good = (
        '{{"id":{},"status":"open","created_at":"2025-01-05T00:00:00Z",'
        '"updated_at":"2025-01-05T00:00:00.5Z","metric_set":{{"replies":{}}}}}'
    )
    lines = [good.format(number, 1) for number in range(1, 201)]
    local = good.format(500, 1).replace("00:00:00Z", "00:00:00+02:00")
    lines[100:100] = ['{"id":', good.format(400, -1), local]
    warehouse.deliver("zendesk", "tickets.json", "\n".join(lines))
    account = warehouse.land("zendesk/tickets")
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (203, 200, 3)
    assert warehouse.reasons("zendesk/tickets") == [
        (101, "", "not_json"),
        (102, "replies", "out_of_range"),
        (103, "created_at", "not_a_timestamp"),
    ]
