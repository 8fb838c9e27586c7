"""HubSpot's records: counts by hand."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pipelines.exports.files import FileRefused
from tests.conftest import SAMPLES, TestWarehouse

FILES = "hubspot-crm-exports-all-{}-2025-02-10.csv"
ZONE = '[hubspot]\ntime_zone = "America/New_York"\n'


def sample(records: str) -> str:
    return (SAMPLES / "hubspot" / FILES.format(records)).read_text("utf-8")


def deliver(warehouse: TestWarehouse, records: str, text: str | None = None) -> None:
    (warehouse.home.path / "sources.toml").write_text(ZONE)
    warehouse.deliver("hubspot", FILES.format(records), text or sample(records))


def test_contacts_land_in_utc_without_names(warehouse: TestWarehouse) -> None:
    deliver(warehouse, "contacts")
    account = warehouse.land("hubspot/contacts")
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (3, 3, 0, 0)
    assert account.unknown_columns == ()
    maya, liam, nobody = warehouse.rows("hubspot/contacts").rows(named=True)
    assert maya["created_at"] == datetime(2023, 2, 7, 20, 44, tzinfo=UTC)  # 5 hours behind
    assert liam["created_at"] == datetime(2024, 5, 19, 10, 5, tzinfo=UTC)  # 4 in summer
    assert maya["salesforce_contact_id"] == "0038a00003pQrSaAAK"
    assert liam["company_ids"] == "20077310443;20077310442"
    assert nobody["company_id"] is None
    lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
    for name in (b"Okafor", b"Ruiz", b"Northwind", b"example.com", b"555 0101"):
        assert name not in lake


def test_labels_in_another_language_are_the_same_columns(warehouse: TestWarehouse) -> None:
    text = sample("contacts")
    for label, other in (
        ("Record ID", "ID de registro"),
        ("First Name", "Nombre"),
        ("Last Name", "Apellidos"),
        ("Phone Number", "Número de teléfono"),
        ("Email", "Correo"),
        ("Create Date", "Fecha de creación"),
    ):
        assert f'"{label}"' in text
        text = text.replace(f'"{label}"', f'"{other}"')
    deliver(warehouse, "contacts", text)
    account = warehouse.land("hubspot/contacts")
    assert account is not None
    assert (account.accepted, account.unknown_columns) == (3, ())


def test_deals_keep_stage_amount_and_currency(warehouse: TestWarehouse) -> None:
    deliver(warehouse, "deals")
    account = warehouse.land("hubspot/deals")
    assert account is not None
    assert (account.read, account.accepted, account.unknown_columns) == (3, 3, ())
    deals = warehouse.rows("hubspot/deals").select("stage", "amount", "currency", "company_id")
    assert deals.rows() == [
        ("Closed Won", Decimal("24000.0000"), "USD", "20077310442"),
        ("Contract Sent", Decimal("7500.5000"), "EUR", "20077310443"),
        ("Closed Lost", None, "EUR", "20077310443"),
    ]


def test_companies_need_no_more_than_id_and_creation(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(ZONE + "bad_row_limit = 0.5\n")
    warehouse.deliver(
        "hubspot",
        FILES.format("companies"),
        '"Record ID","Company name","Create Date","Industry","Country/Region","Merged record IDs"\n'
        '"20077310442","Northwind Clínicas","2023-01-02","HOSPITAL","Colombia","20077310499"\n'
        '"20077310443","Harbor","2023-01-03 10:15","","",""\n'
        '"20077310444","Bad","2023-01-03 10:15","","","twenty"\n',
    )
    account = warehouse.land("hubspot/companies")
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (3, 2, 1)
    assert account.reasons == {"merged_record_ids: wrong_form": 1}
    rows = warehouse.rows("hubspot/companies").rows(named=True)
    assert rows[0]["created_at"] == datetime(2023, 1, 2, 5, tzinfo=UTC)  # midnight in New York
    assert (rows[0]["country"], rows[0]["merged_record_ids"]) == ("Colombia", "20077310499")


def test_tickets_without_a_zone_are_refused(warehouse: TestWarehouse) -> None:
    warehouse.deliver("hubspot", FILES.format("tickets"), sample("tickets"))
    with pytest.raises(FileRefused, match=r"Set time_zone under \[hubspot\]") as refused:
        warehouse.land("hubspot/tickets")
    assert refused.value.code == "no_time_zone"


def test_tickets_land(warehouse: TestWarehouse) -> None:
    deliver(warehouse, "tickets")
    account = warehouse.land("hubspot/tickets")
    assert account is not None
    assert (account.read, account.accepted, account.unknown_columns) == (3, 3, ())
    closed, waiting, _ = warehouse.rows("hubspot/tickets").rows(named=True)
    assert closed["closed_at"] == datetime(2025, 1, 15, 14, 2, tzinfo=UTC)
    assert closed["time_to_close_ms"] == 103_818_000
    assert (waiting["status"], waiting["closed_at"]) == ("Waiting on us", None)
