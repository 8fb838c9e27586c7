"""Intercom's conversations as CSV; the headers of the times state their zone.

Nobody is asked by Intercom whether it was any good: the survey tool does that.
"""

from pathlib import Path

import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, choice, header_line, moment
from pipelines.demo.company import Company
from pipelines.demo.references import account_reference, contact_reference, ticket_id
from pipelines.demo.tickets import ZONE, requester, tickets_of
from pipelines.demo.windows import WindowFile, deliver_windows

SOURCE = "intercom"

_STATES = ("Open", "Open", "Closed")
_CHANNELS = ("Email", "Phone call", "Web", "Chat")
_PRIORITIES = ("Not priority", "Not priority", "Priority")


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the desk's deliveries; arguments as for `salesforce.deliver`."""
    conversations = WindowFile(
        "conversations",
        lambda day: f"conversations_{day}.csv",
        tickets_of(company, SOURCE),
        _LAYOUT,
        {
            "Conversation ID": pl.col("invented"),
            "User email": None,
            "User ID": None,
            "User participant emails": None,
            "Company ID": None,
        },
        header_line(_LAYOUT),
    )
    deliver_windows(landing, company.calendar, SOURCE, [conversations], each, seed, ledger)


def zoned(header: str) -> str:
    """The header of a time."""
    return f"{header} ({ZONE})"


def _since_start(moment: str) -> pl.Expr:
    return pl.col(moment) - pl.col("created")


_LAYOUT: Layout = {
    "Conversation ID": ticket_id(SOURCE),
    zoned("Conversation started at"): moment("created", zone=ZONE),
    zoned("Conversation created at"): moment("created", zone=ZONE),
    zoned("Conversation updated at"): moment("updated", zone=ZONE),
    zoned("Conversation first replied at"): moment("first_reply", zone=ZONE),
    zoned("Conversation first closed at"): moment("closed", zone=ZONE),
    zoned("Conversation last closed at"): moment("closed", zone=ZONE),
    zoned("First assignment at"): moment("first_assigned", zone=ZONE),
    "Current conversation state": choice(_STATES, "status"),
    "Channel": choice(_CHANNELS, "origin"),
    "Conversation source": "Customer initiated",
    "Conversation priority": choice(_PRIORITIES, "priority"),
    "Ticket type": choice(names.CASE_TYPES, "kind"),
    "Title": choice(names.CASE_SUBJECTS, "subject"),
    "Team currently assigned": pl.col("team"),
    "Teammate currently assigned": None,
    "First closed by teammate": None,
    "Last teammate rated": None,
    "Last teammate rating": None,
    "Last teammate rating remark": None,
    "First response time (seconds)": _since_start("first_reply"),
    "First response time, only within office hours (seconds)": None,
    "Time to close (seconds)": _since_start("closed"),
    "AI Issue summary": None,
    "User name": requester(),
    "User email": pl.col("email"),
    "User ID": pl.when("is_named").then(contact_reference()),
    "User participant emails": pl.col("email"),
    "Company name": None,
    "Company ID": pl.when("is_named").then(account_reference()),
}
