"""Companies, people and deals as the CRMs beside Salesforce export them: what a month changed.

Belongs here: what such a CRM knows of its own customers at a month's end. Does not belong here: a
vendor's words and columns (`hubspot.py`, `pipedrive.py`, `dynamics.py`).
"""

import polars as pl

from pipelines.demo import names
from pipelines.demo.cells import choice
from pipelines.demo.company import Company
from pipelines.demo.periods import NEVER


def companies_of(company: Company, crm: str) -> pl.DataFrame:
    """A CRM's companies: one row per company and month in which it changed.

    Columns: those of the accounts' versions, delivery (the month), is_euro.
    """
    return _in_months(company, crm, company.account_versions, "account")


def people_of(company: Company, crm: str) -> pl.DataFrame:
    """A CRM's people: one row per person and month in which they came or opted out.

    Columns: those of the people, since, delivery (the month), is_out, is_euro, country (of the
    customer, by its index).
    """
    people = company.people.with_columns(pl.col("created").alias("since"), is_out=False)
    versions = pl.concat(
        [
            people,
            people.filter(pl.col("opted_out_at") < NEVER).with_columns(
                pl.col("opted_out_at").alias("since"), is_out=True
            ),
        ]
    )
    return _in_months(company, crm, versions, "person").with_columns(
        company.of_customers("country")
    )


def deals_of(company: Company, crm: str) -> pl.DataFrame:
    """A CRM's deals: one row per deal and month in which it changed.

    Columns: those of the deals' versions, delivery (the month), is_euro, person (the customer's
    first).
    """
    return _in_months(company, crm, company.opportunity_versions, "opportunity").with_columns(
        pl.lit(company.customers["first_person"]).gather(pl.col("customer")).alias("person")
    )


def _in_months(company: Company, crm: str, versions: pl.DataFrame, record: str) -> pl.DataFrame:
    """The last state in each month in which a record of the CRM's own customers changed."""
    calendar, customers = company.calendar, company.customers
    held = versions.filter(pl.lit(customers["crm"]).gather(pl.col("customer")) == crm)
    return (
        held.with_columns(
            pl.Series("delivery", calendar.delivery_of(held["since"].to_numpy())),
            *company.of_customers("is_euro"),
        )
        .filter(pl.col("delivery") < calendar.months)
        .sort(record, "since")
        .unique([record, "delivery"], keep="last", maintain_order=True)
        .sort("delivery", record)
    )


def company_name(customer: str) -> pl.Expr:
    """What a customer's company is called; some share a name."""
    number = pl.col(customer)
    return pl.concat_str(
        choice(names.COMPANY_NAMES, number % len(names.COMPANY_NAMES)),
        pl.lit(" "),
        choice(names.COMPANY_KINDS, number // 7 % len(names.COMPANY_KINDS)),
    )
