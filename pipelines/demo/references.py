"""The ids by which one system names another's records: people, accounts, cases.

Belongs here: how each CRM and service desk numbers them. Does not belong here: who holds a record
(`sharing.py`).
"""

import polars as pl

from pipelines.demo.salesforce import account_id, case_number, contact_id

TICKETS_FROM = {
    "zendesk": 1_001,
    "freshdesk": 1_001,
    "hubspot": 11_820_000_000,
    "intercom": 215_469_000_000_000,
}
"""The id of the first ticket. No case is in two desks, so that two may count alike."""

HUBSPOT_CONTACTS_FROM = 100_001


def ticket_id(desk: str, case: str = "case") -> pl.Expr:
    """A desk's id of a case, as a number."""
    return pl.col(case) + TICKETS_FROM[desk]


def hubspot_contact_id(person: str | pl.Expr) -> pl.Expr:
    """HubSpot's id of a person, as a number."""
    number = pl.col(person) if isinstance(person, str) else person
    return number + HUBSPOT_CONTACTS_FROM


def contact_reference() -> pl.Expr:
    """The id that a person has in the CRM, over the columns person and crm; NULL without a CRM."""
    return (
        pl.when(pl.col("crm") == "salesforce")
        .then(contact_id("person"))
        .when(pl.col("crm") == "hubspot")
        .then(hubspot_contact_id("person").cast(pl.String))
    )


def account_reference() -> pl.Expr:
    """The id of a customer's Salesforce account, over the columns customer and crm, or NULL.

    HubSpot's companies are not named by other systems: its people are.
    """
    return pl.when(pl.col("crm") == "salesforce").then(account_id("customer"))


def case_reference() -> pl.Expr:
    """The number of a case in its service desk, over the columns case and desk, or NULL."""
    numbers = {"salesforce": case_number("case")} | {
        desk: ticket_id(desk).cast(pl.String) for desk in TICKETS_FROM
    }
    return pl.coalesce(
        pl.when(pl.col("desk") == desk).then(number) for desk, number in numbers.items()
    )
