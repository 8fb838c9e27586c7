"""HubSpot's exports of records: the companies, contacts, deals and tickets that a month changed.

Times are the portal's, to the minute. What is deleted there leaves no trace in an export, so that
the accounts that are deleted or vanish are in Salesforce alone.
"""

from pathlib import Path

import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, choice, either, header_line, moment, money
from pipelines.demo.company import Company
from pipelines.demo.crm import companies_of, company_name, deals_of, people_of
from pipelines.demo.references import hubspot_contact_id, ticket_id
from pipelines.demo.service import CLOSED
from pipelines.demo.tickets import ZONE, tickets_of
from pipelines.demo.windows import WindowFile, deliver_windows

SOURCE = "hubspot"
SETTINGS = f"""\
[hubspot]
time_zone = "{ZONE}"
"""

_PIPELINE = "Sales Pipeline"
_OPEN, _WON, _LOST = "Contract Sent", "Closed Won", "Closed Lost"
DEAL_STAGES = ((_PIPELINE, _OPEN, "open"), (_PIPELINE, _WON, "won"), (_PIPELINE, _LOST, "lost"))
"""What the stages of deals mean: pipeline, stage, outcome. No column of the export says it."""

_COMPANIES_FROM, _DEALS_FROM = 20_000_000_001, 17_700_000_001
_STATUSES = ("New", "Waiting on us", "Closed")
_CHANNELS = ("Email", "Phone", "Form", "Chat")


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the CRM's deliveries; arguments as for `salesforce.deliver`."""
    files = [_companies(company), _contacts(company), _deals(company), _tickets(company)]
    deliver_windows(landing, company.calendar, SOURCE, files, each, seed, ledger)


def _file(export: str, rows: pl.DataFrame, layout: Layout, fresh: Layout) -> WindowFile:
    return WindowFile(
        export,
        lambda day: f"hubspot-crm-exports-all-{export}-{day}.csv",
        rows,
        layout,
        fresh,
        header_line(layout),
    )


def _local(seconds: str | pl.Expr) -> pl.Expr:
    return moment(seconds, "%Y-%m-%d %H:%M", ZONE)


def _company_id(customer: str) -> pl.Expr:
    return pl.col(customer) + _COMPANIES_FROM


def _companies(company: Company) -> WindowFile:
    rows = companies_of(company, SOURCE)
    layout: Layout = {
        "Record ID": _company_id("customer"),
        "Company name": company_name("customer"),
        "Company owner": None,
        "Create Date": _local("created"),
        "Phone Number": "+1 555 0100",
        "City": choice(names.CITIES, "country"),
        "Country/Region": choice(names.COUNTRY_NAMES, "country"),
        "Country/Region Code": choice(names.COUNTRY_CODES, "country"),
        "Industry": choice(names.INDUSTRIES, pl.col("customer") % len(names.INDUSTRIES)),
        "Segment": choice(names.SEGMENTS, "segment"),
        "Lifecycle Stage": "Customer",
        "Last Modified Date": _local("since"),
    }
    return _file("companies", rows, layout, {"Record ID": pl.col("invented")})


def _contacts(company: Company) -> WindowFile:
    rows = people_of(company, SOURCE)
    layout: Layout = {
        "Record ID": hubspot_contact_id("person"),
        "First Name": choice(names.FIRST_NAMES, "first"),
        "Last Name": choice(names.LAST_NAMES, "last"),
        "Email": pl.col("email"),
        "Phone Number": pl.format("+1 555 {}", pl.col("person") % 9000 + 1000),
        "Contact owner": None,
        "Primary Associated Company ID": _company_id("customer"),
        "Last Activity Date": None,
        "Lead Status": None,
        "Marketing contact status": either(
            pl.col("is_out"), "Non-marketing contact", "Marketing contact"
        ),
        "Create Date": _local("created"),
        "Lifecycle Stage": "Customer",
        "Associated Company": company_name("customer"),
        "Associated Company IDs": _company_id("customer"),
        "Preferred channels": "Email",
        "Country/Region Code": choice(names.COUNTRY_CODES, "country"),
        "Last Modified Date": _local("since"),
    }
    fresh: Layout = {
        "Record ID": pl.col("invented"),
        "Email": None,
        "Primary Associated Company ID": None,
        "Associated Company IDs": None,
    }
    return _file("contacts", rows, layout, fresh)


def _deals(company: Company) -> WindowFile:
    rows = deals_of(company, SOURCE)
    layout: Layout = {
        "Record ID": pl.col("opportunity") + _DEALS_FROM,
        "Deal Name": either(pl.col("is_first"), "First order", "Expansion"),
        "Deal Stage": either(
            pl.col("is_closed"),
            either(pl.col("is_won"), _WON, _LOST),
            _OPEN,
        ),
        "Close Date": _local("closes"),
        "Deal owner": None,
        "Amount": money("amount"),
        "Pipeline": _PIPELINE,
        "Create Date": _local("created"),
        "Currency": either(pl.col("is_euro"), "EUR", "USD"),
        "Deal Type": either(pl.col("is_first"), "New Business", "Existing Business"),
        "Associated Company (Primary)": company_name("customer"),
        "Associated Company IDs (Primary)": _company_id("customer"),
        "Associated Contact IDs": hubspot_contact_id("person"),
    }
    return _file("deals", rows, layout, {"Record ID": pl.col("invented")})


def _tickets(company: Company) -> WindowFile:
    rows = tickets_of(company, SOURCE)
    is_known = pl.col("crm") == SOURCE
    layout: Layout = {
        "Ticket ID": ticket_id(SOURCE),
        "Ticket name": choice(names.CASE_SUBJECTS, "subject"),
        "Pipeline": "Support Pipeline",
        "Ticket status": choice(_STATUSES, "status"),
        "Create date": _local("created"),
        "Close date": _local("closed"),
        "Ticket owner": None,
        "Source": choice(_CHANNELS, "origin"),
        "Priority": choice(names.CASE_PRIORITIES, "priority"),
        "Time to close": either(
            pl.col("status") == CLOSED,
            ((pl.col("closed") - pl.col("created")) * 1000).cast(pl.String),
            None,
        ),
        "Last activity date": _local("updated"),
        "First agent email response date": _local("first_reply"),
        "Associated Contact IDs": pl.when(is_known).then(hubspot_contact_id("person")),
        "Associated Company IDs (Primary)": pl.when(is_known).then(_company_id("customer")),
    }
    fresh: Layout = {
        "Ticket ID": pl.col("invented"),
        "Associated Contact IDs": None,
        "Associated Company IDs (Primary)": None,
    }
    return _file("tickets", rows, layout, fresh)
