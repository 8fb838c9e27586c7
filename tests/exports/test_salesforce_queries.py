"""Results of Salesforce queries: whose file it is, what it may lack, what its cells mean."""

import json
from datetime import UTC, datetime

import pytest

from pipelines.contracts.contract import all_exports
from pipelines.exports.files import FileRefused
from pipelines.landing import _matches
from tests.conftest import SAMPLES, TestWarehouse

NUMBERED = "Id,CaseNumber,Status,IsClosed,CreatedDate,SystemModstamp\n"


def exports_of(file: str) -> list[str]:
    """The exports of the source that take a file of this name."""
    return [
        export.name
        for export in all_exports()
        if export.source == "salesforce"
        and any(_matches(file, pattern) for pattern in export.files)
    ]


@pytest.mark.parametrize(
    ("file", "export"),
    [
        ("bulk2_query_Case.csv", "case_query"),
        ("query_case.csv", "case_query"),
        ("Nightly query_Case_2.csv", "case_query"),
        ("bulk_Case (1).csv", "case_query"),
        ("bulkquery_Case-part-12.csv", "case_query"),
        ("bulk_Account.csv", "account_query"),
        ("query_Contact_2025-02-10.csv", "contact_query"),
        ("query_User.csv", "user_query"),
        ("query_Opportunity.csv", "opportunity_query"),
        ("Case.csv", "case"),
        ("Account.csv", "account"),
        ("CaseHistory2.csv", "case_history"),
        ("report1739178840123.csv", "case_report"),
    ],
)
def test_a_file_is_of_one_export(file: str, export: str) -> None:
    assert exports_of(file) == [export]


@pytest.mark.parametrize(
    "file",
    [
        "query_CaseHistory.csv",
        "bulk2_query_CaseComment.csv",
        "query_Case_Note__c.csv",
        "query_OpportunityLineItem.csv",
        "bulk_UserRole.csv",
        "extract.csv",
        "reports.csv",
    ],
)
def test_another_objects_file_is_of_none(file: str) -> None:
    assert exports_of(file) == []


def test_the_sample_lands_with_what_was_asked_for(warehouse: TestWarehouse) -> None:
    name = "bulk2_query_Case.csv"
    warehouse.deliver("salesforce", name, SAMPLES / "salesforce" / name)
    account = warehouse.land("salesforce/case_query")
    assert warehouse.land("salesforce/case") is None
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (3, 3, 0, 0)
    rows = warehouse.rows("salesforce/case_query")
    assert rows["created_date"].to_list() == [
        datetime(2025, 1, 14, 9, 12, 33, tzinfo=UTC),
        datetime(2025, 1, 20, 16, 45, tzinfo=UTC),
        datetime(2025, 2, 1, 3, 4, 5, tzinfo=UTC),
    ]
    assert rows["is_closed"].to_list() == [True, False, False]
    assert rows["closed_date"][1] is None
    assert rows["contact_id"].to_list() == ["0038a00003pQrSaAAK", "0038a00003pQrScAAK", None]
    for asked in rows["queried_columns"].to_list():
        assert set(json.loads(asked)) == {
            "id",
            "case_number",
            "contact_id",
            "status",
            "is_closed",
            "created_date",
            "closed_date",
        }
    assert account.sealed_columns == ("Contact.Email",)
    assert "@" not in rows.write_csv()


def test_parts_are_one_result_and_each_has_its_own_header(warehouse: TestWarehouse) -> None:
    one = "5008a00001CsE0aAAF,1,New,false,{},2025-01-14T09:12:33.000+0000\n"
    two = "New,2,5008a00001CsE0bAAF,2025-01-14T09:12:33.500Z,FALSE\n"
    warehouse.deliver(
        "salesforce", "query_Case_1.csv", NUMBERED + one.format("2025-01-14T10:12:33.000+0100")
    )
    warehouse.deliver(
        "salesforce", "query_Case_2.csv", "Status,CaseNumber,Id,CreatedDate,IsClosed\n" + two
    )
    account = warehouse.land("salesforce/case_query")
    assert account is not None
    assert [file.rows for file in account.files] == [1, 1]
    rows = warehouse.rows("salesforce/case_query").sort("source_file")
    assert rows["case_number"].to_list() == ["1", "2"]
    assert rows["created_date"].to_list() == [
        datetime(2025, 1, 14, 9, 12, 33, tzinfo=UTC),
        datetime(2025, 1, 14, 9, 12, 33, 500_000, tzinfo=UTC),
    ]
    asked = [json.loads(each) for each in rows["queried_columns"]]
    assert ["system_modstamp" in each for each in asked] == [True, False]


