"""Intercom's conversations, whose headers state the time zone: counts by hand."""

from datetime import UTC, datetime

import pytest

from pipelines.exports.files import FileRefused
from tests.conftest import SAMPLES, TestWarehouse

CONVERSATIONS = SAMPLES / "intercom" / "conversations.csv"
ALL_COLUMNS = SAMPLES / "intercom" / "conversations_all_columns.csv"
NAME = "conversations.csv"
EXPORT = "intercom/conversations"
STARTED, UPDATED = "Conversation started at", "Updated at"
ZONE = "America/New_York"


def sample(started: str = f" ({ZONE})", updated: str = f" ({ZONE})") -> str:
    """The sample with other ends of the two headers of its times."""
    text = CONVERSATIONS.read_text()
    for label, end in ((STARTED, started), (UPDATED, updated)):
        assert text.count(f"{label} ({ZONE})") == 1
        text = text.replace(f"{label} ({ZONE})", f"{label}{end}")
    return text


def conversations(zone: str, *times: str) -> str:
    """A file of one open conversation for each time at which one started."""
    lines = [f"Conversation ID,{STARTED} ({zone}),{UPDATED} ({zone}),Current conversation state"]
    lines += [f"{number},{time},2025-12-01 00:00:00,open" for number, time in enumerate(times)]
    return "\n".join(lines)


def reaches_the_lake(warehouse: TestWarehouse, *words: str) -> list[str]:
    """Those of the words that any file of the lake holds."""
    lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
    rows = warehouse.rows(EXPORT).write_json()
    return [word for word in words if word.encode() in lake or word in rows]


def refusal(warehouse: TestWarehouse, content: str) -> FileRefused:
    warehouse.deliver("intercom", NAME, content)
    with pytest.raises(FileRefused) as refused:
        warehouse.land(EXPORT)
    return refused.value


def test_each_conversation_lands_in_utc_without_names(warehouse: TestWarehouse) -> None:
    warehouse.deliver("intercom", NAME, CONVERSATIONS)
    account = warehouse.land(EXPORT)
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (3, 3, 0, 0)
    assert account.unknown_columns == ()
    closed, unrated, snoozed = warehouse.rows(EXPORT).rows(named=True)
    assert closed["conversation_id"] == "215469000000001"
    assert closed["created_at"] == datetime(2025, 1, 14, 9, 12, 33, tzinfo=UTC)  # 5 hours behind
    assert closed["updated_at"] == datetime(2025, 1, 15, 14, 2, 51, tzinfo=UTC)
    assert (closed["state"], closed["channel"], closed["rating"]) == ("closed", "Messenger", 5)
    assert (unrated["state"], unrated["group_name"], unrated["rating"]) == (
        "open",
        "Technical",
        None,
    )
    assert snoozed["created_at"] == datetime(2025, 2, 1, 3, 4, tzinfo=UTC)  # January's last evening
    assert (snoozed["state"], snoozed["rating"]) == ("snoozed", 2)
    lacking = ("requester_email_pseudonym", "first_reply_at", "closed_at", "priority")
    assert all(closed[column] is None for column in lacking)
    assert not reaches_the_lake(warehouse, "Okafor", "Ruiz", "Northwind", "thanks", "Call me")


def test_all_the_columns_that_can_be_chosen_land_without_names(warehouse: TestWarehouse) -> None:
    warehouse.deliver("intercom", NAME, ALL_COLUMNS)
    account = warehouse.land(EXPORT)
    assert account is not None
    assert (account.read, account.accepted) == (2, 2)
    assert (account.unknown_columns, account.sealed_columns) == ((), ())
    assert account.absent_columns == ()
    closed, opened_again = warehouse.rows(EXPORT).rows(named=True)
    # Berlin is an hour ahead.
    assert closed["created_at"] == datetime(2025, 2, 3, 8, 0, tzinfo=UTC)
    assert closed["updated_at"] == datetime(2025, 2, 4, 9, 31, tzinfo=UTC)
    assert closed["first_reply_at"] == datetime(2025, 2, 3, 8, 12, 30, tzinfo=UTC)
    assert closed["closed_at"] == datetime(2025, 2, 4, 9, 30, tzinfo=UTC)
    assert (closed["channel"], closed["priority"], closed["rating"]) == ("Email", "Priority", 4)
    assert len(closed["requester_email_pseudonym"]) == 32
    assert opened_again["organization_external_id"] == "0018a00002kHzkBAAS"
    assert opened_again["extras"] is None
    personal = ("Okafor", "Ruiz", "Cole", "Northwind", "Thanks", "invoice", "example.com")
    assert not reaches_the_lake(warehouse, *personal)


@pytest.mark.parametrize("end", [" (america/new_york)", "(America/New_York)", "  ( US/Eastern ) "])
def test_the_zones_name_may_be_written_otherwise(warehouse: TestWarehouse, end: str) -> None:
    warehouse.deliver("intercom", NAME, sample(end, end))
    warehouse.land(EXPORT)
    started = warehouse.rows(EXPORT)["created_at"][0]
    assert started == datetime(2025, 1, 14, 9, 12, 33, tzinfo=UTC)


