"""Stripe's dashboard exports: UTC without a zone in the values, major units, lower-case currency.

The column picker changes the set of columns, and metadata arrive as `<key> (metadata)`. Older
layouts have more of them: the card's and the address's parts, disputes beside a status that stays
`Paid`, and a mode that tells tests from sales.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Money, Timestamp, column, export, labels

CURRENCY = r"^[A-Za-z]{3}$"

ACCOUNT_LABELS = ("account_id (metadata)", "salesforce_account_id (metadata)")


@export(
    "stripe",
    "payments",
    files=("unified_payments*.csv", "payments*.csv", "charges*.csv"),
    key=("id",),
    delivery="window",
    timestamp_formats=("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"),
    known=labels(
        """
        Captured, Description, Fee, Statement Descriptor, Statement Description, Seller Message,
        Taxes On Fee, Tax, Customer Description, Customer Name, Customer Phone, Transfer,
        Transfer Group, Destination, Payment Source Type, Payment Method Type, Is Link,
        Invoice Number, PaymentIntent ID, Interchange Costs, Merchant Service Charge,
        Card ID, Card Last4, Card Brand, Card Funding, Card Exp Month, Card Exp Year, Card Name,
        Card Address Line1, Card Address Line2, Card Address City, Card Address State,
        Card Address Country, Card Address Zip, Card Issue Country, Card Fingerprint,
        Card CVC Status, Card AVS Zip Status, Card AVS Line1 Status, Card Tokenization Method,
        Shipping Name, Shipping Address Line1, Shipping Address Line2, Shipping Address City,
        Shipping Address State, Shipping Address Country, Shipping Address Postal Code,
        Disputed Amount, Dispute Reason, Dispute Date, Dispute Evidence Due
        """
    ),
    excluded={"test_mode": pl.col("mode").str.to_lowercase() == "test"},
)
class StripePayments(pa.DataFrameModel):
    """One row per payment attempt, failed ones included."""

    id: str = column("id", nullable=False, str_matches=r"^(ch|py|pi)_\w+$")
    created: Timestamp = column("Created date", "Created", nullable=False)
    amount: Money = column("Amount", nullable=False, ge=0)
    amount_refunded: Money = column("Amount Refunded", nullable=False, ge=0)
    currency: str = column("Currency", nullable=False, str_matches=CURRENCY)
    converted_amount: Money = column("Converted Amount", required=False)
    converted_amount_refunded: Money = column("Converted Amount Refunded", required=False)
    converted_currency: str = column("Converted Currency", required=False)
    decline_reason: str = column("Decline Reason", required=False)
    refunded_date: Timestamp = column("Refunded date", required=False)
    status: str = column("Status", nullable=False)
    dispute_status: str = column("Dispute Status", required=False)
    mode: str = column("Mode", required=False)
    customer_id: str = column("Customer ID")
    customer_email_pseudonym: str = column("Customer Email", required=False, personal="email")
    # Without it a subscription's payment and a sale look alike.
    invoice_id: str = column("Invoice ID")
    account_id: str = column(*ACCOUNT_LABELS, required=False, salesforce_id=True)
    order_number: str = column("orderNumber (metadata)", "order_id (metadata)", required=False)

    @pa.dataframe_check(name="refunded_no_more_than_paid")
    def refunded_no_more_than_paid(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """No more can be refunded than was charged."""
        return data.lazyframe.select(pl.col("amount_refunded") <= pl.col("amount"))


@export(
    "stripe",
    "subscriptions",
    files=("subscriptions*.csv",),
    key=("id",),
    delivery="full",
    timestamp_formats=("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"),
    known=labels(
        """
        Customer Description, Customer Name, Customer Phone, Application Fee Percent, Coupon,
        Tax Percent, Collection Method, Start
        """
    ),
)
class StripeSubscriptions(pa.DataFrameModel):
    """One row per subscription and delivery."""

    id: str = column("id", nullable=False, str_matches=r"^sub_\w+$")
    customer_id: str = column("Customer ID", nullable=False)
    customer_email_pseudonym: str = column("Customer Email", required=False, personal="email")
    plan: str = column("Plan", required=False)
    product: str = column("Product", required=False)
    quantity: int = column("Quantity", nullable=False, ge=0)
    currency: str = column("Currency", nullable=False, str_matches=CURRENCY)
    interval: str = column("Interval", nullable=False, isin=["day", "week", "month", "year"])
    amount: Money = column("Amount", nullable=False, ge=0)
    status: str = column(
        "Status",
        nullable=False,
        isin=[
            "active",
            "past_due",
            "unpaid",
            "canceled",
            "incomplete",
            "incomplete_expired",
            "trialing",
            "paused",
        ],
    )
    created: Timestamp = column("Created", nullable=False)
    # Where there are both, `Start` is when the plan or the status last changed.
    start: Timestamp = column("Start Date", "Start", nullable=False)
    current_period_start: Timestamp = column("Current Period Start", required=False)
    current_period_end: Timestamp = column("Current Period End", required=False)
    trial_start: Timestamp = column("Trial Start", required=False)
    trial_end: Timestamp = column("Trial End", required=False)
    canceled_at: Timestamp = column("Canceled At", required=False)
    cancel_at_period_end: bool = column("Cancel At Period End", required=False)
    ended_at: Timestamp = column("Ended At")
    cancellation_reason: str = column("Cancellation Reason", required=False)
    account_id: str = column(*ACCOUNT_LABELS, required=False, salesforce_id=True)

    @pa.dataframe_check(name="ended_after_it_started")
    def ended_after_it_started(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """A subscription can't end before it starts."""
        return data.lazyframe.select(
            pl.col("ended_at").is_null() | (pl.col("ended_at") >= pl.col("start"))
        )
