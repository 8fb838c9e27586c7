"""The shop's exports of orders and customers.

Orders have a row per line, the newest first, and New York time with its offset. A delivery holds
those of its month, and earlier ones that were refunded or cancelled since they were last delivered.
The list of customers, which holds everybody, comes with the last delivery.
"""

from pathlib import Path

import numpy as np
import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import (
    INVENTED_A_DELIVERY,
    Ledger,
    Sheet,
    assemble,
    delivery_folder,
)
from pipelines.demo.cells import (
    Cell,
    Layout,
    choice,
    either,
    header_line,
    moment,
    money,
)
from pipelines.demo.company import Company
from pipelines.demo.faults import plan
from pipelines.demo.periods import DAY, Array, draws
from pipelines.demo.windows import save_text

ZONE = "America/New_York"
FORM = "%Y-%m-%d %H:%M:%S %z"
ROWS_A_FILE = 50_000

HEADERS = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at",
    "Accepts Marketing", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code",
    "Discount Amount", "Shipping Method", "Created at", "Lineitem quantity", "Lineitem name",
    "Lineitem price", "Lineitem compare at price", "Lineitem sku", "Lineitem requires shipping",
    "Lineitem taxable", "Lineitem fulfillment status", "Billing Name", "Billing Street",
    "Billing Address1", "Billing Address2", "Billing Company", "Billing City", "Billing Zip",
    "Billing Province", "Billing Country", "Billing Phone", "Shipping Name", "Shipping Street",
    "Shipping Address1", "Shipping Address2", "Shipping Company", "Shipping City", "Shipping Zip",
    "Shipping Province", "Shipping Country", "Shipping Phone", "Notes", "Note Attributes",
    "Cancelled at", "Payment Method", "Payment Reference", "Refunded Amount", "Vendor",
    "Outstanding Balance", "Employee", "Location", "Device ID", "Id", "Tags", "Risk Level",
    "Source", "Lineitem discount", "Tax 1 Name", "Tax 1 Value", "Tax 2 Name", "Tax 2 Value",
    "Tax 3 Name", "Tax 3 Value", "Tax 4 Name", "Tax 4 Value", "Tax 5 Name", "Tax 5 Value",
    "Phone", "Receipt Number", "Duties", "Billing Province Name", "Shipping Province Name",
    "Payment ID", "Payment Terms Name", "Next Payment Due At", "Payment References",
)  # fmt: skip

CUSTOMER_HEADERS = (
    "Customer ID", "First Name", "Last Name", "Email", "Accepts Email Marketing",
    "Default Address Company", "Default Address Address1", "Default Address Address2",
    "Default Address City", "Default Address Province Code", "Default Address Country Code",
    "Default Address Zip", "Default Address Phone", "Phone", "Accepts SMS Marketing",
    "Total Spent", "Total Orders", "Tags", "Note", "Tax Exempt",
)  # fmt: skip

ADDED_COLUMN = "Loyalty Tier"

_FIRST_ID, _ID_STEP = 6_097_000_000_000, 1_713
_INVENTED_ID = 8_097_000_000_000
_FIRST_CUSTOMER_ID = 7_512_000_000_000
_LINE_HEADERS = {"Name", "Email", "Vendor"}


def doubled_delivery(months: int) -> int | None:
    """The delivery that holds its first file twice; None for a short history."""
    return months // 2 - 1 if months >= 3 else None


