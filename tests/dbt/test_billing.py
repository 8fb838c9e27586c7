"""The same sales give the same numbers, whichever shop or biller they came through.

One company sells through Shopify and bills with Stripe, the other one sells through Stripe, half of
it in the older layout, and bills with Chargebee. Nothing is taxed or shipped: Stripe can't tell it
from the goods.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.conftest import TestWarehouse
from tests.dbt.conftest import BuildMarts

NEW_YORK = ZoneInfo("America/New_York")
UTC = ZoneInfo("UTC")
EURO = Decimal("1.25")
EXCHANGE_RATES = f"date,from,to,rate\n2020-01-01,EUR,USD,{EURO}\n"


@dataclass(frozen=True)
class Order:
    """What one customer bought; `is_paid` is False where the money never came."""

    number: int
    buyer: int
    amount: Decimal
    refunded: Decimal
    is_paid: bool

    @property
    def email(self) -> str:
        return f"buyer{self.buyer}@example.com"

    @property
    def currency(self) -> str:
        return "EUR" if self.buyer % 5 == 0 else "USD"

    @property
    def at(self) -> datetime:
        """UTC; some at hours at which New York is still in the day, or the month, before."""
        return datetime(2024, 1, 1, 3, 0, 1, tzinfo=UTC) + timedelta(days=self.number * 4)

    @property
    def status(self) -> str:
        if not self.is_paid:
            return "voided"
        if not self.refunded:
            return "paid"
        return "refunded" if self.refunded == self.amount else "partially_refunded"


ORDERS = [
    Order(
        number,
        buyer=number % 17 + number % 3,
        amount=Decimal(number * 7 % 50 + 10),
        refunded=Decimal({3: 5, 7: number * 7 % 50 + 10}.get(number % 10, 0)),
        is_paid=number % 11 != 5,
    )
    for number in range(1, 101)
]


@dataclass(frozen=True)
class Subscription:
    """A subscription of one seat or more; times are UTC."""

    number: int
    plan: str
    quantity: int
    status: str
    started: datetime
    trial_end: datetime | None = None
    ended: datetime | None = None

    @property
    def email(self) -> str:
        return f"subscriber{self.number % 8}@example.com"


PLANS = {"team": ("20.00", "USD", "month"), "solo": ("120.00", "EUR", "year")}
SUBSCRIPTIONS = [
    Subscription(
        number,
        plan="solo" if number % 3 == 0 else "team",
        quantity=number % 4 + 1,
        status=("active", "canceled", "active", "paused", "trialing")[number % 5],
        started=datetime(2024, number % 12 + 1, 15, 12, 0, tzinfo=UTC),
        trial_end=datetime(2025, 3, 1, 12, 0, tzinfo=UTC) if number % 5 == 4 else None,
        ended=datetime(2025, 1, number % 28 + 1, 2, 0, tzinfo=UTC) if number % 5 == 1 else None,
    )
    for number in range(1, 21)
]


def as_csv(header: str, rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header.split(","), *rows])
    return text.getvalue()


def shop_orders() -> str:
    """Each order has two lines, and what stands on its first one only."""
    rows: list[Sequence[Any]] = []
    for one in ORDERS:
        at = f"{one.at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S %z}"
        cancelled = at if one.status == "voided" else ""
        whole = (one.status, at, cancelled, one.currency, one.amount, one.amount, one.refunded)
        number = 6_000_000_000_000 + one.number
        rows.append((f"#{one.number}", one.email, *whole, 1, "Mug", "5.00", number))
        rows.append((f"#{one.number}", one.email, *[""] * 7, 1, "Tee", one.amount - 5, ""))
    return as_csv(
        "Name,Email,Financial Status,Created at,Cancelled at,Currency,Subtotal,Total,"
        "Refunded Amount,Lineitem quantity,Lineitem name,Lineitem price,Id",
        rows,
    )


def paid_through_stripe(one: Order) -> tuple[Any, ...]:
    """The cells that both layouts have; every fourth buyer is a guest."""
    stripe_status = {"voided": "Failed", "partially_refunded": "Partially refunded"}
    status = stripe_status.get(one.status, one.status.capitalize())
    customer = "" if one.buyer % 4 == 0 else f"cus_{one.buyer}"
    cells = (one.amount, one.refunded, one.currency.lower(), status, customer, one.email.upper())
    return (f"ch_{one.number}", f"{one.at:%Y-%m-%d %H:%M:%S}", *cells)


def payments_of_today() -> str:
    return as_csv(
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email,"
        "Invoice ID",
        ((*paid_through_stripe(one), "") for one in ORDERS[::2]),
    )


def payments_of_old() -> str:
    test = (*paid_through_stripe(ORDERS[0]), "Test", "", "")
    rows = [(*paid_through_stripe(one), "Live", "", "") for one in ORDERS[1::2]]
    return as_csv(
        "id,Created (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email,Mode,"
        "Dispute Status,Invoice ID",
        [*rows, test],
    )


def payments_for_the_shop() -> str:
    """What was paid through Stripe for the shop's orders, which name themselves."""
    rows = ((*paid_through_stripe(one), "", f"#{one.number}") for one in ORDERS)
    return as_csv(
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email,"
        "Invoice ID,order_id (metadata)",
        rows,
    )


