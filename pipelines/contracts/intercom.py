"""Intercom's dataset export of conversations, a CSV of those of a period.

The headers of its times state their zone, `Updated at (America/New_York)`; where they don't, it is
`time_zone` under `[intercom]` in `sources.toml`. Whoever exports chooses the columns: the times of
the first reply and the last closing, the user's address and ids may be there. Teammates are named,
so that they don't land; the team does. Titles, remarks and summaries are read and not kept.
"""

import pandera.polars as pa

from pipelines.contracts.contract import Timestamp, column, export, labels

_DURATIONS = tuple(
    f"{what}{without}{within} (seconds)"
    for what in (
        "First response time",
        "Handling time",
        "Time from first assignment to close",
        "Time to assignment before first admin reply",
        "Time to close",
        "Time to first close",
    )
    for without in ("", " excluding bot inbox time", " excluding time spent in bot inbox")
    for within in ("", ", within office hours", ", only within office hours")
)


@export(
    "intercom",
    "conversations",
    files=("*conversations*.csv",),
    key=("conversation_id",),
    modified="updated_at",
    delivery="window",
    timestamp_formats=("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"),
    zone="file",
    known=(
        *labels(
            """
            Started by, Conversation source, Conversation created at, Updated at, Title, Topics,
            AI Topic, AI Subtopic, AI Issue summary, Conversation tag, Conversation URL, Source URL,
            Conversation first closed at, First assignment at, Last assignment at,
            Number of reassignments, Replies to close a conversation, Resolved on first contact,
            Teammate currently assigned, Teammate currently assigned ID, Team currently assigned ID,
            Teammate first replied, Teammate replied to, First closed by teammate,
            Last closed by teammate, Last closed by, Last closed by ID, Agent type,
            Last teammate rated, Last teammate rated ID, Agent rated type, Last survey sent,
            Conversation rating remark, Last teammate rating remark, CX Score rating,
            CX Score explanation, Chatbot replied, Last chatbot rated, Last chatbot rating,
            Last chatbot rating remark, Fin AI Agent deflected, Fin AI Agent involved,
            Fin AI Agent last sent answer, Fin AI Agent rating, Fin AI Agent rating remark,
            Fin AI Agent rating updated at, Fin AI Agent resolution state, Fin answer coverage,
            Fin content referenced, Guidance applied, Escalation rules applied, Copilot used,
            Customer reports, Ticket category, Call types, With calls, Call participants,
            User name, User pseudonym, User tag, User type, User participant emails,
            User participant IDs, User participant names, Company name, Company plan, Company size,
            Company tag, Continent, Country
            """
        ),
        *_DURATIONS,
    ),
)
class IntercomConversations(pa.DataFrameModel):
    """One row per conversation and delivery."""

    conversation_id: str = column("Conversation ID", nullable=False, str_matches=r"^\d+$")
    state: str = column("Current conversation state", nullable=False)
    requester_email_pseudonym: str = column("User email", required=False, personal="email")
    requester_external_id: str = column("User ID", required=False, personal="email_if_address")
    organization_external_id: str = column(
        "Company ID", required=False, personal="email_if_address"
    )
    priority: str = column("Conversation priority", required=False)
    channel: str = column("Channel", "Conversation source", required=False)
    ticket_type: str = column("Ticket type", required=False)
    group_name: str = column("Team currently assigned", required=False)
    created_at: Timestamp = column(
        "Conversation started at", "Conversation created at", nullable=False
    )
    updated_at: Timestamp = column("Conversation updated at", "Updated at", nullable=False)
    first_reply_at: Timestamp = column("Conversation first replied at", required=False)
    closed_at: Timestamp = column("Conversation last closed at", required=False)
    rating: int = column("Conversation rating", "Last teammate rating", required=False, ge=1, le=5)