def header_only_delivery(months: int) -> int:
    """The delivery whose last file has a header and nothing else."""
    return min(1, months - 1)


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the shop's deliveries; arguments as for `salesforce.deliver`."""
    calendar, orders = company.calendar, company.orders
    months = calendar.months
    first_known = calendar.delivery_of(orders["created"].to_numpy())
    changed = calendar.delivery_of(orders["refunded_at"].to_numpy())
    again = np.flatnonzero((changed > first_known) & (changed < months))
    chosen = [
        np.sort(np.concatenate([np.flatnonzero(first_known == at), again[changed[again] == at]]))[
            ::-1
        ]
        for at in range(months)
    ]
    line_count = orders["line_count"].to_numpy()
    rows = np.array([line_count[which].sum() for which in chosen])
    doubled = doubled_delivery(months)
    too_few = [at for at in range(months) if not (line_count[chosen[at]] == 1).any()]
    barred = {"": [*too_few, *([] if doubled is None else [doubled])]}
    planned = plan("shopify", "orders", rows, each, barred=barred)
    first_line = np.cumsum(line_count) - line_count
    for at, day in enumerate(calendar.deliveries):
        is_changed = months - 2 <= at > 0
        layout = _with_tier(_LAYOUT) if is_changed else _LAYOUT
        with delivery_folder(landing, "shopify", day) as folder:
            parts = _parts(chosen[at], line_count)
            if at == header_only_delivery(months):
                parts.append(np.empty(0, np.int64))
            for number, which in enumerate(parts, 1):
                file = f"orders_export_{number}.csv"
                sheet = _sheet(
                    company, which, first_line, line_count, int(calendar.starts[at + 1]), layout
                )
                blocks = assemble(
                    sheet,
                    planned.get(at, []) if number == 1 else [],
                    draws(seed, f"shopify {at} {number}"),
                    first_invented=at * INVENTED_A_DELIVERY,
                    ledger=ledger,
                    source="shopify",
                    export="orders",
                    day=day,
                    file=file,
                    special=_SPECIAL,
                )
                files = [file]
                if at == doubled and number == 1:
                    files.append("orders_export_1 (1).csv")
                    ledger.tally("shopify", "orders", day).duplicates += sheet.rows.height
                    ledger.note(
                        "file_delivered_twice", "duplicate", "shopify", "orders", day, files[1],
                        rows=sheet.rows.height,
                    )  # fmt: skip
                if not blocks:
                    ledger.note(
                        "header_only_file", "accepted", "shopify", "orders", day, file, rows=0
                    )
                if is_changed and blocks:
                    for kind, column in (("reordered_columns", ""), ("added_column", ADDED_COLUMN)):
                        ledger.note(
                            kind, "accepted", "shopify", "orders", day, file, column=column,
                            rows=sheet.rows.height,
                        )  # fmt: skip
                for name in files:
                    save_text(folder / name, header_line(layout), blocks)
            if at == months - 1:
                _deliver_customers(folder, company, each, seed, ledger)


def _deliver_customers(
    folder: Path, company: Company, each: int, seed: int, ledger: Ledger
) -> None:
    calendar = company.calendar
    sheet = _customers(company)
    last = calendar.months - 1
    rows = np.zeros(calendar.months, np.int64)
    rows[last] = sheet.rows.height
    file = "customers_export.csv"
    blocks = assemble(
        sheet,
        plan("shopify", "customers", rows, each).get(last, []),
        draws(seed, "shopify customers"),
        first_invented=0,
        ledger=ledger,
        source="shopify",
        export="customers",
        day=calendar.deliveries[last],
        file=file,
    )
    save_text(folder / file, header_line(sheet.layout), blocks)


