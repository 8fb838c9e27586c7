"""Shopify's exports of orders and of customers.

An order has a file row per line item, and its own columns on the first of them only. The reader
(`exports/shopify.py`) carries these down to the other lines and numbers the lines; a line's own
columns are never carried.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Money, Timestamp, column, export, labels

FINANCIAL_STATUSES = [
    "paid",
    "pending",
    "authorized",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "voided",
    "expired",
]


@export(
    "shopify",
    "orders",
    files=("orders_export*.csv",),
    key=("id", "line_number"),
    delivery="window",
    reader="shopify",
    timestamp_formats=("%Y-%m-%d %H:%M:%S %z",),
    zone="offset",
    known=(
        *labels(
            """
            Fulfilled at, Accepts Marketing, Shipping Method, Lineitem compare at price,
            Lineitem requires shipping, Lineitem taxable, Lineitem fulfillment status,
            Billing Name, Billing Street, Billing Address1, Billing Address2, Billing Company,
            Billing City, Billing Zip, Billing Province, Billing Phone, Shipping Name,
            Shipping Street, Shipping Address1, Shipping Address2, Shipping Company,
            Shipping City, Shipping Zip, Shipping Province, Shipping Phone, Notes,
            Note Attributes, Payment Reference, Vendor, Outstanding Balance, Employee, Location,
            Device ID, Tags, Risk Level, Phone, Receipt Number, Duties, Billing Province Name,
            Shipping Province Name, Payment ID, Payment Terms Name, Next Payment Due At,
            Payment References, Discount Code
            """
        ),
        *(f"Tax {number} {part}" for number in range(1, 6) for part in ("Name", "Value")),
    ),
    excluded={"test_gateway": pl.col("payment_method").str.contains("(?i)bogus gateway")},
)
class ShopifyOrders(pa.DataFrameModel):
    """One row per order line, the order's columns repeated on each."""

    id: str = column("Id", nullable=False, str_matches=r"^\d+$")
    line_number: int = pa.Field(ge=1)
    name: str = column("Name", nullable=False)
    email_pseudonym: str = column("Email", personal="email")
    financial_status: str = column("Financial Status", nullable=False, isin=FINANCIAL_STATUSES)
    fulfillment_status: str = column("Fulfillment Status", required=False)
    created_at: Timestamp = column("Created at", nullable=False)
    paid_at: Timestamp = column("Paid at", required=False)
    cancelled_at: Timestamp = column("Cancelled at")
    currency: str = column("Currency", nullable=False, str_matches=r"^[A-Z]{3}$")
    subtotal: Money = column("Subtotal", nullable=False, ge=0)
    shipping: Money = column("Shipping", required=False)
    taxes: Money = column("Taxes", required=False)
    total: Money = column("Total", nullable=False)
    discount_amount: Money = column("Discount Amount", required=False)
    refunded_amount: Money = column("Refunded Amount", nullable=False, ge=0)
    payment_method: str = column("Payment Method", required=False)
    order_source: str = column("Source", required=False)
    billing_country: str = column("Billing Country", required=False)
    shipping_country: str = column("Shipping Country", required=False)
    line_quantity: int = column("Lineitem quantity", nullable=False, ge=0)
    line_name: str = column("Lineitem name", nullable=False)
    line_price: Money = column("Lineitem price", nullable=False)
    line_sku: str = column("Lineitem sku", required=False)
    line_discount: Money = column("Lineitem discount", required=False)


@export(
    "shopify",
    "customers",
    files=("customers_export*.csv",),
    key=("customer_id",),
    delivery="full",
    known=labels(
        """
        First Name, Last Name, Company, Phone, Accepts Marketing, Accepts Email Marketing,
        Accepts SMS Marketing, Address1, Address2, City, Province, Province Code, Zip,
        Default Address Company, Default Address Address1, Default Address Address2,
        Default Address City, Default Address Province Code, Default Address Zip,
        Default Address Phone, Total Spent, Total Orders, Tags, Note, Tax Exempt, Country
        """
    ),
)
class ShopifyCustomers(pa.DataFrameModel):
    """One row per customer of the shop and delivery."""

    customer_id: str = column("Customer ID", "Id", nullable=False, str_matches=r"^\d+$")
    email_pseudonym: str = column("Email", personal="email")
    country: str = column(
        "Default Address Country Code", "Country Code", "Default Address Country", required=False
    )
