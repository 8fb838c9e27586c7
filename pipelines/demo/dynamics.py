"""Dynamics 365's static worksheets of accounts, contacts and cases: those that a month changed.

Times are those of whoever exports. Records name what they belong to and give no id of it, so that
no two accounts are called alike. No deal is in any of the three worksheets.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import WRITTEN_AT, Ledger
from pipelines.demo.cells import Block, Layout, choice, clock, code, either
from pipelines.demo.company import Company
from pipelines.demo.crm import companies_of, company_name, people_of
from pipelines.demo.periods import DAY
from pipelines.demo.references import (
    dynamics_account_id,
    dynamics_case_id,
    dynamics_case_number,
    dynamics_contact_id,
)
from pipelines.demo.salesforce import full_name
from pipelines.demo.tickets import ZONE, tickets_of
from pipelines.demo.windows import WindowFile, deliver_windows
from pipelines.demo.worksheet import save_worksheet

SOURCE = "dynamics"
SETTINGS = f"""\
[dynamics]
time_zone = "{ZONE}"
"""

MODIFIED = "(Do Not Modify) Modified On"

_STATUSES = ("Active", "Active", "Resolved")
_STATUS_REASONS = ("Waiting for Details", "In Progress", "Problem Solved")
_PRIORITIES = ("Low", "Normal", "High")
_ORIGINS = ("Email", "Phone", "Web", "Chat")
_OWNER = "Ana Ruiz"


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the CRM's deliveries; arguments as for `salesforce.deliver`."""
    files = [_accounts(company), _contacts(company), _cases(company)]
    deliver_windows(landing, company.calendar, SOURCE, files, each, seed, ledger)


def _file(entity: str, view: str, rows: pl.DataFrame, layout: Layout, fresh: Layout) -> WindowFile:
    def name(day: date) -> str:
        return f"{view} {day:%d-%m-%Y} {WRITTEN_AT:%H-%M-%S}.xlsx"

    def save(path: Path, header: bytes, blocks: Sequence[Block]) -> None:
        save_worksheet(path, entity, list(layout), blocks)

    return WindowFile(f"{entity.lower()}s", name, rows, layout, fresh, b"", save=save)


def _hidden(entity: str, key: pl.Expr, number: str, modified: str) -> dict[str, pl.Expr]:
    """The columns that Excel hides."""
    return {
        f"(Do Not Modify) {entity}": key,
        "(Do Not Modify) Row Checksum": pl.format("{}==", code("", number)),
        MODIFIED: _local(modified),
    }


def _local(seconds: str | pl.Expr) -> pl.Expr:
    return clock(seconds, ZONE)


def _account_name() -> pl.Expr:
    return pl.format("{} {}", company_name("customer"), pl.col("customer") + 1)


def _accounts(company: Company) -> WindowFile:
    layout: Layout = {
        **_hidden("Account", dynamics_account_id("customer"), "customer", "since"),
        "Account Name": _account_name(),
        "Main Phone": "+1 555 0100",
        "Address 1: City": choice(names.CITIES, "country"),
        "Address 1: Country/Region": choice(names.COUNTRY_CODES, "country"),
        "Industry": choice(names.INDUSTRIES, pl.col("customer") % len(names.INDUSTRIES)),
        "Segment": choice(names.SEGMENTS, "segment"),
        "Created On": _local("created"),
        "Owner": _OWNER,
    }
    fresh: Layout = {
        "(Do Not Modify) Account": dynamics_account_id("invented"),
        "Account Name": pl.format("Nobody Ltd {}", pl.col("invented")),
    }
    return _file("Account", "All Accounts", companies_of(company, SOURCE), layout, fresh)


def _contacts(company: Company) -> WindowFile:
    layout: Layout = {
        **_hidden("Contact", dynamics_contact_id("person"), "person", "since"),
        "Full Name": full_name(),
        "Email": pl.col("email"),
        "Company Name": _account_name(),
        "Business Phone": pl.format("+1 555 {}", pl.col("person") % 9000 + 1000),
        "Address 1: Country/Region": choice(names.COUNTRY_CODES, "country"),
        "Preferred Method of Contact": either(pl.col("is_out"), "Phone", "Any"),
        "Created On": _local("created"),
    }
    fresh: Layout = {
        "(Do Not Modify) Contact": dynamics_contact_id("invented"),
        "Email": None,
        "Company Name": None,
    }
    return _file("Contact", "Active Contacts", people_of(company, SOURCE), layout, fresh)


def _cases(company: Company) -> WindowFile:
    is_known = pl.col("is_named") & (pl.col("crm") == SOURCE).fill_null(False)
    layout: Layout = {
        **_hidden("Case", dynamics_case_id("case"), "case", "updated"),
        "Case Title": choice(names.CASE_SUBJECTS, "subject"),
        "Case Number": dynamics_case_number(),
        "Status": choice(_STATUSES, "status"),
        "Status Reason": choice(_STATUS_REASONS, "status"),
        "Priority": choice(_PRIORITIES, "priority"),
        "Origin": choice(_ORIGINS, "origin"),
        "Case Type": choice(names.CASE_TYPES, "kind"),
        # The customer of a case is an account, or a person whose address stands beside.
        "Customer": either(is_known, _account_name(), full_name()),
        "Email (Contact) (Contact)": pl.col("email"),
        "Created On": _local("created"),
        "Resolve By": _local(pl.col("created") + DAY),
        "Resolved On": _local("closed"),
        "Owner": _OWNER,
    }
    fresh: Layout = {
        "(Do Not Modify) Case": dynamics_case_id("invented"),
        "Case Number": dynamics_case_number("invented"),
        "Customer": None,
        "Email (Contact) (Contact)": None,
    }
    return _file("Case", "All Cases", tickets_of(company, SOURCE), layout, fresh)
