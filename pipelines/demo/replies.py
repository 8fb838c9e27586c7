"""What is written about cases: agents' public replies, and all that must not be taken for one."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.demo.periods import DAY, HOUR, NEVER, Calendar, draws
from pipelines.demo.service import CLOSED, QUEUE, WORKING

ANSWERED_SHARES = (0.98, 0.60, 0.98, 0.90)
"""Cases that get a written reply, by origin: who calls is often told what to do there and then."""

FURTHER_REPLIES = 0.5
BY_EMAIL_SHARE = 0.65
COPIED_SHARE = 0.15
"""Replies by e-mail that an automation copies into a comment."""

PURGED_SHARE = 0.02
KEPT_FOR = 200 * DAY
"""How long purged e-mails were kept: longer than from one delivery to the next."""

INTERNAL_SHARE, TAKEN_BACK_SHARE, DRAFT_SHARE, FOLLOW_UP_SHARE = 0.25, 0.03, 0.03, 0.15
SALES_EMAILS_A_CUSTOMER = 0.05

READ, REPLIED, SENT, DRAFT = 1, 2, 3, 5
"""The CRM's codes for an e-mail's status."""

BY_EMAIL = 0
"""The origin of cases that came by e-mail."""


@dataclass(frozen=True)
class Correspondence:
    """What is written about cases.

    Attributes:
        replies: one row per public reply of an agent, by case and time: case, moment, author.
        comments: one row per comment and state: comment, case, author, created, since, until,
            is_published, is_deleted.
        emails: one row per e-mail and state: email, case (NULL for sales), author, sent, created,
            since, until, is_incoming, status.
    """

    replies: pl.DataFrame
    comments: pl.DataFrame
    emails: pl.DataFrame


def draw_correspondence(
    cases: pl.DataFrame, events: pl.DataFrame, customers: int, calendar: Calendar, seed: int
) -> Correspondence:
    """What is written about cases up to the calendar's end.

    An agent starts to work on a case with the first reply, where there is one: so that it is the
    time to this reply that moves the rating. Internal notes, drafts and comments that were taken
    back come before it.

    Args:
        cases: see `service.draw_cases`.
        events: what happened to them.
        customers: how many there are.
        calendar: the months.
        seed: what the draws begin with.
    """
    random = draws(seed, "case replies")
    count = cases.height
    created, touched, closed, owner, origin = (
        cases[name].to_numpy() for name in ("created", "touched", "closed", "owner", "origin")
    )
    is_answered = random.random(count) < np.array(ANSWERED_SHARES)[origin]
    answered = np.flatnonzero(is_answered)
    again = np.repeat(answered, random.poisson(FURTHER_REPLIES, len(answered)))
    later = touched[again] + 1 + random.integers(0, closed[again] - touched[again])
    replies = (
        pl.DataFrame(
            {
                "case": np.concatenate([answered, again]),
                "moment": np.concatenate([touched[answered], later]),
            }
        )
        # E-mails are recorded up to a second after they were sent.
        .filter(pl.col("moment") + 1 < calendar.end)
        .sort("case", "moment")
        .filter((pl.col("moment").diff().over("case") > 1).fill_null(True))
        .sort("moment", "case")
        .join_asof(
            events.select("case", "moment", pl.col("owner").alias("author")).sort("moment", "case"),
            on="moment",
            by="case",
            check_sortedness=False,
        )
        .sort("case", "moment")
    )
    moment, author = replies["moment"].to_numpy(), replies["author"].to_numpy()
    case = replies["case"].to_numpy()
    is_email = random.random(replies.height) < BY_EMAIL_SHARE
    is_copied = is_email & (random.random(replies.height) < COPIED_SHARE)
    is_purged = random.random(replies.height) < PURGED_SHARE
    recorded = moment + random.integers(0, 2, replies.height)

    def before_the_first_reply(share: float) -> pl.DataFrame:
        at = np.flatnonzero(random.random(count) < share)
        moments = created[at] + random.integers(0, touched[at] - created[at])
        return pl.DataFrame({"case": at, "author": owner[at], "created": moments})

    published = [
        pl.DataFrame({"case": case, "author": author, "created": moments}).filter(pl.Series(some))
        for moments, some in ((moment, ~is_email), (recorded, is_copied))
    ]
    internal = before_the_first_reply(INTERNAL_SHARE).with_columns(is_published=False)
    taken_back = before_the_first_reply(TAKEN_BACK_SHARE)
    gone = taken_back["created"].to_numpy() + random.integers(HOUR, 2 * DAY, taken_back.height)
    taken_back = taken_back.with_columns(until=gone).filter(pl.col("until") < calendar.end)
    comments = _numbered("comment", [taken_back, *published, internal], calendar).with_columns(
        pl.col("is_published").fill_null(True), is_deleted=False
    )
    tombstones = comments.filter(pl.col("until") < NEVER).with_columns(
        pl.col("until").alias("since"), pl.lit(NEVER).alias("until"), is_deleted=True
    )

    sent = pl.DataFrame(
        {
            "case": case,
            "author": author,
            "sent": moment,
            "created": recorded,
            "until": np.where(is_purged, recorded + KEPT_FOR, NEVER),
        }
    ).filter(pl.Series(is_email))
    drafts = before_the_first_reply(DRAFT_SHARE).with_columns(
        pl.col("created").alias("sent"), status=DRAFT
    )
    opening = np.flatnonzero(origin == BY_EMAIL)
    openings = pl.DataFrame(
        {
            "case": opening,
            "author": owner[opening],
            "sent": created[opening] - random.integers(1, 30, len(opening)),
            "created": created[opening],
        }
    ).with_columns(is_incoming=True, status=REPLIED)
    asking = np.flatnonzero(random.random(count) < FOLLOW_UP_SHARE)
    asked = touched[asking] + random.integers(0, closed[asking] - touched[asking])
    follow_ups = pl.DataFrame(
        {"case": asking, "author": owner[asking], "sent": asked, "created": asked + 1}
    ).with_columns(is_incoming=True, status=READ)
    sold = calendar.start + random.integers(
        0, calendar.end - calendar.start, 1 + int(customers * SALES_EMAILS_A_CUSTOMER)
    )
    sales = pl.DataFrame({"author": np.zeros_like(sold), "sent": sold, "created": sold})
    emails = _numbered("email", [sent, drafts, openings, follow_ups, sales], calendar)
    return Correspondence(
        replies,
        pl.concat([comments, tombstones]).sort("comment", "since"),
        emails.with_columns(
            pl.col("is_incoming").fill_null(False), pl.col("status").fill_null(SENT)
        ),
    )


def _numbered(what: str, parts: list[pl.DataFrame], calendar: Calendar) -> pl.DataFrame:
    """What was recorded by the calendar's end, by time, each with its first and last moment."""
    return (
        pl.concat(parts, how="diagonal_relaxed")
        .filter(pl.col("created") < calendar.end)
        .sort("created", maintain_order=True)
        .with_columns(
            pl.int_range(pl.len()).alias(what),
            pl.col("created").alias("since"),
            pl.col("until").fill_null(NEVER),
        )
    )


def first_contacts(events: pl.DataFrame, replies: pl.DataFrame) -> pl.DataFrame:
    """What became of each case by the end: case, replies, is_closed, is_direct.

    Direct is a case that was neither reopened nor handed from one agent to another.
    """
    owner, status = pl.col("owner"), pl.col("status")
    last_owner, last_status = (each.shift(1).over("case") for each in (owner, status))
    is_transfer = (owner != last_owner) & (owner != QUEUE) & (last_owner != QUEUE)
    is_reopening = (status == WORKING) & (last_status == CLOSED)
    cases = (
        events.with_columns((is_transfer | is_reopening).fill_null(False).alias("is_detour"))
        .group_by("case", maintain_order=True)
        .agg(
            (status.last() == CLOSED).alias("is_closed"),
            (~pl.col("is_detour").any()).alias("is_direct"),
        )
    )
    counted = replies.group_by("case").agg(pl.len().alias("replies"))
    return cases.join(counted, on="case", how="left").with_columns(pl.col("replies").fill_null(0))
