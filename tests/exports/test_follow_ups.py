"""The list of follow-ups: counts by hand."""

from datetime import UTC, datetime

from tests.conftest import TestWarehouse

LIST = """\
source,response_id,owner,opened,due,first_contact,closed,outcome,root_cause
qualtrics,R_1,0058a00000AbCdEAAV,2025-01-02 09:00,,2025-01-03 10:30,2025-01-05,Solved,Price
qualtrics,R_2,ana@example.com,2025-01-02 09:00,,,,,
delighted,R_1,,2025-01-02 09:00:00,,,,,
delighted,R_3,,2025-01-02 09:00:00,,2025-01-01 09:00:00,,,
,R_4,,2025-01-02 09:00:00,,,,,
"""


def test_what_was_done_lands_and_what_cannot_be_is_set_aside(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text("[reference]\nbad_row_limit = 0.5\n")
    warehouse.deliver("reference", "follow_ups.csv", LIST)
    account = warehouse.land("reference/follow_ups")
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (5, 3, 2)
    assert account.reasons == {"nothing_before_it_was_opened": 1, "source: missing": 1}
    first, second, _ = warehouse.rows("reference/follow_ups").rows(named=True)
    assert first["closed_at"] == datetime(2025, 1, 5, tzinfo=UTC)
    assert first["first_contact_at"] == datetime(2025, 1, 3, 10, 30, tzinfo=UTC)
    assert first["owner"] == "0058a00000AbCdEAAV"
    assert len(second["owner"]) == 32  # an address is sealed
    assert second["first_contact_at"] is None