def _customers(company: Company) -> Sheet:
    """Everybody who has ordered, and what they have paid; addresses as in their orders."""
    is_paid = ~pl.col("is_voided")
    refunded = pl.when(pl.col("refunded_at") < company.calendar.end).then("refund").otherwise(0)
    rows = (
        company.orders.group_by("customer", "person")
        .agg(pl.len().alias("orders"), (pl.col("total") - refunded).filter(is_paid).sum())
        .sort("person")
        .with_columns(
            *company.of_people("email", "first", "last"), *company.of_customers("country")
        )
    )
    number = pl.col("person") + _FIRST_CUSTOMER_ID
    cells: Layout = {
        # The apostrophe keeps spreadsheets from taking a number for one.
        "Customer ID": pl.format("'{}", number),
        "First Name": choice(names.FIRST_NAMES, "first"),
        "Last Name": choice(names.LAST_NAMES, "last"),
        "Email": pl.col("email"),
        "Accepts Email Marketing": either(pl.col("customer") % 3 == 0, "yes", "no"),
        "Default Address City": choice(names.CITIES, "country"),
        "Default Address Country Code": choice(names.COUNTRY_CODES, "country"),
        "Default Address Zip": pl.format("'{}", pl.col("customer") % 90_000 + 10_000),
        "Accepts SMS Marketing": "no",
        "Total Spent": money("total"),
        "Total Orders": pl.col("orders").cast(pl.String),
        "Tax Exempt": "no",
    }
    fresh: Layout = {
        "Customer ID": pl.format("'{}", pl.col("invented") + _FIRST_CUSTOMER_ID),
        "Email": None,
    }
    return Sheet(rows, {header: cells.get(header) for header in CUSTOMER_HEADERS}, fresh)


def _parts(which: Array, line_count: Array) -> list[Array]:
    """Orders cut into files, no order in two of them; one file at least."""
    lines = np.cumsum(line_count[which])
    if not len(lines):
        return [which]
    part = (lines - 1) // ROWS_A_FILE
    return np.split(which, np.flatnonzero(np.diff(part)) + 1)


def _sheet(
    company: Company,
    which: Array,
    first_line: Array,
    line_count: Array,
    cutoff: int,
    layout: Layout,
) -> Sheet:
    counts = line_count[which]
    starts = np.cumsum(counts) - counts
    within = np.arange(counts.sum()) - np.repeat(starts, counts)
    lines = company.lines[np.repeat(first_line[which], counts) + within]
    orders = company.orders
    order = pl.col("order")
    # Gathered in steps: the later ones need what the earlier ones bring.
    rows = (
        lines.with_columns(
            pl.lit(orders[each]).gather(order).alias(each)
            for each in orders.columns
            if each not in ("order", "counts")
        )
        .with_columns(
            *company.of_people("email", "first", "last"),
            *company.of_customers("country"),
            (pl.col("refunded_at") < cutoff).alias("is_refunded"),
            (pl.col("cancelled_at") < cutoff).alias("is_cancelled"),
            (pl.col("created") + DAY < cutoff).alias("is_fulfilled"),
        )
        .with_columns(
            pl.when("is_refunded").then("refund").otherwise(0).alias("refunded"),
            pl.when("is_cancelled").then("cancelled_at").alias("cancelled_at"),
        )
    )
    fresh: Layout = {
        "Name": pl.format("#{}", pl.col("invented") + _INVENTED_ID % 1000),
        "Email": "visitor@example.net",
        "Id": _of_order((pl.col("invented") + _INVENTED_ID).cast(pl.String)),
    }
    return Sheet(rows, layout, fresh, starts)


def _of_order(cell: pl.Expr | str) -> pl.Expr:
    """A cell that only an order's first row has."""
    return either(pl.col("number") == 1, cell, None)


def _time(column: str) -> pl.Expr:
    return moment(column, FORM, ZONE)


