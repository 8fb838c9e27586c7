"""Columns that come and go between two deliveries, told apart from columns that move."""

from datetime import date

import pytest

from pipelines import lake
from pipelines.contracts.contract import export_named
from pipelines.exports.files import FileRefused
from pipelines.headers import HeaderChange, newest_header_change
from pipelines.settings import load_settings
from tests.conftest import TestWarehouse
from tests.test_cli import cx
from tests.test_landing import IMPORTS, qualtrics

FIRST, SECOND, THIRD = date(2025, 2, 3), date(2025, 2, 10), date(2025, 2, 17)
CELLS = {
    "Id": "001000000000001AAA",
    "IsDeleted": "0",
    "Type": "Customer",
    "CreatedDate": "2025-01-01 00:00:00",
    "SystemModstamp": "2025-01-01 00:00:00",
}
USUAL = tuple(CELLS)


def accounts(*labels: str, number: int = 1) -> str:
    """An `Account.csv` of one row."""
    cells = {**CELLS, "Id": f"00100000000000{number}AAA"}
    return ",".join(labels) + "\n" + ",".join(cells.get(label, "x") for label in labels) + "\n"


def change(warehouse: TestWarehouse, name: str = "salesforce/account") -> HeaderChange | None:
    export = export_named(name)
    settings = load_settings(warehouse.home, {}).source(export.source)
    return newest_header_change(warehouse.home, export, settings)


def deliver(warehouse: TestWarehouse, day: date, *labels: str) -> None:
    warehouse.deliver("salesforce", "Account.csv", accounts(*labels), day)
    warehouse.land("salesforce/account", day)


def test_a_first_delivery_has_nothing_to_be_compared_with(warehouse: TestWarehouse) -> None:
    assert change(warehouse) is None
    deliver(warehouse, FIRST, *USUAL)
    assert change(warehouse) is None


def test_moved_columns_and_another_spelling_are_no_change(warehouse: TestWarehouse) -> None:
    deliver(warehouse, FIRST, *USUAL)
    moved = accounts(*reversed(USUAL)).replace("Id", " ID ").replace("Type", "TYPE")
    warehouse.deliver("salesforce", "Account.csv", moved, SECOND)
    warehouse.land("salesforce/account", SECOND)
    found = change(warehouse)
    assert found is not None
    assert not found.is_change
    assert found.newest.fingerprint == found.earlier.fingerprint
    assert len(found.newest.fingerprint) == 12


def test_the_newest_delivery_is_compared_with_the_one_before_it(warehouse: TestWarehouse) -> None:
    deliver(warehouse, FIRST, *USUAL, "Old__c")
    deliver(warehouse, SECOND, *USUAL, "Tier__c")
    deliver(warehouse, THIRD, *(each for each in USUAL if each != "Type"), "Tier__c", "New__c")
    found = change(warehouse)
    assert found is not None
    assert (found.added, found.gone, found.required) == (("New__c",), ("Type",), ())
    assert (found.newest.delivered_on, found.earlier.delivered_on) == ("2025-02-17", "2025-02-10")
    assert found.newest.files == found.earlier.files == ("Account.csv",)
    assert found.newest.fingerprint != found.earlier.fingerprint
    assert str(found) == "since 2025-02-10: added New__c; gone Type"


def test_a_required_column_that_is_gone_is_told_from_the_last_good_header(
    warehouse: TestWarehouse,
) -> None:
    deliver(warehouse, FIRST, *USUAL, "Tier__c", "Own__c")
    with pytest.raises(FileRefused, match="SystemModstamp"):
        deliver(warehouse, SECOND, *USUAL[:-1], "Own__c", "maya.okafor@example.com")
    found = change(warehouse)
    assert found is not None
    assert found.is_refused
    assert (found.gone, found.required) == (("SystemModstamp", "Tier__c"), ("SystemModstamp",))
    assert found.added == ()  # the first row of a file without a header would stand here
    refusal = lake.lake_file(warehouse.home, export_named("salesforce/account"), SECOND)
    assert "maya" not in refusal.with_name("refused.json").read_text()

    deliver(warehouse, THIRD, *USUAL, "Tier__c", "Own__c")
    found = change(warehouse)
    assert found is not None
    assert not found.is_refused
    assert not found.is_change


def test_a_required_column_under_another_of_its_names_is_there(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(
        '[salesforce.labels.account]\nsystem_modstamp = "Last change"\n'
    )
    deliver(warehouse, FIRST, *USUAL)
    warehouse.deliver(
        "salesforce",
        "Account.csv",
        accounts(*USUAL).replace("SystemModstamp", "Last change"),
        SECOND,
    )
    warehouse.land("salesforce/account", SECOND)
    found = change(warehouse)
    assert found is not None
    assert (found.added, found.gone) == (("Last change",), ("SystemModstamp",))
    assert found.required == ()


def test_a_column_that_one_of_several_files_lacks_is_gone(warehouse: TestWarehouse) -> None:
    for day, labels in ((FIRST, USUAL), (SECOND, (*USUAL[:2], *USUAL[3:]))):
        warehouse.deliver("salesforce", "a/Account.csv", accounts(*USUAL), day)
        warehouse.deliver("salesforce", "b/Account.csv", accounts(*labels, number=2), day)
        warehouse.land("salesforce/account", day)
    found = change(warehouse)
    assert found is not None
    assert (found.added, found.gone) == ((), ("Type",))
    assert len(found.earlier.distinct) == 1
    assert len(found.newest.distinct) == 2
    assert found.newest.files == ("a/Account.csv", "b/Account.csv")


def test_questions_come_and_go_and_are_never_required(warehouse: TestWarehouse) -> None:
    other = [*IMPORTS[:-1], "QID3"]
    warehouse.deliver("qualtrics", "Survey.csv", qualtrics([{}]), FIRST)
    warehouse.deliver("qualtrics", "Survey.csv", qualtrics([{}], other), SECOND)
    for day in (FIRST, SECOND):
        warehouse.land("qualtrics/responses", day)
    found = change(warehouse, "qualtrics/responses")
    assert found is not None
    assert (found.added, found.gone, found.required) == (("QID3",), ("QID2",), ())


def test_another_survey_beside_the_first_takes_nothing_from_it(warehouse: TestWarehouse) -> None:
    warehouse.deliver("qualtrics", "A.csv", qualtrics([{}]), FIRST)
    warehouse.deliver("qualtrics", "A.csv", qualtrics([{}]), SECOND)
    other = [*IMPORTS[:-1], "QID3"]
    warehouse.deliver("qualtrics", "B.csv", qualtrics([{"_recordId": "R_b"}], other), SECOND)
    for day in (FIRST, SECOND):
        warehouse.land("qualtrics/responses", day)
    found = change(warehouse, "qualtrics/responses")
    assert found is not None
    assert (found.added, found.gone) == (("QID3",), ())


def test_status_tells_a_change_in_one_line(warehouse: TestWarehouse) -> None:
    deliver(warehouse, FIRST, *USUAL)
    assert "columns" not in cx(warehouse.home.path, "status").stdout
    deliver(warehouse, SECOND, *USUAL, "[Own]")
    lines = cx(warehouse.home.path, "status").stdout.splitlines()
    assert "columns salesforce/account 2025-02-10, since 2025-02-03: added [Own]" in lines
