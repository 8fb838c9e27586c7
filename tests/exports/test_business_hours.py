"""The lists of business hours and holidays: counts and reasons by hand."""

from collections.abc import Sequence

import pytest

from pipelines.exports.files import FileRefused
from tests.conftest import TestWarehouse

HEADER = "schedule,time_zone,weekday,opens,closes"
DATED = f"{HEADER},from,to"


def reasons(
    warehouse: TestWarehouse, rows: Sequence[str], header: str = HEADER
) -> list[tuple[int, str, str]]:
    """Why which rows are set aside; the list with them is refused as a whole."""
    warehouse.deliver("reference", "business_hours.csv", "\n".join([header, *rows, ""]))
    with pytest.raises(FileRefused, match=r"rows? breaks? the contract"):
        warehouse.land("reference/business_hours")
    return warehouse.reasons("reference/business_hours")


def test_hours_land_as_people_write_them(warehouse: TestWarehouse) -> None:
    rows = [
        "default,Europe/Berlin,Mon,09:00,12:00,,",
        "default,europe/berlin,Mon,12:00,24:00,,",  # the next begins as one ends
        "default,Europe/Berlin,Tue,9:00,17:30:00,,2025-05-31",
        "default,Europe/Berlin,Tue,08:00,20:00,2025-06-01,",
        "night,Asia/Kolkata,Tue,00:00,06:00,,",
    ]
    warehouse.deliver("reference", "business_hours.csv", "\n".join([DATED, *rows, ""]))
    account = warehouse.land("reference/business_hours")
    assert account is not None
    assert (account.read, account.accepted) == (5, 5)


def test_a_time_is_one_that_a_clock_can_show(warehouse: TestWarehouse) -> None:
    rows = [
        "default,Europe/Berlin,Mon,09:00,17:00",
        "default,Europe/Berlin,Tue,24:00,24:00",
        "default,Europe/Berlin,Wed,9am,17:00",
        "default,Europe/Berlin,Thu,09:00,24:01",
        "default,Europe/Berlin,Freitag,09:00,17:00",
        "default,Europe/Berlin,Sat,09:00,",
        ",Europe/Berlin,Sun,09:00,10:00",
    ]
    assert reasons(warehouse, rows) == [
        (3, "opens", "wrong_form"),
        (3, "", "closes_after_it_opens"),
        (4, "opens", "wrong_form"),
        (5, "closes", "wrong_form"),
        (6, "weekday", "unknown_value"),
        (7, "closes", "missing"),
        (8, "schedule", "missing"),
    ]


def test_a_zone_is_of_the_zone_database_and_the_only_one_of_its_schedule(
    warehouse: TestWarehouse,
) -> None:
    rows = [
        "default,Europe/Berlin,Mon,09:00,17:00",
        "mars,Mars/Olympus,Mon,09:00,17:00",
        "two,Europe/Berlin,Mon,09:00,17:00",
        "two,America/New_York,Tue,09:00,17:00",
    ]
    assert reasons(warehouse, rows) == [
        (3, "time_zone", "time_zone_is_known"),
        (4, "", "schedule_has_one_time_zone"),
        (5, "", "schedule_has_one_time_zone"),
    ]
    _, reason = (
        warehouse.rejected("reference/business_hours").select("source_row", "reasons").row(0)
    )
    assert reason[0]["explanation"] == "Mars/Olympus breaks time zone is known"


def test_hours_close_after_they_open_and_do_not_overlap(warehouse: TestWarehouse) -> None:
    rows = [
        "night,Europe/Berlin,Mon,22:00,06:00,,",  # a night is two rows
        "short,Europe/Berlin,Mon,09:00,09:00,,",
        "default,Europe/Berlin,Mon,09:00,13:00,,",
        "default,Europe/Berlin,Mon,12:59,17:00,,",
        "default,Europe/Berlin,Tue,12:00,17:00,,",  # another day
        "default,Europe/Berlin,Wed,09:00,17:00,,2025-06-01",
        "default,Europe/Berlin,Wed,10:00,11:00,2025-06-01,",  # both hold on the first of June
        "default,Europe/Berlin,Thu,09:00,17:00,2025-06-01,2025-05-31",
        "other,Europe/Berlin,Mon,09:00,17:00,,",
    ]
    assert reasons(warehouse, rows, DATED) == [
        (2, "", "closes_after_it_opens"),
        (3, "", "closes_after_it_opens"),
        (4, "", "hours_do_not_overlap"),
        (5, "", "hours_do_not_overlap"),
        (7, "", "hours_do_not_overlap"),
        (8, "", "hours_do_not_overlap"),
        (9, "", "ends_no_sooner_than_it_begins"),
    ]


def test_holidays_land_of_all_schedules_or_of_one(warehouse: TestWarehouse) -> None:
    rows = "schedule,date,holiday\n,2025-01-01,New Year\nnight,2025-05-01,\n"
    warehouse.deliver("reference", "holidays.csv", rows)
    account = warehouse.land("reference/holidays")
    assert account is not None
    assert (account.read, account.accepted) == (2, 2)
    warehouse.deliver("reference", "holidays.csv", rows + "night,1 May,\nnight,,\n")
    with pytest.raises(FileRefused, match="2 of 4 rows break the contract"):
        warehouse.land("reference/holidays")
    assert warehouse.reasons("reference/holidays") == [
        (4, "closed_on", "not_a_date"),
        (5, "closed_on", "missing"),
    ]
