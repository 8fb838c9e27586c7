"""Zendesk's tickets as JSON lines, in UTC.

Nobody is asked by Zendesk whether it was any good: the survey tool does that.
"""

from functools import partial
from pathlib import Path

import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, choice, moment, write_json_lines
from pipelines.demo.company import Company
from pipelines.demo.periods import DAY
from pipelines.demo.references import account_reference, contact_reference, ticket_id
from pipelines.demo.service import QUEUE, WORKING
from pipelines.demo.tickets import requester, tickets_of
from pipelines.demo.windows import WindowFile, deliver_windows, save_text

SOURCE = "zendesk"
FORM = "%Y-%m-%dT%H:%M:%SZ"

_STATUSES = ("new", "open", "solved")
_TYPES = ("problem", "question", "task")
_CHANNELS = ("email", "voice", "web", "chat")
_PRIORITIES = ("low", "normal", "high")
_FIRST_USER, _FIRST_AGENT = 9_001_002_003_001, 9_001_009_000_001


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the desk's deliveries; arguments as for `salesforce.deliver`."""
    tickets = WindowFile(
        "tickets",
        lambda day: f"export-{day}-2315-tickets.json",
        tickets_of(company, SOURCE),
        _LAYOUT,
        {
            "id": pl.col("invented"),
            "requester.id": None,
            "requester.email": None,
            "requester.external_id": None,
            "organization.external_id": None,
        },
        b"",
        save=partial(save_text, write=write_json_lines),
    )
    deliver_windows(landing, company.calendar, SOURCE, [tickets], each, seed, ledger)


def _minutes(moment: str) -> pl.Expr:
    return (pl.col(moment) - pl.col("created")) // 60


_SUBJECT = choice(names.CASE_SUBJECTS, "subject")
_LAYOUT: Layout = {
    "url": pl.format("https://acme.zendesk.com/api/v2/tickets/{}.json", ticket_id(SOURCE)),
    "id": ticket_id(SOURCE),
    "external_id": None,
    "via.channel": choice(_CHANNELS, "origin"),
    "created_at": moment("created", FORM),
    "updated_at": moment("updated", FORM),
    "type": choice(_TYPES, "kind"),
    "subject": _SUBJECT,
    "raw_subject": _SUBJECT,
    "priority": choice(_PRIORITIES, "priority"),
    "status": choice(_STATUSES, "status"),
    "recipient": None,
    "requester.id": pl.col("person") + _FIRST_USER,
    "requester.name": requester(),
    "requester.email": pl.col("email"),
    "requester.external_id": pl.when("is_named").then(contact_reference()),
    "submitter_id": pl.col("person") + _FIRST_USER,
    "assignee.id": pl.when(pl.col("owner") != QUEUE).then(pl.col("owner") + _FIRST_AGENT),
    "group.name": pl.col("team"),
    "organization.external_id": pl.when("is_named").then(account_reference()),
    "satisfaction_rating.score": "unoffered",
    "tags": pl.concat_list(choice(names.CASE_REASONS, "reason").str.to_lowercase()),
    "is_public": pl.lit(True),
    "metric_set.reopens": pl.col("reopens"),
    "metric_set.replies": pl.col("replies"),
    "metric_set.group_stations": (pl.col("status") >= WORKING).cast(pl.Int64),
    "metric_set.assignee_stations": pl.col("stations"),
    "metric_set.initially_assigned_at": moment("first_assigned", FORM),
    "metric_set.solved_at": moment("closed", FORM),
    # Without a schedule Zendesk counts all hours as business hours.
    "metric_set.reply_time_in_minutes.calendar": _minutes("first_reply"),
    "metric_set.reply_time_in_minutes.business": _minutes("first_reply"),
    "metric_set.full_resolution_time_in_minutes.calendar": _minutes("closed"),
    "metric_set.full_resolution_time_in_minutes.business": _minutes("closed"),
    "due_at": moment(pl.col("created") + DAY, FORM),
}
