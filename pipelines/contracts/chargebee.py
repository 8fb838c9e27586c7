"""Chargebee's export of subscriptions, whose headers are `resource.attribute`.

It states times in the site's zone: `time_zone` under `[chargebee]` in `sources.toml`. The usual
view has no amount; what plans cost is declared in `reference/plan_prices`.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Timestamp, column, export, labels

STATUS = r"(?i)^(future|in[ _]trial|active|non[ _]renewing|paused|cancell?ed|transferred)$"


@export(
    "chargebee",
    "subscriptions",
    files=("*subscriptions*.csv",),
    key=("subscription_id",),
    delivery="full",
    timestamp_formats=(
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d",
        "%d-%b-%Y %H:%M:%S",
        "%d-%b-%Y %H:%M",
    ),
    zone="file",
    known=labels(
        """
        customers.first_name, customers.last_name, customers.company, customers.phone,
        subscriptions.current_term_start, subscriptions.current_term_end,
        subscriptions.remaining_billing_cycles, subscriptions.next_billing_at,
        subscriptions.trial_start, subscriptions.activated_at, subscriptions.pause_date,
        subscriptions.resume_date, subscriptions.po_number, subscriptions.updated_at,
        subscriptions.plan_unit_price, subscriptions.plan_amount, subscriptions.coupon,
        subscriptions.setup_fee, subscriptions.plan_free_quantity, subscriptions.auto_collection,
        addresses.first_name, addresses.last_name, addresses.email, addresses.company,
        addresses.phone, addresses.line1, addresses.line2, addresses.line3, addresses.city,
        addresses.state, addresses.state_code, addresses.zip, addresses.country
        """
    ),
)
class ChargebeeSubscriptions(pa.DataFrameModel):
    """One row per subscription and delivery."""

    subscription_id: str = column("subscriptions.id", nullable=False)
    customer_id: str = column("customers.id", "subscriptions.customer_id", nullable=False)
    customer_email_pseudonym: str = column("customers.email", required=False, personal="email")
    account_id: str = column(
        "customers.cf_salesforce_account_id",
        "subscriptions.cf_salesforce_account_id",
        required=False,
        salesforce_id=True,
    )
    plan: str = column("subscriptions.plan_id", "subscriptions.item_price_id")
    quantity: int = column(
        "subscriptions.plan_quantity", "subscriptions.quantity", required=False, ge=0
    )
    # As text: whether the amount is in cents shows only in how it is written.
    mrr: str = column("subscriptions.mrr", required=False, str_matches=r"^\d+(\.\d+)?$")
    currency: str = column(
        "subscriptions.currency_code",
        "subscriptions.currency",
        required=False,
        str_matches=r"^[A-Za-z]{3}$",
    )
    status: str = column(
        "subscriptions.status",
        nullable=False,
        str_matches=STATUS,
    )
    created_at: Timestamp = column("subscriptions.created_at", nullable=False)
    started_at: Timestamp = column("subscriptions.started_at")
    start_date: Timestamp = column("subscriptions.start_date", required=False)
    trial_end: Timestamp = column("subscriptions.trial_end", required=False)
    cancelled_at: Timestamp = column("subscriptions.cancelled_at")
    cancel_requested_at: Timestamp = column(
        "subscriptions.cancel_schedule_created_at", required=False
    )
    cancel_reason: str = column(
        "subscriptions.cancel_reason", "subscriptions.cancel_reason_code", required=False
    )

    @pa.dataframe_check(name="ended_after_it_started")
    def ended_after_it_started(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """A subscription can't end before it starts."""
        ended, started = pl.col("cancelled_at"), pl.col("started_at")
        return data.lazyframe.select((ended >= started).fill_null(True))
