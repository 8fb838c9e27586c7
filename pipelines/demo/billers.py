"""Subscriptions as a biller exports them: all of its own, as they stand at each month's end.

Belongs here: what a biller knows of who pays, and the state of a subscription. Does not belong
here: a vendor's words and columns (`stripe.py`, `chargebee.py`).
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from pipelines.demo.company import Company
from pipelines.demo.periods import DAY, HOUR, Array
from pipelines.demo.subscriptions import NEVER_PAID, PAYMENT_FAILED, TRIAL_LOST

NAMED_ACCOUNT_SHARE = 85
"""Of each hundred customers so many carry their account's id; the others only an e-mail address."""


def payers_of(company: Company) -> pl.DataFrame:
    """What a biller knows of each customer: the address as they typed it, maybe the account."""
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


def with_payers(rows: pl.DataFrame, payers: pl.DataFrame) -> pl.DataFrame:
    """Rows with what is known of their customer beside them."""
    return rows.with_columns(
        pl.lit(payers[each]).gather(pl.col("customer")).alias(each) for each in payers.columns
    )


def is_billed_by(company: Company, biller: str) -> pl.Expr:
    """Whether the customer of a row is a biller's, over the column customer."""
    return (pl.lit(company.customers["biller"]).gather(pl.col("customer")) == biller).fill_null(
        False
    )


def _is_held(company: Company, biller: str, never_paid: bool) -> pl.Expr:
    is_billed = is_billed_by(company, biller)
    return is_billed if never_paid else is_billed & (pl.col("kind") != NEVER_PAID)


def subscriptions_by_month(
    company: Company, biller: str, *, never_paid: bool = True
) -> Iterator[pl.DataFrame]:
    """A biller's subscriptions that had been created when each month ended, as they stood then.

    Those whose first payment never came through are among them unless `never_paid` is false.

    Columns: those that were drawn (quantity as it was then), what is known of the payer, is_late
    (an invoice is being tried again), is_ended, is_cancelled, period_start and period_end.
    """
    calendar, billing, payers = company.calendar, company.billing, payers_of(company)
    quantity = billing.subscriptions["quantity"].to_numpy().copy()
    for at in range(calendar.months):
        changed = billing.quantities.filter(pl.col("month") == at)
        quantity[changed["subscription"].to_numpy()] = changed["quantity"].to_numpy()
        cutoff = int(calendar.starts[at + 1])
        retried = billing.past_due.filter(pl.col("month") == at)["subscription"]
        rows = billing.subscriptions.with_columns(
            pl.Series("quantity", quantity),
            pl.col("subscription").is_in(retried.implode()).alias("is_late"),
            (pl.col("ended_at") < cutoff).alias("is_ended"),
            (pl.col("cancelled_at") < cutoff).alias("is_cancelled"),
        ).filter((pl.col("created") < cutoff) & _is_held(company, biller, never_paid))
        rows = with_payers(rows, payers)
        yield rows.with_columns(_periods(rows, company, at))


def created_by_month(company: Company, biller: str, *, never_paid: bool = True) -> Array:
    """How many subscriptions of a biller had been created when each month ended."""
    held = company.billing.subscriptions.filter(_is_held(company, biller, never_paid))
    created = held["created"]
    return np.searchsorted(np.sort(created.to_numpy()), company.calendar.starts[1:])


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
