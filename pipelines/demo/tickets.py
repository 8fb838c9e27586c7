"""Cases as the service desks beside the CRM export them: a window of those that changed.

Belongs here: what such a desk knows of a case at a month's end. Does not belong here: a vendor's
words and columns (`zendesk.py`, …).
"""

import numpy as np
import polars as pl

from pipelines.demo import names
from pipelines.demo.cells import choice, moment
from pipelines.demo.company import Company
from pipelines.demo.service import CLOSED, NEW, QUEUE, WORKING

ZONE = "America/Bogota"
"""The zone of the exports whose times are local: its clocks never change, and no time is shown
twice."""

ADDRESS_ONLY_EVERY = 33
"""Each so manieth ticket names its requester by address alone, as the CRM's cases do."""

_FACTS = (
    "customer", "person", "created", "kind", "origin", "priority", "subject", "reason", "crm",
)  # fmt: skip


def local(seconds: str | pl.Expr) -> pl.Expr:
    """Seconds since 1970 as these exports write a time."""
    return moment(seconds, zone=ZONE)


def tickets_of(company: Company, desk: str) -> pl.DataFrame:
    """A desk's tickets: one row per case and month in which it changed, by month and case.

    Columns: case, what was drawn of it (customer, person, created, kind, origin, priority, subject,
    reason, crm), delivery (the month), updated, status, owner (`QUEUE` for nobody), team (its
    name), replies, reopens, stations (how many agents had it), first_reply, first_assigned,
    closed (NULL while open), email, first, last (the person's), is_named (otherwise known by the
    address alone).
    """
    cases, calendar = company.cases, company.calendar
    owned = cases.filter(pl.col("desk") == desk).select("case")
    events = company.case_events.select("case", "moment", "status", "owner")
    replies = company.correspondence.replies.select("case", "moment").with_columns(is_reply=True)
    owner, status, is_reply = pl.col("owner"), pl.col("status"), pl.col("is_reply")
    moment, last_owner = pl.col("moment"), pl.col("owner").shift(1).over("case")
    is_assigned = (owner != QUEUE) & (owner != last_owner).fill_null(True)
    is_reopened = (status == WORKING) & (status.shift(1).over("case") == CLOSED)
    steps = (
        pl.concat([events, replies], how="diagonal")
        .join(owned, on="case", how="semi")
        # A reply of the moment in which an agent took the case comes after that.
        .sort("case", "moment", is_reply.fill_null(False))
        .with_columns(
            owner.forward_fill().over("case"),
            status.forward_fill().over("case"),
            is_reply.fill_null(False),
        )
        .with_columns(is_assigned.alias("is_assigned"), is_reopened.fill_null(False).alias("again"))
        .with_columns(
            is_reply.cum_sum().over("case").cast(pl.Int64).alias("replies"),
            pl.col("again").cum_sum().over("case").cast(pl.Int64).alias("reopens"),
            pl.col("is_assigned").cum_sum().over("case").cast(pl.Int64).alias("stations"),
            _first(is_reply).alias("first_reply"),
            _first(pl.col("is_assigned")).alias("first_assigned"),
            pl.when((status == CLOSED) & ~is_reply)
            .then(moment)
            .forward_fill()
            .over("case")
            .alias("closed"),
        )
    )
    tickets = (
        steps.with_columns(
            pl.Series("delivery", calendar.delivery_of(steps["moment"].to_numpy())),
            pl.when(status == CLOSED).then("closed").alias("closed"),
            moment.alias("updated"),
        )
        .unique(["case", "delivery"], keep="last", maintain_order=True)
        .sort("delivery", "case")
        .drop("moment", "is_reply", "is_assigned", "again")
        .with_columns(pl.lit(cases[each]).gather(pl.col("case")).alias(each) for each in _FACTS)
        .with_columns(company.of_people("email", "first", "last"))
    )
    agent = np.maximum(tickets["owner"].to_numpy(), 0)
    team = company.staff.team_of(agent, tickets["updated"].to_numpy())
    return tickets.with_columns(pl.Series("team", team % len(names.TEAM_NAMES))).with_columns(
        pl.when(status != NEW).then(choice(names.TEAM_NAMES, "team")).alias("team"),
        (pl.col("case") % ADDRESS_ONLY_EVERY != 0).alias("is_named"),
    )


def _first(condition: pl.Expr) -> pl.Expr:
    """The first moment of a case at which something held, from that moment on."""
    return pl.when(condition).then("moment").cum_min().forward_fill().over("case")


def requester() -> pl.Expr:
    """The requester's full name, over the columns first and last."""
    return pl.concat_str(
        choice(names.FIRST_NAMES, "first"), pl.lit(" "), choice(names.LAST_NAMES, "last")
    )