def test_of_a_record_in_two_parts_the_newer_version_stays(warehouse: TestWarehouse) -> None:
    row = "5008a00001CsE0aAAF,1,{},false,2025-01-14T09:12:33.000Z,{}\n"
    warehouse.deliver(
        "salesforce", "query_Case_1.csv", NUMBERED + row.format("Working", "2025-01-16T00:00:00Z")
    )
    warehouse.deliver(
        "salesforce", "query_Case_2.csv", NUMBERED + row.format("New", "2025-01-15T00:00:00Z")
    )
    account = warehouse.land("salesforce/case_query")
    assert account is not None
    assert (account.read, account.accepted, account.duplicates) == (2, 1, 1)
    assert warehouse.rows("salesforce/case_query")["status"].to_list() == ["Working"]


def test_a_time_without_a_zone_is_set_aside(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text("[salesforce]\nbad_row_limit = 1.0\n")
    row = "5008a00001CsE0aAAF,1,New,false,2025-01-14T09:12:33,2025-01-14T09:12:33Z\n"
    warehouse.deliver("salesforce", "query_Case.csv", NUMBERED + row)
    warehouse.land("salesforce/case_query")
    assert warehouse.reasons("salesforce/case_query") == [(2, "created_date", "not_a_timestamp")]


def test_a_query_that_did_not_ask_for_the_id_is_refused(warehouse: TestWarehouse) -> None:
    warehouse.deliver("salesforce", "query_Case.csv", NUMBERED.replace("Id,", "", 1))
    with pytest.raises(FileRefused, match="the required column 'Id' is missing"):
        warehouse.land("salesforce/case_query")


def test_a_parents_name_and_address_stay_outside(warehouse: TestWarehouse) -> None:
    header = NUMBERED.replace("Id,", "Id,Contact.Name,Owner.Username,Account.Industry,", 1)
    row = (
        "5008a00001CsE0aAAF,Maya Okafor,ana,Retail,1,New,false,"
        "2025-01-14T09:12:33.000Z,2025-01-14T09:12:33.000Z\n"
    )
    warehouse.deliver("salesforce", "query_Case.csv", header + row)
    account = warehouse.land("salesforce/case_query")
    assert account is not None
    assert account.sealed_columns == ("Contact.Name", "Owner.Username")
    extras = warehouse.rows("salesforce/case_query")["extras"]
    assert [json.loads(each) for each in extras] == [{"Account.Industry": "Retail"}]


@pytest.mark.parametrize("result", ["account", "contact", "user", "opportunity"])
def test_the_other_objects_land_with_the_least_that_a_query_must_ask_for(
    warehouse: TestWarehouse, result: str
) -> None:
    header, row = {
        "account": ("Id,CreatedDate", "0018a00002kHzkAAAS,2025-01-14T09:12:33.000Z"),
        "contact": ("Id,CreatedDate", "0038a00003pQrSaAAK,2025-01-14T09:12:33.000Z"),
        "user": ("Id,IsActive", "0058a00000MNWtZAAX,true"),
        "opportunity": (
            "Id,StageName,CloseDate,IsClosed,IsWon,CreatedDate",
            "0068a00000MNWtZAAX,Won,2025-01-14,true,true,2025-01-14T09:12:33.000Z",
        ),
    }[result]
    warehouse.deliver("salesforce", f"query_{result}.csv", f"{header}\n{row}\n")
    account = warehouse.land(f"salesforce/{result}_query")
    assert account is not None
    assert (account.read, account.accepted) == (1, 1)
