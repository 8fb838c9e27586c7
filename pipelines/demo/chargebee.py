"""Chargebee's archive of subscriptions: all of them each month, in the site's zone.

The view shows no amount: what plans cost is on the list of prices. A subscription whose first
payment never came through isn't one here.
"""

import zipfile
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from pipelines.demo.assembly import (
    INVENTED_A_DELIVERY,
    Ledger,
    Sheet,
    assemble,
    delivery_folder,
)
from pipelines.demo.billers import created_by_month, subscriptions_by_month
from pipelines.demo.cells import (
    Layout,
    choice,
    code,
    either,
    header_line,
    write_block,
)
from pipelines.demo.company import Company
from pipelines.demo.faults import plan
from pipelines.demo.periods import draws
from pipelines.demo.salesforce import account_id
from pipelines.demo.subscriptions import (
    MONTHLY_CENTS,
    PLANS,
    REASONS,
    YEARLY_CENTS,
)
from pipelines.demo.tickets import ZONE, local

SOURCE = "chargebee"
SETTINGS = f"""\
[chargebee]
time_zone = "{ZONE}"
"""
ARCHIVE, FILE = "chargebee-export.zip", "Subscriptions.csv"

_REASONS = {
    "too_expensive": "Too Expensive",
    "missing_features": "Missing Features",
    "switched_service": "Switched Service",
    "unused": "Unused",
    "payment_failed": "Not Paid",
}

PLAN_PRICES = tuple(
    (f"{plan}-{currency.lower()}-{name}", f"{cents // 100}.{cents % 100:02d}", currency, interval)
    for name, interval, prices in (
        ("monthly", "month", MONTHLY_CENTS),
        ("yearly", "year", YEARLY_CENTS),
    )
    for plan, cents in zip(PLANS, prices, strict=True)
    for currency in ("USD", "EUR")
)
"""Each plan's id and what a unit of it costs, in which currency, per interval: one for each."""


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the biller's deliveries; arguments as for `salesforce.deliver`."""
    calendar = company.calendar
    known = created_by_month(company, SOURCE, never_paid=False)
    planned = plan(SOURCE, "subscriptions", known, each)
    for at, (day, rows) in enumerate(
        zip(
            calendar.deliveries,
            subscriptions_by_month(company, SOURCE, never_paid=False),
            strict=True,
        )
    ):
        sheet = _sheet(rows, int(calendar.starts[at + 1]))
        blocks = assemble(
            sheet,
            planned.get(at, []),
            draws(seed, f"{SOURCE} subscriptions {at}"),
            first_invented=at * INVENTED_A_DELIVERY,
            ledger=ledger,
            source=SOURCE,
            export="subscriptions",
            day=day,
            file=f"{ARCHIVE}/{FILE}",
        )
        with (
            delivery_folder(landing, SOURCE, day) as folder,
            zipfile.ZipFile(folder / ARCHIVE, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
            packed.open(FILE, "w", force_zip64=True) as member,
        ):
            target = cast(BinaryIO, member)
            target.write(header_line(sheet.layout))
            for block in blocks:
                write_block(target, block)


def _plan_id() -> pl.Expr:
    return pl.format(
        "{}-{}-{}",
        choice(PLANS, "plan"),
        either(pl.col("is_euro"), "eur", "usd"),
        either(pl.col("is_yearly"), "yearly", "monthly"),
    )


def _sheet(rows: pl.DataFrame, cutoff: int) -> Sheet:
    layout: Layout = {
        "subscriptions.id": code("AzZ", "subscription", 2),
        "customers.id": code("AzC", "customer", 2),
        "customers.email": pl.col("email"),
        "customers.cf_salesforce_account_id": either(
            pl.col("names_account"), account_id("customer"), None
        ),
        "subscriptions.plan_id": _plan_id(),
        "subscriptions.plan_quantity": pl.col("quantity").cast(pl.String),
        "subscriptions.currency_code": either(pl.col("is_euro"), "EUR", "USD"),
        "subscriptions.status": pl.when("is_ended")
        .then(pl.lit("Cancelled"))
        .when(pl.col("trial_end") >= cutoff)
        .then(pl.lit("In Trial"))
        .when("is_cancelled")
        .then(pl.lit("Non Renewing"))
        .otherwise(pl.lit("Active")),
        "subscriptions.start_date": None,
        "subscriptions.trial_end": local("trial_end"),
        "subscriptions.current_term_start": local("period_start"),
        "subscriptions.current_term_end": local("period_end"),
        "subscriptions.remaining_billing_cycles": None,
        "subscriptions.created_at": local("created"),
        "subscriptions.started_at": local("created"),
        # Of what isn't to be renewed it is the day to come.
        "subscriptions.cancelled_at": local(pl.when("is_cancelled").then("ended_at")),
        "subscriptions.cancel_schedule_created_at": local(
            pl.when("is_cancelled").then("cancelled_at")
        ),
        "subscriptions.cancel_reason": either(
            pl.col("is_cancelled"), choice([_REASONS[each] for each in REASONS], "reason"), None
        ),
    }
    fresh: Layout = {
        "subscriptions.id": code("AzZ", "invented", 2),
        "customers.id": code("AzC", "invented", 2),
        "customers.email": None,
        "customers.cf_salesforce_account_id": None,
    }
    return Sheet(rows, layout, fresh)
