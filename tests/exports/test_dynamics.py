"""Dynamics 365's worksheets of accounts, contacts and cases: counts by hand."""

from datetime import UTC, datetime

import pytest

from pipelines.exports.files import FileRefused
from pipelines.landing import unread_files
from pipelines.pseudonyms import Pseudonyms
from tests import dynamics
from tests.conftest import DAY, KEY, TestWarehouse


def set_zone(warehouse: TestWarehouse, more: str = "") -> None:
    (warehouse.home.path / "sources.toml").write_text(
        f'[dynamics]\ntime_zone = "America/New_York"\n{more}'
    )


def test_accounts_land_without_their_names(warehouse: TestWarehouse) -> None:
    set_zone(warehouse)
    warehouse.deliver("dynamics", dynamics.ACCOUNTS, dynamics.accounts())
    account = warehouse.land("dynamics/accounts")
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (4, 4, 0, 0)
    assert account.unknown_columns == ()
    northwind, harbor, *twins = warehouse.rows("dynamics/accounts").rows(named=True)
    assert northwind["account_id"] == dynamics.NORTHWIND
    assert northwind["created_at"] == datetime(2023, 2, 7, 20, 44, tzinfo=UTC)  # 5 hours behind
    assert harbor["created_at"] == datetime(2024, 5, 19, 10, 5, tzinfo=UTC)  # 4 in summer
    assert northwind["modified_at"] == datetime(2025, 1, 30, 17, 21, 5, tzinfo=UTC)
    assert (northwind["country"], northwind["industry"]) == ("Colombia", "Healthcare")
    assert northwind["name_pseudonym"] == Pseudonyms(KEY).of("northwind clínicas")
    assert twins[0]["name_pseudonym"] == twins[1]["name_pseudonym"]
    lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
    for name in ("Northwind", "Clínicas", "Harbor", "Ruiz", "accountid"):
        assert name.encode() not in lake


def test_a_view_in_another_language_is_known_by_its_folder(warehouse: TestWarehouse) -> None:
    set_zone(warehouse)
    warehouse.deliver("dynamics", "accounts/Alle Firmen 10-02-2025.xlsx", dynamics.accounts())
    # In the folder of accounts it still is what its name says.
    warehouse.deliver("dynamics", f"accounts/{dynamics.CONTACTS}", dynamics.contacts())
    warehouse.deliver("dynamics", "Alle Kontakte 10-02-2025.xlsx", dynamics.contacts())
    accounts = warehouse.land("dynamics/accounts")
    contacts = warehouse.land("dynamics/contacts")
    assert accounts is not None
    assert contacts is not None
    assert [file.name for file in accounts.files] == ["accounts/Alle Firmen 10-02-2025.xlsx"]
    assert (accounts.accepted, contacts.accepted) == (4, 3)
    unread = unread_files(warehouse.home, "dynamics", DAY)
    assert unread == ["Alle Kontakte 10-02-2025.xlsx"]


def test_a_contact_belongs_to_the_account_whose_name_it_bears(warehouse: TestWarehouse) -> None:
    set_zone(warehouse)
    warehouse.deliver("dynamics", dynamics.CONTACTS, dynamics.contacts())
    account = warehouse.land("dynamics/contacts")
    assert account is not None
    assert (account.read, account.accepted, account.unknown_columns) == (3, 3, ())
    contacts = warehouse.rows("dynamics/contacts").rows(named=True)
    keyed = Pseudonyms(KEY)
    assert [row["company_name_pseudonym"] for row in contacts] == [
        keyed.of("northwind clínicas"),
        keyed.of('harbor "fresh" foods'),
        keyed.of("twin"),
    ]
    assert [row["email_pseudonym"] for row in contacts] == [
        keyed.of("maya.okafor@example.com"),
        keyed.of("liam.berg@example.com"),
        None,
    ]


def test_a_case_in_an_unknown_status_is_set_aside(warehouse: TestWarehouse) -> None:
    set_zone(warehouse, "bad_row_limit = 0.5\n")
    warehouse.deliver("dynamics", dynamics.CASES, dynamics.cases())
    account = warehouse.land("dynamics/cases")
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (4, 3, 1)
    assert account.reasons == {"status: wrong_form": 1}
    assert account.unknown_columns == ()
    closed, waiting, _ = warehouse.rows("dynamics/cases").rows(named=True)
    assert closed["case_number"] == "CAS-01042-R8C5V7"
    assert closed["resolved_at"] == datetime(2025, 1, 15, 14, 2, 51, tzinfo=UTC)
    assert (waiting["status"], waiting["resolved_at"]) == ("Active", None)
    assert waiting["email_pseudonym"] == Pseudonyms(KEY).of("liam.berg@example.com")


def test_an_id_in_another_form_is_set_aside(warehouse: TestWarehouse) -> None:
    set_zone(warehouse, "bad_row_limit = 0.9\n")
    day = datetime(2025, 1, 2, 3, 4)
    rows = [
        (key, "c==", day, "Northwind", day)
        for key in (dynamics.NORTHWIND, f"{{{dynamics.HARBOR}}}", dynamics.TWIN_1.upper(), None)
    ]
    content = dynamics.worksheet("Account", ("Account Name", "Created On"), rows)
    warehouse.deliver("dynamics", dynamics.ACCOUNTS, content)
    account = warehouse.land("dynamics/accounts")
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (4, 1, 3)
    assert account.reasons == {"account_id: wrong_form": 2, "account_id: missing": 1}


def test_a_view_without_the_time_of_creation_is_refused_by_name(warehouse: TestWarehouse) -> None:
    set_zone(warehouse)
    content = dynamics.worksheet("Account", ("Account Name",), [])
    warehouse.deliver("dynamics", dynamics.ACCOUNTS, content)
    with pytest.raises(FileRefused, match="required column 'Created On' is missing"):
        warehouse.land("dynamics/accounts")


def test_the_newest_of_two_copies_counts(warehouse: TestWarehouse) -> None:
    set_zone(warehouse)
    warehouse.deliver("dynamics", dynamics.ACCOUNTS, dynamics.accounts())
    newer = [
        (dynamics.HARBOR, "a==", datetime(2025, 2, 1), "Harbor", "IE", datetime(2024, 5, 19, 6, 5))
    ]
    labels = ("Account Name", "Country/Region", "Created On")
    content = dynamics.worksheet("Account", labels, newer)
    warehouse.deliver("dynamics", "My Active Accounts 10-02-2025 09-20-00.xlsx", content)
    account = warehouse.land("dynamics/accounts")
    assert account is not None
    assert (account.read, account.accepted, account.duplicates) == (5, 4, 1)
    countries = dict(warehouse.rows("dynamics/accounts").select("account_id", "country").rows())
    assert countries[dynamics.HARBOR] == "IE"