def moment(at: datetime | None, zone: ZoneInfo = UTC) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""


def stripe_subscriptions() -> str:
    rows = []
    for one in SUBSCRIPTIONS:
        price, currency, interval = PLANS[one.plan]
        times = [moment(each) for each in (one.started, one.started, one.trial_end, one.ended)]
        sold = (one.email, one.plan, one.quantity, currency.lower(), interval, price, one.status)
        rows.append((f"sub_{one.number}", f"cus_s{one.number % 8}", *sold, *times))
    return as_csv(
        "id,Customer ID,Customer Email,Plan,Quantity,Currency,Interval,Amount,Status,"
        "Created (UTC),Start (UTC),Trial End (UTC),Ended At (UTC)",
        rows,
    )


def chargebee_subscriptions() -> str:
    """In the site's zone, by labels, and without what anything costs."""
    labels = {"canceled": "Cancelled", "trialing": "In Trial", "paused": "Paused"}
    rows = []
    for one in SUBSCRIPTIONS:
        label = labels.get(one.status, "Non Renewing" if one.number % 2 else "Active")
        # What is not to be renewed says when it is to end.
        ended = datetime(2025, 6, 1, tzinfo=UTC) if label == "Non Renewing" else one.ended
        times = (one.started, one.started, one.trial_end, ended)
        sold = (one.email, one.plan, one.quantity, label)
        moments = (moment(each, NEW_YORK) for each in times)
        rows.append((f"Az{one.number}", f"NW-{one.number % 8}", *sold, *moments))
    return as_csv(
        "subscriptions.id,customers.id,customers.email,subscriptions.plan_id,"
        "subscriptions.plan_quantity,subscriptions.status,subscriptions.created_at,"
        "subscriptions.started_at,subscriptions.trial_end,subscriptions.cancelled_at",
        rows,
    )


def plan_prices() -> str:
    return as_csv(
        "plan,amount,currency,interval,from",
        ((plan, *price, "2020-01-01") for plan, price in PLANS.items()),
    )


def shop_customers() -> str:
    buyers = sorted({one.email for one in ORDERS})
    return as_csv("Customer ID,Email", ((f"'{at}", email) for at, email in enumerate(buyers, 75)))


SHOP_AND_STRIPE = {
    ("shopify", "orders_export_1.csv"): shop_orders,
    ("shopify", "customers_export.csv"): shop_customers,
    ("stripe", "unified_payments.csv"): payments_for_the_shop,
    ("stripe", "subscriptions.csv"): stripe_subscriptions,
}
STRIPE_AND_CHARGEBEE = {
    ("stripe", "unified_payments.csv"): payments_of_today,
    ("stripe", "payments.csv"): payments_of_old,
    ("chargebee", "Subscriptions.csv"): chargebee_subscriptions,
    ("reference", "plan_prices.csv"): plan_prices,
}
EXPORTS = (
    "shopify/orders",
    "shopify/customers",
    "stripe/payments",
    "stripe/subscriptions",
    "chargebee/subscriptions",
    "reference/plan_prices",
    "reference/exchange_rates",
)
MODELS = (
    "customers",
    "customer_months",
    "retention_monthly",
    "retention_cohorts",
    "customer_segments",
    "int_clv_inputs",
    "identity_coverage",
)