def _cells() -> dict[str, Cell]:
    is_voided, is_paid = pl.col("is_voided"), ~pl.col("is_voided")
    zip_code = (pl.col("customer") % 90_000 + 10_000).cast(pl.String)
    name = pl.concat_str(
        choice(names.FIRST_NAMES, "first"), pl.lit(" "), choice(names.LAST_NAMES, "last")
    )
    method = (
        pl.when(pl.col("order") % 9 == 0)
        .then(pl.lit("PayPal Express Checkout"))
        .when(pl.col("order") % 31 == 0)
        .then(pl.lit("Shopify Payments + Gift Card"))
        .otherwise(pl.lit("Shopify Payments"))
    )
    whole: dict[str, pl.Expr | str] = {
        "Financial Status": pl.when(is_voided)
        .then(pl.lit("voided"))
        .when(pl.col("refunded") >= pl.col("total"))
        .then(pl.lit("refunded"))
        .when(pl.col("refunded") > 0)
        .then(pl.lit("partially_refunded"))
        .otherwise(pl.lit("paid")),
        "Paid at": either(is_paid, moment(pl.col("created") + 42, FORM, ZONE), None),
        "Fulfillment Status": either(pl.col("is_fulfilled") & is_paid, "fulfilled", "unfulfilled"),
        "Fulfilled at": either(
            pl.col("is_fulfilled") & is_paid, moment(pl.col("created") + DAY - 1, FORM, ZONE), None
        ),
        "Accepts Marketing": either(pl.col("customer") % 3 == 0, "yes", "no"),
        "Currency": either(pl.col("is_euro"), "EUR", "USD"),
        "Subtotal": money("subtotal"),
        "Shipping": money("shipping"),
        "Taxes": money("tax"),
        "Total": money("total"),
        "Discount Code": either(pl.col("discount") > 0, "WELCOME10", None),
        "Discount Amount": money("discount"),
        "Shipping Method": either(pl.col("shipping") > 0, "Standard", None),
        "Created at": _time("created"),
        "Billing Name": name,
        "Billing City": choice(names.CITIES, "country"),
        "Billing Zip": either(pl.col("customer") % 3 == 0, pl.format("'{}", zip_code), zip_code),
        "Billing Country": choice(names.COUNTRY_CODES, "country"),
        "Shipping Name": name,
        "Shipping Country": choice(names.COUNTRY_CODES, "country"),
        "Notes": either(pl.col("order") % 83 == 0, "Please ring twice,\nthe bell is quiet", None),
        "Cancelled at": _time("cancelled_at"),
        "Payment Method": either(is_voided, "manual", method),
        "Refunded Amount": money("refunded"),
        "Outstanding Balance": "0.00",
        "Id": (pl.col("order") * _ID_STEP + _FIRST_ID).cast(pl.String),
        "Tags": either(pl.col("order") % 20 == 0, "vip, newsletter", None),
        "Risk Level": "Low",
        "Source": either(pl.col("order") % 12 == 0, "pos", "web"),
        "Tax 1 Name": either(pl.col("tax") > 0, "State Tax 8%", None),
        "Tax 1 Value": either(pl.col("tax") > 0, money("tax"), None),
    }
    of_line: Layout = {
        "Name": pl.format("#{}", pl.col("order") + 1001),
        "Email": pl.col("email"),
        "Lineitem quantity": pl.col("quantity").cast(pl.String),
        "Lineitem name": choice(names.PRODUCTS, "product"),
        "Lineitem price": money("price"),
        "Lineitem sku": choice(names.PRODUCT_CODES, "product"),
        "Lineitem requires shipping": "true",
        "Lineitem taxable": "true",
        "Lineitem fulfillment status": either(pl.col("is_fulfilled"), "fulfilled", "pending"),
        "Vendor": "Acme",
        "Lineitem discount": "0.00",
    }
    cells: dict[str, Cell] = {header: _of_order(cell) for header, cell in whole.items()}
    cells.update(of_line)
    surplus = set(cells) - set(HEADERS)
    if surplus:
        raise KeyError(f"no such columns: {sorted(surplus)}")
    return {header: cells.get(header) for header in HEADERS}


_LAYOUT: Layout = _cells()

_SPECIAL: dict[str, Layout] = {
    "orphan_line": {
        header: None
        for header in HEADERS
        if header not in _LINE_HEADERS and not header.startswith("Lineitem")
    },
    "test_gateway": {"Payment Method": _of_order("(for testing) Bogus Gateway")},
}


def _with_tier(layout: Layout) -> Layout:
    """The same columns the other way round, and one that the contract doesn't know."""
    tier = _of_order(either(pl.col("customer") % 5 == 0, "Gold", "Silver"))
    return {**dict(reversed(list(layout.items()))), ADDED_COLUMN: tier}
