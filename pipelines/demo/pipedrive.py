"""Pipedrive's lists of organizations, people and deals: those that a month changed.

Times are those of whoever exports. The lists show what has to be added to the usual columns: ids,
and the fields that the company made (`Segment`, `Country`, `Type`). Pipedrive knows no cases.
"""

from pathlib import Path

import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, choice, either, header_line, moment, money
from pipelines.demo.company import Company
from pipelines.demo.crm import companies_of, company_name, deals_of, people_of
from pipelines.demo.salesforce import full_name
from pipelines.demo.tickets import ZONE, local
from pipelines.demo.windows import WindowFile, deliver_windows

SOURCE = "pipedrive"
SETTINGS = f"""\
[pipedrive]
time_zone = "{ZONE}"
"""

OPEN_STAGE, LAST_STAGE = "Proposal Made", "Negotiations Started"
"""Where deals stand; one that is won or lost stays where it was, and its status tells."""

_OWNER = "Ana Ruiz"


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the CRM's deliveries; arguments as for `salesforce.deliver`."""
    files = [_deals(company), _persons(company), _organizations(company)]
    deliver_windows(landing, company.calendar, SOURCE, files, each, seed, ledger)


def _file(export: str, name: str, rows: pl.DataFrame, layout: Layout, fresh: Layout) -> WindowFile:
    return WindowFile(export, lambda day: f"{name}.csv", rows, layout, fresh, header_line(layout))


def _number(record: str) -> pl.Expr:
    """The id of a record: each kind is counted from 1."""
    return pl.col(record) + 1


def _organizations(company: Company) -> WindowFile:
    layout: Layout = {
        "Organization - ID": _number("customer"),
        "Organization - Name": company_name("customer"),
        "Organization - Owner": _OWNER,
        "Organization - Industry": choice(
            names.INDUSTRIES, pl.col("customer") % len(names.INDUSTRIES)
        ),
        "Organization - Segment": choice(names.SEGMENTS, "segment"),
        "Organization - Country": choice(names.COUNTRY_CODES, "country"),
        "Organization - Organization created": local("created"),
        "Organization - Update time": local("since"),
    }
    return _file(
        "organizations",
        "organizations-10481234-3",
        companies_of(company, SOURCE),
        layout,
        {"Organization - ID": pl.col("invented")},
    )


def _persons(company: Company) -> WindowFile:
    layout: Layout = {
        "Person - ID": _number("person"),
        "Person - Name": full_name(),
        "Person - Organization": company_name("customer"),
        "Person - Organization ID": _number("customer"),
        "Person - Email - Work": pl.col("email"),
        "Person - Phone - Work": pl.format("+1 555 {}", pl.col("person") % 9000 + 1000),
        "Person - Marketing status": either(pl.col("is_out"), "Unsubscribed", "Subscribed"),
        "Person - Person created": local("created"),
        "Person - Update time": local("since"),
    }
    fresh: Layout = {
        "Person - ID": pl.col("invented"),
        "Person - Organization": None,
        "Person - Organization ID": None,
        "Person - Email - Work": None,
    }
    return _file("persons", "people-10481234-2", people_of(company, SOURCE), layout, fresh)


def _deals(company: Company) -> WindowFile:
    rows = deals_of(company, SOURCE).with_columns(company.of_people("first", "last", "email"))
    is_won = pl.col("is_closed") & pl.col("is_won")
    is_lost = pl.col("is_closed") & ~pl.col("is_won")
    day = moment("closes", "%Y-%m-%d", ZONE)
    layout: Layout = {
        "Deal - ID": _number("opportunity"),
        "Deal - Title": either(pl.col("is_first"), "First order", "Expansion"),
        "Deal - Owner": _OWNER,
        "Deal - Value": money("amount"),
        "Deal - Currency of Value": either(pl.col("is_euro"), "EUR", "USD"),
        "Deal - Organization": company_name("customer"),
        "Deal - Organization ID": _number("customer"),
        "Deal - Contact person": full_name(),
        "Deal - Contact person ID": _number("person"),
        "Deal - Pipeline": "Sales Pipeline",
        "Deal - Stage": either(pl.col("is_first"), LAST_STAGE, OPEN_STAGE),
        "Deal - Status": either(is_won, "Won", either(is_lost, "Lost", "Open")),
        "Deal - Type": either(pl.col("is_first"), "New Business", "Existing Business"),
        "Deal - Deal created": local("created"),
        "Deal - Won time": either(is_won, local("closes"), None),
        "Deal - Lost time": either(is_lost, local("closes"), None),
        "Deal - Lost reason": either(is_lost, "Price", None),
        "Deal - Expected close date": day,
        "Deal - Update time": local("since"),
        "Person - Email - Work": pl.col("email"),
    }
    return _file("deals", "deals-10481234-1", rows, layout, {"Deal - ID": pl.col("invented")})
