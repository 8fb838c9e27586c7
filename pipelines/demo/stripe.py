"""The payment provider's dashboard exports: payments by window, subscriptions in full.

A payment is delivered with the month in which it was made, and again once it has been refunded.
Payments are collected for another biller's subscriptions, too.
"""

from pathlib import Path

import numpy as np
import polars as pl

from pipelines.demo.assembly import (
    INVENTED_A_DELIVERY,
    Ledger,
    Sheet,
    assemble,
    delivery_folder,
)
from pipelines.demo.billers import (
    created_by_month,
    is_billed_by,
    payers_of,
    subscriptions_by_month,
    with_payers,
)
from pipelines.demo.cells import (
    Layout,
    choice,
    code,
    either,
    header_line,
    moment,
    money,
    write_block,
)
from pipelines.demo.company import Company
from pipelines.demo.faults import Planned, plan
from pipelines.demo.periods import Array, draws
from pipelines.demo.salesforce import account_id
from pipelines.demo.subscriptions import NEVER_PAID, PAYMENT_FAILED, PLANS, REASONS

SOURCE = "stripe"

PAYMENT_HEADERS = (
    "id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Captured",
    "Converted Amount", "Converted Amount Refunded", "Converted Currency", "Decline Reason",
    "Description", "Fee", "Refunded date (UTC)", "Statement Descriptor", "Status",
    "Seller Message", "Taxes On Fee", "Card ID", "Customer ID", "Customer Description",
    "Customer Email", "Invoice ID", "Transfer", "account_id (metadata)",
)  # fmt: skip

SUBSCRIPTION_HEADERS = (
    "id", "Customer ID", "Customer Description", "Customer Email", "Plan", "Product", "Quantity",
    "Currency", "Interval", "Amount", "Status", "Created (UTC)", "Start (UTC)",
    "Current Period Start (UTC)", "Current Period End (UTC)", "Trial Start (UTC)",
    "Trial End (UTC)", "Canceled At (UTC)", "Cancel At Period End", "Ended At (UTC)",
    "Cancellation Reason", "account_id (metadata)",
)  # fmt: skip

_MINUTES = "%Y-%m-%d %H:%M"


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the payment provider's deliveries; arguments as for `salesforce.deliver`."""
    calendar = company.calendar
    payments = company.billing.payments
    made = calendar.delivery_of(payments["created"].to_numpy())
    refunded = calendar.delivery_of(payments["refunded_at"].to_numpy())
    chosen = [
        np.flatnonzero((made == at) | ((refunded == at) & (refunded > made)))
        for at in range(calendar.months)
    ]
    known = created_by_month(company, SOURCE)
    plans = {
        "payments": plan("stripe", "payments", np.array([len(which) for which in chosen]), each),
        "subscriptions": plan("stripe", "subscriptions", known, each),
    }
    payers = payers_of(company)
    for at, (day, rows) in enumerate(
        zip(calendar.deliveries, subscriptions_by_month(company, SOURCE), strict=True)
    ):
        sheets = {
            "payments": _payments(company, payers, chosen[at], at),
            "subscriptions": _subscriptions(rows, int(calendar.starts[at + 1])),
        }
        with delivery_folder(landing, "stripe", day) as folder:
            for export, file in (
                ("payments", "unified_payments.csv"),
                ("subscriptions", "subscriptions.csv"),
            ):
                planned: list[Planned] = plans[export].get(at, [])
                blocks = assemble(
                    sheets[export],
                    planned,
                    draws(seed, f"stripe {export} {at}"),
                    first_invented=at * INVENTED_A_DELIVERY,
                    ledger=ledger,
                    source="stripe",
                    export=export,
                    day=day,
                    file=file,
                )
                with (folder / file).open("wb") as target:
                    target.write(header_line(sheets[export].layout))
                    for block in blocks:
                        write_block(target, block)


_CURRENCY = either(pl.col("is_euro"), "eur", "usd")
_CUSTOMER = code("cus_", "customer", 2)
_ACCOUNT = either(pl.col("names_account"), account_id("customer"), None)
_NOBODY: Layout = {"Customer Email": None, "account_id (metadata)": None}


