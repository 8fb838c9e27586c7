"""Chargebee's subscriptions: counts by hand."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pipelines.exports.files import FileRefused
from tests.conftest import SAMPLES, TestWarehouse

USUAL = SAMPLES / "chargebee" / "Subscriptions.csv"
ALL_COLUMNS = SAMPLES / "chargebee" / "Subscriptions_all_columns.csv"
SETTINGS = '[chargebee]\ntime_zone = "America/New_York"\nbad_row_limit = 0.2\n'


def test_each_subscription_lands_in_utc_without_names(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(SETTINGS)
    warehouse.deliver("chargebee", "Subscriptions.csv", USUAL)
    account = warehouse.land("chargebee/subscriptions")
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (2, 2, 0, 0)
    assert account.unknown_columns == ()
    active, leaving = warehouse.rows("chargebee/subscriptions").rows(named=True)
    assert active["started_at"] == datetime(2024, 1, 2, 18, 0, tzinfo=UTC)  # 5 hours behind
    assert leaving["created_at"] == datetime(2024, 5, 20, 13, 0, tzinfo=UTC)  # 4 in summer
    assert (active["plan"], active["quantity"], active["mrr"]) == ("team-monthly", None, None)
    assert leaving["status"] == "Non Renewing"


def test_a_view_with_all_columns_lands_and_an_unknown_status_does_not(
    warehouse: TestWarehouse,
) -> None:
    (warehouse.home.path / "sources.toml").write_text(SETTINGS)
    warehouse.deliver("chargebee", "Subscriptions_all_columns.csv", ALL_COLUMNS)
    account = warehouse.land("chargebee/subscriptions")
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (6, 5, 1)
    assert account.unknown_columns == ()
    assert warehouse.reasons("chargebee/subscriptions") == [(7, "status", "wrong_form")]
    cancelled, trial, *_ = warehouse.rows("chargebee/subscriptions").rows(named=True)
    assert cancelled["account_id"] == "0018a00002kHzkAAAS"
    assert cancelled["cancelled_at"] == datetime(2025, 1, 10, 4, 30, tzinfo=UTC)
    assert cancelled["cancel_reason"] == "Not Paid"
    assert trial["trial_end"] == datetime(2025, 2, 15, 14, 0, tzinfo=UTC)
    lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
    for name in (b"Okafor", b"Poe", b"example.com"):
        assert name not in lake


def test_they_are_found_in_the_archive_among_other_resources(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(SETTINGS)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(USUAL, "Subscriptions.csv")
        archive.writestr("Customers.csv", "customers.id,customers.email\nNW-001,m@example.com\n")
    warehouse.deliver("chargebee", "chargebee-export.zip", packed.getvalue())
    account = warehouse.land("chargebee/subscriptions")
    assert account is not None
    assert account.accepted == 2


def test_without_a_zone_they_are_refused(warehouse: TestWarehouse) -> None:
    warehouse.deliver("chargebee", "Subscriptions.csv", USUAL)
    with pytest.raises(FileRefused, match=r"Set time_zone under \[chargebee\]") as refused:
        warehouse.land("chargebee/subscriptions")
    assert refused.value.code == "no_time_zone"


def test_months_may_be_written_out(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text(SETTINGS)
    text = USUAL.read_text().replace("2024-01-02 13:00:00", "02-Jan-2024 13:00")
    warehouse.deliver("chargebee", "Subscriptions.csv", text)
    warehouse.land("chargebee/subscriptions")
    started = warehouse.rows("chargebee/subscriptions")["started_at"]
    assert started[0] == datetime(2024, 1, 2, 18, 0, tzinfo=UTC)


def test_a_price_is_declared_for_an_interval(warehouse: TestWarehouse) -> None:
    header = "plan,amount,currency,interval,from\n"
    warehouse.deliver("reference", "plan_prices.csv", f"{header}solo,490,EUR,year,2024-01-01\n")
    warehouse.land("reference/plan_prices")
    assert warehouse.rows("reference/plan_prices").rows()[0][:5] == (
        "solo",
        Decimal(490),
        "EUR",
        "year",
        date(2024, 1, 1),
    )
