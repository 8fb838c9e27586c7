"""The ids by which one system names another's records: people, accounts, cases.

Belongs here: how each CRM and service desk numbers them. Does not belong here: who holds a record
(`sharing.py`).
"""

import polars as pl

from pipelines.demo.cells import code, guid
from pipelines.demo.salesforce import account_id, case_number, contact_id

TICKETS_FROM = {
    "zendesk": 1_001,
    "freshdesk": 1_001,
    "hubspot": 11_820_000_000,
    "intercom": 215_469_000_000_000,
}
"""The id of the first ticket. No case is in two desks, so that two may count alike."""

HUBSPOT_CONTACTS_FROM = 100_001

_DYNAMICS_ACCOUNT, _DYNAMICS_CONTACT, _DYNAMICS_CASE = (
    "5f0c1a2b-91d4-4e07-8a35-", "7a1d2c3b-0e86-4c5f-9b12-", "9b2e3d4c-47a1-4d3e-b6f8-",
)  # fmt: skip


def ticket_id(desk: str, case: str = "case") -> pl.Expr:
    """A desk's id of a case, as a number."""
    return pl.col(case) + TICKETS_FROM[desk]


def hubspot_contact_id(person: str | pl.Expr) -> pl.Expr:
    """HubSpot's id of a person, as a number."""
    number = pl.col(person) if isinstance(person, str) else person
    return number + HUBSPOT_CONTACTS_FROM


def dynamics_account_id(customer: str | pl.Expr) -> pl.Expr:
    """Dynamics' id of a customer's account."""
    return guid(_DYNAMICS_ACCOUNT, customer)


def dynamics_contact_id(person: str | pl.Expr) -> pl.Expr:
    """Dynamics' id of a person."""
    return guid(_DYNAMICS_CONTACT, person)


def dynamics_case_id(case: str | pl.Expr) -> pl.Expr:
    """Dynamics' own id of a case, which nobody quotes."""
    return guid(_DYNAMICS_CASE, case)


def dynamics_case_number(case: str | pl.Expr = "case") -> pl.Expr:
    """The number of a case in Dynamics; NULL for no case."""
    number = pl.col(case) if isinstance(case, str) else case
    return pl.format(
        "CAS-{}-{}",
        (number + 1001).cast(pl.String).str.zfill(5),
        code("C", number.fill_null(0), 1).str.to_uppercase(),
    )


def contact_reference() -> pl.Expr:
    """How others name a person by the CRM, over the columns person, crm and email, or NULL.

    Pipedrive counts its people from 1, a number that says little elsewhere: theirs is the address.
    """
    return (
        pl.when(pl.col("crm") == "salesforce")
        .then(contact_id("person"))
        .when(pl.col("crm") == "hubspot")
        .then(hubspot_contact_id("person").cast(pl.String))
        .when(pl.col("crm") == "dynamics")
        .then(dynamics_contact_id("person"))
        .when(pl.col("crm") == "pipedrive")
        .then("email")
    )


def account_reference() -> pl.Expr:
    """The CRM's id of a customer's account, over the columns customer and crm, or NULL.

    Companies of HubSpot and Pipedrive are not named by other systems: their people are.
    """
    return (
        pl.when(pl.col("crm") == "salesforce")
        .then(account_id("customer"))
        .when(pl.col("crm") == "dynamics")
        .then(dynamics_account_id("customer"))
    )


def case_reference() -> pl.Expr:
    """The number of a case in its service desk, over the columns case and desk, or NULL."""
    numbers = {"salesforce": case_number("case"), "dynamics": dynamics_case_number()} | {
        desk: ticket_id(desk).cast(pl.String) for desk in TICKETS_FROM
    }
    return pl.coalesce(
        pl.when(pl.col("desk") == desk).then(number) for desk, number in numbers.items()
    )