def test_a_column_that_states_no_zone_is_in_that_of_the_other(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text('[intercom]\ntime_zone = "Asia/Tokyo"\n')
    warehouse.deliver("intercom", NAME, sample(updated=""))
    warehouse.land(EXPORT)
    updated = warehouse.rows(EXPORT)["updated_at"][0]
    assert updated == datetime(2025, 1, 15, 14, 2, 51, tzinfo=UTC)


def test_where_no_header_states_a_zone_the_settings_do(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text('[intercom]\ntime_zone = "Asia/Tokyo"\n')
    warehouse.deliver("intercom", NAME, sample("", ""))
    warehouse.land(EXPORT)
    started = warehouse.rows(EXPORT)["created_at"][0]
    assert started == datetime(2025, 1, 13, 19, 12, 33, tzinfo=UTC)  # 9 hours ahead


def test_without_any_zone_it_is_refused(warehouse: TestWarehouse) -> None:
    refused = refusal(warehouse, sample("", ""))
    assert refused.code == "no_time_zone"
    assert "Set time_zone under [intercom]" in str(refused)


def test_a_zone_that_nobody_knows_is_refused_naming_the_header(warehouse: TestWarehouse) -> None:
    refused = refusal(warehouse, sample(updated=" (Mars/Olympus)"))
    assert refused.code == "unknown_time_zone"
    assert "'Updated at (Mars/Olympus)'" in str(refused)


def test_two_zones_in_one_file_are_refused_naming_both_headers(warehouse: TestWarehouse) -> None:
    refused = refusal(warehouse, sample(updated=" (Asia/Tokyo)"))
    assert refused.code == "two_time_zones"
    assert "'Conversation started at (America/New_York)', 'Updated at (Asia/Tokyo)'" in str(refused)


def test_a_column_that_is_there_twice_is_refused(warehouse: TestWarehouse) -> None:
    text = sample().replace("Company name", f"Updated at ({ZONE})")
    assert refusal(warehouse, text).code == "equal_headers"


def test_deliveries_in_two_zones_have_the_same_columns(warehouse: TestWarehouse) -> None:
    warehouse.deliver("intercom", "conversations-1.csv", sample())
    berlin = sample(" (Europe/Berlin)", " (Europe/Berlin)").replace("2154690", "3154690")
    warehouse.deliver("intercom", "conversations-2.csv", berlin)
    account = warehouse.land(EXPORT)
    assert account is not None
    first, second = account.files
    assert first.header == second.header
    rows = warehouse.rows(EXPORT)
    assert rows["created_at"][0] == datetime(2025, 1, 14, 9, 12, 33, tzinfo=UTC)
    assert rows["created_at"][3] == datetime(2025, 1, 14, 3, 12, 33, tzinfo=UTC)  # 1 hour ahead


def test_a_time_that_the_clocks_skipped_is_set_aside(warehouse: TestWarehouse) -> None:
    # New York's clocks went from 2:00 to 3:00 on 9 March, and from 2:00 to 1:00 on 2 November.
    (warehouse.home.path / "sources.toml").write_text("[intercom]\nbad_row_limit = 0.25\n")
    times = (
        "2025-03-09 01:59:59",
        "2025-03-09 02:30:00",  # never shown
        "2025-03-09 03:00:00",
        "2025-11-02 01:30:00",  # shown twice
        "2025-11-02 02:00:00",
    )
    warehouse.deliver("intercom", NAME, conversations(ZONE, *times))
    account = warehouse.land(EXPORT)
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (5, 4, 1)
    assert warehouse.reasons(EXPORT) == [(3, "created_at", "not_a_timestamp")]
    assert warehouse.rows(EXPORT)["created_at"].to_list() == [
        datetime(2025, 3, 9, 6, 59, 59, tzinfo=UTC),
        datetime(2025, 3, 9, 7, 0, tzinfo=UTC),
        datetime(2025, 11, 2, 5, 30, tzinfo=UTC),  # the earlier of the two
        datetime(2025, 11, 2, 7, 0, tzinfo=UTC),
    ]


def test_what_no_survey_offers_is_no_rating(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text("[intercom]\nbad_row_limit = 1\n")
    text = sample().replace("Ruiz,5,", "Ruiz,6,").replace("Ruiz,2,", "Ruiz,amazing,")
    warehouse.deliver("intercom", NAME, text.replace("215469000000002", "2.15469E+14"))
    account = warehouse.land(EXPORT)
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (3, 0, 3)
    assert warehouse.reasons(EXPORT) == [
        (2, "rating", "out_of_range"),
        (3, "conversation_id", "wrong_form"),
        (4, "rating", "not_a_whole_number"),
    ]
