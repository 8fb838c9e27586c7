"""Stripe's older layouts: counts by hand."""

from datetime import UTC, datetime
from decimal import Decimal

from tests.conftest import SAMPLES, TestWarehouse

PAYMENTS = SAMPLES / "stripe" / "payments.csv"
SUBSCRIPTIONS = SAMPLES / "stripe" / "subscriptions_2020.csv"


def test_payments_of_the_older_layout_land_without_cards_and_tests(
    warehouse: TestWarehouse,
) -> None:
    warehouse.deliver("stripe", "payments.csv", PAYMENTS)
    account = warehouse.land("stripe/payments")
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (4, 3, 0, 0)
    assert account.excluded == {"test_mode": 1}
    assert account.unknown_columns == ()
    payments = warehouse.rows("stripe/payments")
    assert payments["created"].to_list() == [
        datetime(2020, 1, 2, 13, 0, tzinfo=UTC),
        datetime(2020, 1, 5, 9, 30, tzinfo=UTC),
        datetime(2020, 2, 1, 0, 0, tzinfo=UTC),
    ]
    assert payments["amount"].to_list() == [Decimal("20"), Decimal("49"), Decimal("75.5")]
    assert payments["amount_refunded"].to_list() == [Decimal(0), Decimal(9), Decimal(0)]
    assert payments["dispute_status"].to_list() == [None, None, "lost"]
    assert payments["invoice_id"].to_list() == ["in_1GAaaa", None, None]
    lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
    for name in (b"Okafor", b"Main St", b"4242", b"f1nG3rPr1nt", b"example.com"):
        assert name not in lake


def test_the_oldest_label_of_what_the_statement_says_is_no_news(warehouse: TestWarehouse) -> None:
    text = PAYMENTS.read_text().replace("Statement Descriptor", "Statement Description")
    warehouse.deliver("stripe", "charges.csv", text)
    account = warehouse.land("stripe/payments")
    assert account is not None
    assert (account.accepted, account.unknown_columns) == (3, ())


def test_subscriptions_of_the_older_layout_land(warehouse: TestWarehouse) -> None:
    warehouse.deliver("stripe", "subscriptions_2020.csv", SUBSCRIPTIONS)
    account = warehouse.land("stripe/subscriptions")
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (2, 2, 0)
    assert account.unknown_columns == ()
    monthly, yearly = warehouse.rows("stripe/subscriptions").rows(named=True)
    assert (monthly["quantity"], monthly["amount"], monthly["ended_at"]) == (2, Decimal(10), None)
    assert (yearly["interval"], yearly["amount"]) == ("year", Decimal(120))
    assert yearly["ended_at"] == datetime(2020, 1, 10, 9, 0, tzinfo=UTC)
    # Neither is in this layout.
    assert (yearly["product"], yearly["cancellation_reason"]) == (None, None)


def test_a_subscription_starts_at_its_first_start(warehouse: TestWarehouse) -> None:
    header, monthly, _ = SUBSCRIPTIONS.read_text().splitlines()
    text = (
        f"{header},Start Date (UTC)\n{monthly.replace('2019-11-02', '2020-01-15')},2019-11-02 13:00"
    )
    warehouse.deliver("stripe", "subscriptions.csv", text)
    account = warehouse.land("stripe/subscriptions")
    assert account is not None
    assert account.unknown_columns == ()
    # `Start` is the day on which the plan changed.
    assert warehouse.rows("stripe/subscriptions")["start"].to_list() == [
        datetime(2019, 11, 2, 13, 0, tzinfo=UTC)
    ]
