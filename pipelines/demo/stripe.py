"""The payment provider's dashboard exports: payments by window, subscriptions in full.

A payment is delivered with the month in which it was made, and again once it has been refunded.
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
from pipelines.demo.periods import DAY, HOUR, Array, draws
from pipelines.demo.salesforce import account_id
from pipelines.demo.subscriptions import (
    NEVER_PAID,
    PAYMENT_FAILED,
    PLANS,
    REASONS,
    TRIAL_LOST,
)

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

NAMED_ACCOUNT_SHARE = 85
"""Of each hundred customers so many carry their account's id; the others only an e-mail address."""

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
    created = company.billing.subscriptions["created"].to_numpy()
    known = np.array([(created < cutoff).sum() for cutoff in calendar.starts[1:]])
    plans = {
        "payments": plan("stripe", "payments", np.array([len(which) for which in chosen]), each),
        "subscriptions": plan("stripe", "subscriptions", known, each),
    }
    payers = _payers(company)
    quantity = company.billing.subscriptions["quantity"].to_numpy().copy()
    for at, day in enumerate(calendar.deliveries):
        changed = company.billing.quantities.filter(pl.col("month") == at)
        quantity[changed["subscription"].to_numpy()] = changed["quantity"].to_numpy()
        sheets = {
            "payments": _payments(company, payers, chosen[at], at),
            "subscriptions": _subscriptions(company, payers, quantity, at),
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


def _payers(company: Company) -> pl.DataFrame:
    """What Stripe knows of each customer: the address as they typed it, maybe the account."""
    customers = company.customers.with_row_index("customer").select(
        pl.col("customer").cast(pl.Int64), "crm", "is_euro", "first_person"
    )
    address = pl.lit(company.people["email"]).gather(pl.col("first_person"))
    return customers.with_columns(
        pl.when(pl.col("customer") % 20 == 0)
        .then(address.str.to_uppercase())
        .otherwise(address)
        .alias("email"),
        # The account is Salesforce's; of another CRM's customers the address has to tell.
        (
            (pl.col("crm") == "salesforce").fill_null(False)
            & (pl.col("customer") * 7919 % 100 < NAMED_ACCOUNT_SHARE)
        ).alias("names_account"),
    ).select("is_euro", "email", "names_account")


def _with_payers(rows: pl.DataFrame, payers: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        pl.lit(payers[each]).gather(pl.col("customer")).alias(each) for each in payers.columns
    )


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
    rows = _with_payers(rows, payers)
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
        "Invoice ID": code("in_1Q", "payment", 2),
        "account_id (metadata)": _ACCOUNT,
    }
    layout = {header: cells.get(header) for header in PAYMENT_HEADERS}
    return Sheet(rows, layout, {"id": code("ch_3Q", "invented", 3), "Customer ID": None, **_NOBODY})


def _subscriptions(company: Company, payers: pl.DataFrame, quantity: Array, at: int) -> Sheet:
    calendar, billing = company.calendar, company.billing
    cutoff = int(calendar.starts[at + 1])
    retried = billing.past_due.filter(pl.col("month") == at)["subscription"]
    rows = billing.subscriptions.with_columns(
        pl.Series("quantity", quantity),
        pl.col("subscription").is_in(retried.implode()).alias("is_late"),
        (pl.col("ended_at") < cutoff).alias("is_ended"),
        (pl.col("cancelled_at") < cutoff).alias("is_cancelled"),
    ).filter(pl.col("created") < cutoff)
    rows = _with_payers(rows, payers)
    rows = rows.with_columns(_periods(rows, company, at))
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


def _periods(rows: pl.DataFrame, company: Company, at: int) -> list[pl.Series]:
    """The billing period that each subscription is in, or was in when it ended."""
    calendar = company.calendar
    paid, day, second = (rows[each].to_numpy() for each in ("paid_month", "day", "second"))
    ended = rows["is_ended"].to_numpy()
    is_paid = paid >= 0
    every = np.where(rows["is_yearly"].to_numpy(), 12, 1)
    failed = (rows["reason"] == PAYMENT_FAILED).fill_null(False).to_numpy()
    last = np.where(ended, rows["ended_month"].to_numpy() - np.where(failed, 0, 1), at)
    month = paid + np.maximum(last - paid, 0) // every * every
    start = calendar.moment(np.where(is_paid, month, 0), day, second)
    end = calendar.moment(np.where(is_paid, month + every, 0), day, second)
    created = rows["created"].to_numpy()
    trial_end = rows["trial_end"].fill_null(0).to_numpy()
    first_end = np.where(
        rows["kind"].to_numpy() == TRIAL_LOST, trial_end, created + 30 * DAY + HOUR
    )
    return [
        pl.Series("period_start", np.where(is_paid, start, created)),
        pl.Series("period_end", np.where(is_paid, end, first_end)),
    ]
