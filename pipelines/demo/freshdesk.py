"""Freshdesk's tickets as CSV, in the account's zone.

Nobody is asked by Freshdesk whether it was any good: the survey tool does that.
"""

from pathlib import Path

import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, choice, either, header_line
from pipelines.demo.company import Company
from pipelines.demo.periods import DAY
from pipelines.demo.references import contact_reference, ticket_id
from pipelines.demo.service import CLOSED
from pipelines.demo.tickets import ZONE, local, requester, tickets_of
from pipelines.demo.windows import WindowFile, deliver_windows

SOURCE = "freshdesk"
SETTINGS = f"""\
[freshdesk]
time_zone = "{ZONE}"
"""

_STATUSES = ("Open", "Pending", "Closed")
_TYPES = ("Problem", "Question", "Feature Request")
_CHANNELS = ("Email", "Phone", "Portal", "Chat")
_FIRST_CONTACT = 43_000_000_001


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the desk's deliveries; arguments as for `salesforce.deliver`."""
    tickets = WindowFile(
        "tickets",
        lambda day: "tickets.csv",
        tickets_of(company, SOURCE),
        _LAYOUT,
        {"Ticket ID": pl.col("invented"), "Email": None, "Unique external ID": None},
        header_line(_LAYOUT),
    )
    deliver_windows(landing, company.calendar, SOURCE, [tickets], each, seed, ledger)


def _hours(moment: str) -> pl.Expr:
    """The time since the ticket was opened, as hours, minutes and seconds."""
    seconds = pl.col(moment) - pl.col("created")
    return pl.format(
        "{}:{}:{}",
        (seconds // 3600).cast(pl.String).str.zfill(2),
        (seconds // 60 % 60).cast(pl.String).str.zfill(2),
        (seconds % 60).cast(pl.String).str.zfill(2),
    )


_IS_CLOSED = pl.col("status") == CLOSED
_LAYOUT: Layout = {
    "Ticket ID": ticket_id(SOURCE),
    "Subject": choice(names.CASE_SUBJECTS, "subject"),
    "Status": choice(_STATUSES, "status"),
    "Priority": choice(names.CASE_PRIORITIES, "priority"),
    "Source": choice(_CHANNELS, "origin"),
    "Type": choice(_TYPES, "kind"),
    "Agent": "Ana Ruiz",
    "Group": pl.col("team"),
    "Created time": local("created"),
    "Due by Time": local(pl.col("created") + DAY),
    "Resolved time": local("closed"),
    "Closed time": local("closed"),
    "Last update time": local("updated"),
    "Initial response time": local("first_reply"),
    "Time tracked": "00:00:00",
    "First response time (in hrs)": _hours("first_reply"),
    "Resolution time (in hrs)": _hours("closed"),
    "Agent interactions": pl.col("replies"),
    "Customer interactions": pl.col("reopens") + 1,
    "Resolution status": either(
        _IS_CLOSED,
        either(pl.col("closed") <= pl.col("created") + DAY, "Within SLA", "SLA Violated"),
        None,
    ),
    "First response status": None,
    "Tags": choice(names.CASE_REASONS, "reason").str.to_lowercase(),
    "Survey results": None,
    "Product": "Acme Cloud",
    "Full name": requester(),
    "Email": pl.col("email"),
    "Contact ID": pl.col("person") + _FIRST_CONTACT,
    "Unique external ID": pl.when("is_named").then(contact_reference()),
}