def _payments(company: Company, payers: pl.DataFrame, which: Array, at: int) -> Sheet:
    cutoff = int(company.calendar.starts[at + 1])
    subscriptions = company.billing.subscriptions
    made_in = pl.Series(
        "made_in",
        company.calendar.delivery_of(company.billing.payments["created"].to_numpy()[which]) + 2,
    )
    rows = (
        company.billing.payments[which]
        .with_columns(
            pl.lit(subscriptions["customer"]).gather(pl.col("subscription")).alias("customer"),
            (pl.col("refunded_at") < cutoff).alias("is_refunded"),
            pl.lit(pl.Series(company.euro_rates)).gather(made_in).alias("rate"),
        )
        .with_columns(pl.when("is_refunded").then("refund").otherwise(0).alias("refunded"))
    )
    rows = with_payers(rows, payers).with_columns(is_billed_by(company, SOURCE).alias("is_ours"))
    is_failed, is_refunded = pl.col("is_failed"), pl.col("is_refunded")
    number = pl.col("payment")
    rate = pl.when("is_euro").then("rate").otherwise(1.0)
    cells: Layout = {
        "id": pl.when(is_failed)
        .then(code("pi_3Q", "payment", 3))
        .when(number % 6 == 0)
        .then(code("py_1Q", "payment", 3))
        .otherwise(code("ch_3Q", "payment", 3)),
        "Created date (UTC)": moment("created"),
        "Amount": money("cents"),
        "Amount Refunded": money("refunded"),
        "Currency": _CURRENCY,
        "Captured": either(is_failed, "false", "true"),
        "Converted Amount": money((pl.col("cents") * rate).round()),
        "Converted Amount Refunded": money((pl.col("refunded") * rate).round()),
        "Converted Currency": "usd",
        "Decline Reason": either(is_failed, "insufficient_funds", None),
        "Description": "Subscription update",
        "Fee": either(is_failed, "0.00", money(pl.col("cents") * 29 // 1000 + 30)),
        "Refunded date (UTC)": either(
            is_refunded, moment(pl.when("is_refunded").then("refunded_at")), None
        ),
        "Statement Descriptor": either(is_failed, None, "ACME"),
        "Status": pl.when(is_failed)
        .then(pl.lit("Failed"))
        .when(is_refunded & (pl.col("refunded") == pl.col("cents")))
        .then(pl.lit("Refunded"))
        .when(is_refunded)
        .then(pl.lit("Partially refunded"))
        .otherwise(pl.lit("Paid")),
        "Seller Message": either(
            is_failed,
            "The bank returned the decline code insufficient_funds.",
            "Payment complete.",
        ),
        "Taxes On Fee": "0.00",
        "Card ID": code("card_1Q", "customer", 2),
        "Customer ID": _CUSTOMER,
        "Customer Email": pl.col("email"),
        # Who collects for another biller has no invoice of their own.
        "Invoice ID": either(pl.col("is_ours"), code("in_1Q", "payment", 2), None),
        "account_id (metadata)": _ACCOUNT,
    }
    layout = {header: cells.get(header) for header in PAYMENT_HEADERS}
    return Sheet(rows, layout, {"id": code("ch_3Q", "invented", 3), "Customer ID": None, **_NOBODY})


def _subscriptions(rows: pl.DataFrame, cutoff: int) -> Sheet:
    is_ended, is_cancelled = pl.col("is_ended"), pl.col("is_cancelled")
    is_involuntary = (pl.col("reason") == PAYMENT_FAILED).fill_null(False)
    plan_name = choice(PLANS, "plan")
    interval = either(pl.col("is_yearly"), "year", "month")
    begins = moment("created", _MINUTES)
    cells: Layout = {
        "id": code("sub_1Q", "subscription", 3),
        "Customer ID": _CUSTOMER,
        "Customer Email": pl.col("email"),
        "Plan": pl.concat_str(pl.lit("price_"), plan_name, pl.lit("_"), interval),
        "Product": pl.concat_str(pl.lit("prod_"), plan_name.str.to_titlecase()),
        "Quantity": pl.col("quantity").cast(pl.String),
        "Currency": _CURRENCY,
        "Interval": interval,
        "Amount": money("cents"),
        "Status": pl.when((pl.col("kind") == NEVER_PAID) & is_ended)
        .then(pl.lit("incomplete_expired"))
        .when(pl.col("kind") == NEVER_PAID)
        .then(pl.lit("incomplete"))
        .when(is_ended)
        .then(pl.lit("canceled"))
        .when(pl.col("trial_end") >= cutoff)
        .then(pl.lit("trialing"))
        .when("is_late")
        .then(pl.lit("past_due"))
        .otherwise(pl.lit("active")),
        "Created (UTC)": begins,
        "Start (UTC)": begins,
        "Current Period Start (UTC)": moment("period_start", _MINUTES),
        "Current Period End (UTC)": moment("period_end", _MINUTES),
        "Trial Start (UTC)": either(pl.col("trial_end").is_not_null(), begins, None),
        "Trial End (UTC)": moment("trial_end", _MINUTES),
        "Canceled At (UTC)": moment(pl.when("is_cancelled").then("cancelled_at"), _MINUTES),
        "Cancel At Period End": either(is_cancelled & ~is_involuntary, "true", "false"),
        "Ended At (UTC)": moment(pl.when("is_ended").then("ended_at"), _MINUTES),
        "Cancellation Reason": either(is_cancelled, choice(REASONS, "reason"), None),
        "account_id (metadata)": _ACCOUNT,
    }
    layout = {header: cells.get(header) for header in SUBSCRIPTION_HEADERS}
    return Sheet(
        rows,
        layout,
        {
            "id": code("sub_1Q", "invented", 3),
            "Customer ID": code("cus_", "invented", 2),
            **_NOBODY,
        },
    )
