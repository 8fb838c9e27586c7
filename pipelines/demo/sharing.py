"""Who holds what: each customer, subscription, case, response and course is in exactly one source.

Belongs here: how records are shared out among the sources that can hold them. Does not belong here:
which sources there are (`sources.py`) and how one names another's records (`references.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from pipelines.demo.cells import choice
from pipelines.demo.company import Company

CUSTOMERS, CASES, RESPONSES, COURSES = "customers", "cases", "responses", "courses"
BILLING, EMPLOYEES, ORDERS = "billing", "employees", "orders"
"""Topics. The last two have one source each, which takes all of it."""

Holders = Mapping[str, Sequence[str]]
"""The chosen sources of each topic; none for a topic that nobody writes down."""


def share_out(company: Company, holders: Holders) -> Company:
    """The company with the source of each record beside it, in turn among its topic's sources.

    Further columns, NULL where nobody holds the record: `crm` of customers, cases, responses and
    ratings, `biller` of customers (all of a customer's subscriptions are in one), `desk` of cases
    and ratings, `tool` of responses and ratings, `provider` of transcripts. A CRM that is a service
    desk too takes no cases of another CRM's customers, whom it doesn't know, as long as another
    desk can.
    """
    crms, desks = holders.get(CUSTOMERS, ()), holders.get(CASES, ())
    tools = holders.get(RESPONSES, ())
    # Each CRM's customers are in turn the billers'.
    customers = company.customers.with_columns(
        pl.when("in_crm").then(_in_turn(pl.int_range(pl.len()), crms)).alias("crm"),
        _in_turn(pl.int_range(pl.len()) // max(len(crms), 1), holders.get(BILLING, ())).alias(
            "biller"
        ),
    )
    cases = company.cases.with_columns(
        customers["crm"].gather(company.cases["customer"]).alias("crm")
    ).with_columns(_desk(crms, desks).alias("desk"))
    tool = _in_turn(pl.col("response"), tools).alias("tool")
    return replace(
        company,
        customers=customers,
        cases=cases,
        responses=company.responses.with_columns(
            tool, customers["crm"].gather(company.responses["customer"]).alias("crm")
        ),
        ratings=company.ratings.with_columns(
            tool,
            *(cases[each].gather(company.ratings["case"]).alias(each) for each in ("crm", "desk")),
        ),
        transcripts=company.transcripts.with_columns(
            _in_turn(pl.col("course"), holders.get(COURSES, ())).alias("provider")
        ),
    )


def _in_turn(number: pl.Expr, sources: Sequence[str]) -> pl.Expr:
    if not sources:
        return pl.lit(None, pl.String)
    return choice(sources, number % len(sources))


def _desk(crms: Sequence[str], desks: Sequence[str]) -> pl.Expr:
    desk = _in_turn(pl.col("case"), desks)
    for crm in crms:
        able = [each for each in desks if each == crm or each not in crms]
        desk = (
            pl.when(pl.col("crm") == crm)
            .then(_in_turn(pl.col("case"), able or desks))
            .otherwise(desk)
        )
    return desk