def built(
    build_marts: BuildMarts, folder: Path, files: dict[tuple[str, str], Callable[[], str]]
) -> duckdb.DuckDBPyConnection:
    """The marts of one company's exports."""
    warehouse = TestWarehouse(folder)
    (warehouse.home.path / "sources.toml").write_text(
        '[chargebee]\ntime_zone = "America/New_York"\n'
    )
    for (source, name), written in files.items():
        warehouse.deliver(source, name, written())
    warehouse.deliver("reference", "exchange_rates.csv", EXCHANGE_RATES)
    for export in EXPORTS:
        account = warehouse.land(export)
        assert account is None or account.rejected == 0
    return duckdb.connect(str(build_marts(warehouse, *MODELS)), read_only=True)


@pytest.fixture(scope="module")
def companies(
    build_marts: BuildMarts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]]:
    folder = tmp_path_factory.mktemp("billing")
    with (
        built(build_marts, folder / "shop", SHOP_AND_STRIPE) as shop,
        built(build_marts, folder / "stripe", STRIPE_AND_CHARGEBEE) as stripe,
    ):
        yield shop, stripe


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (
            "marts.customers",
            "customer_key, customer_kind, first_seen_on, first_order_on, last_order_on, "
            "order_count, order_revenue, first_subscribed_on, subscription_count, mrr, "
            "is_subscriber",
        ),
        ("marts.customer_months", "*"),
        ("marts.retention_monthly", "*"),
        ("marts.retention_cohorts", "*"),
        ("marts.customer_segments", "*"),
        ("intermediate.int_clv_inputs", "*"),
    ],
)
def test_the_same_sales_give_the_same_rows(
    companies: tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection],
    model: str,
    columns: str,
) -> None:
    query = f"select {columns} from {model} order by all"
    of_shop, of_stripe = (company.execute(query).fetchall() for company in companies)
    assert of_shop
    assert of_stripe == of_shop


def test_orders_and_revenue_are_those_of_the_list(
    companies: tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection],
) -> None:
    bought = [one for one in ORDERS if one.is_paid]
    rates = {"USD": Decimal(1), "EUR": EURO}
    revenue = sum((one.amount - one.refunded) * rates[one.currency] for one in bought)
    assert {one.status for one in ORDERS} == {"paid", "partially_refunded", "refunded", "voided"}
    for company in companies:
        counted = company.execute(
            "select count(*), sum(net_amount) from intermediate.int_orders where is_countable"
        ).fetchone()
        assert counted == (len(bought), revenue)


def test_a_payment_for_an_order_of_the_shop_is_no_second_order(
    companies: tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection],
) -> None:
    shop, stripe = companies
    purposes = "select purpose, count(*) from intermediate.int_payments group by purpose"
    assert shop.execute(purposes).fetchall() == [("shop_order", len(ORDERS))]
    assert stripe.execute(purposes).fetchall() == [("order", len(ORDERS))]


def test_recurring_revenue_is_that_of_the_list(
    companies: tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection],
) -> None:
    # A solo seat is 120 x 1.25 / 12 a month.
    monthly = {"team": Decimal(20), "solo": Decimal("12.5")}
    in_force = [one for one in SUBSCRIPTIONS if one.status == "active"]
    mrr = sum(monthly[one.plan] * one.quantity for one in in_force)
    for company in companies:
        row = company.execute("select sum(mrr) from marts.customers").fetchone()
        assert row == (mrr,)


def test_the_shops_customers_are_who_ordered(
    companies: tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection],
) -> None:
    shop, _ = companies
    coverage = shop.execute(
        "select id_count, email_count from marts.identity_coverage "
        "where source = 'shopify' and id_kind = 'customer_id'"
    ).fetchone()
    buyers = len({one.buyer for one in ORDERS})
    assert coverage == (buyers, buyers)
