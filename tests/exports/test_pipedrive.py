"""Pipedrive's deals, persons and organizations: counts by hand."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest

from pipelines.exports.files import FileRefused
from pipelines.pseudonyms import Pseudonyms
from tests.conftest import KEY, SAMPLES, TestWarehouse

DEALS = "deals-10481234-1"
PERSONS = "people-10481234-2"
ORGANIZATIONS = "organizations-10481234-3"


def sample(name: str) -> str:
    return (SAMPLES / "pipedrive" / f"{name}.csv").read_text("utf-8")


def deliver(warehouse: TestWarehouse, name: str, content: str | bytes | None = None) -> None:
    (warehouse.home.path / "sources.toml").write_text('[pipedrive]\ntime_zone = "UTC"\n')
    ending = "xlsx" if isinstance(content, bytes) else "csv"
    warehouse.deliver("pipedrive", f"{name}.{ending}", content or sample(name))


def test_deals_land_with_what_became_of_them(warehouse: TestWarehouse) -> None:
    deliver(warehouse, DEALS)
    account = warehouse.land("pipedrive/deals")
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (2, 2, 0)
    assert account.unknown_columns == ()
    won, lost = warehouse.rows("pipedrive/deals").rows(named=True)
    assert (won["deal_id"], won["stage"], won["status"]) == ("501", "Contract", "Won")
    assert (won["amount"], won["currency"]) == (Decimal("24000.0000"), "USD")
    assert won["won_at"] == datetime(2025, 1, 31, 15, tzinfo=UTC)
    assert (lost["status"], lost["won_at"]) == ("Lost", None)
    assert lost["lost_at"] == datetime(2024, 12, 20, 9, tzinfo=UTC)
    keyed = Pseudonyms(KEY)
    assert lost["organization_name_pseudonym"] == keyed.of('harbor "fresh" foods')
    assert lost["email_pseudonyms"] == keyed.of("liam.berg@example.com")
    lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
    for name in ("Okafor", "Ruiz", "Northwind", "renewal", "example.com", "Price"):
        assert name.encode() not in lake


def test_deals_land_from_a_workbook_as_from_a_csv(
    make_warehouse: Callable[[str], TestWarehouse],
) -> None:
    header, *rows = csv.reader(io.StringIO(sample(DEALS)))
    workbook = openpyxl.Workbook()
    workbook.active.append(header)
    for row in rows:
        cells = [
            datetime.fromisoformat(cell)
            if label.endswith((" created", " time", " date")) and cell
            else float(cell)
            if label in ("Deal - ID", "Deal - Value")
            else cell or None
            for label, cell in zip(header, row, strict=True)
        ]
        workbook.active.append(cells)
    content = io.BytesIO()
    workbook.save(content)
    found = []
    for form in (sample(DEALS), content.getvalue()):
        warehouse = make_warehouse(type(form).__name__)
        deliver(warehouse, DEALS, form)
        warehouse.land("pipedrive/deals")
        found.append(warehouse.rows("pipedrive/deals").drop("source_file"))
    assert found[0].height == 2
    assert found[0].equals(found[1])


def test_persons_and_organizations_land_without_names(warehouse: TestWarehouse) -> None:
    deliver(warehouse, PERSONS)
    deliver(warehouse, ORGANIZATIONS)
    persons = warehouse.land("pipedrive/persons")
    organizations = warehouse.land("pipedrive/organizations")
    assert persons is not None
    assert organizations is not None
    assert (persons.read, persons.accepted, persons.unknown_columns) == (3, 3, ())
    assert (organizations.read, organizations.accepted) == (2, 2)
    assert organizations.unknown_columns == ()
    maya, liam, kim = warehouse.rows("pipedrive/persons").rows(named=True)
    northwind, harbor = warehouse.rows("pipedrive/organizations").rows(named=True)
    assert maya["organization_id"] == northwind["organization_id"] == "31"
    assert liam["organization_id"] is None
    assert liam["organization_name_pseudonym"] == harbor["name_pseudonym"]
    assert (kim["email_pseudonyms"], kim["organization_name_pseudonym"]) == (None, None)
    lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
    for name in ("Okafor", "Ruiz", "Northwind", "example.com", "555 0101"):
        assert name.encode() not in lake


def test_each_address_of_a_person_lands_sealed(warehouse: TestWarehouse) -> None:
    text = sample(PERSONS).replace("Person - Phone - Work", "Person - Email - Home")
    text = text.replace("maya.okafor@example.com", '"maya.okafor@example.com, m.o@example.org"')
    text = text.replace("+57 601 555 0101", "maya@example.net")
    deliver(warehouse, PERSONS, text)
    account = warehouse.land("pipedrive/persons")
    assert account is not None
    assert (account.accepted, account.unknown_columns, account.sealed_columns) == (3, (), ())
    keyed = Pseudonyms(KEY)
    maya = warehouse.rows("pipedrive/persons").row(0, named=True)
    assert maya["email_pseudonyms"].split(";") == [
        keyed.of("maya.okafor@example.com"),
        keyed.of("m.o@example.org"),
    ]
    assert maya["home_email_pseudonyms"] == keyed.of("maya@example.net")
    lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
    assert b"@example" not in lake


def test_the_system_id_is_the_id_and_case_does_not_matter(warehouse: TestWarehouse) -> None:
    text = sample(DEALS).replace("Deal - ID", "Deal - Pipedrive System ID")
    text = text.replace("Deal - Currency of Value", "Deal - Currency of value")
    deliver(warehouse, DEALS, text)
    account = warehouse.land("pipedrive/deals")
    assert account is not None
    assert (account.accepted, account.unknown_columns) == (2, ())
    assert warehouse.rows("pipedrive/deals")["currency"].to_list() == ["USD", "EUR"]


def test_a_list_without_ids_is_refused_and_says_what_to_add(warehouse: TestWarehouse) -> None:
    deliver(warehouse, DEALS, sample(DEALS).replace("Deal - ID", "Deal - Label"))
    with pytest.raises(FileRefused, match="required column 'Deal - ID' is missing"):
        warehouse.land("pipedrive/deals")


def test_a_field_that_somebody_made_may_be_the_deals_type(warehouse: TestWarehouse) -> None:
    deliver(warehouse, DEALS, sample(DEALS).replace("Deal - Lost reason", "Deal - Art"))
    settings = warehouse.home.path / "sources.toml"
    label = '[pipedrive.labels.deals]\ndeal_type = "Deal - Art"\n'
    settings.write_text(settings.read_text() + label)
    account = warehouse.land("pipedrive/deals")
    assert account is not None
    assert account.unknown_columns == ()
    assert warehouse.rows("pipedrive/deals")["deal_type"].to_list() == [None, "Price"]
