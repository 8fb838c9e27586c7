"""Freshdesk's export of tickets, a CSV of those that were chosen by time and filter.

It states times in the account's zone: `time_zone` under `[freshdesk]` in `sources.toml`. Agents are
named and have no id, so that they don't land; their group does. The hours are not read: they are
empty as often as not, and the times beside them say the same.
"""

import pandera.polars as pa

from pipelines.contracts.contract import Timestamp, column, export, labels


@export(
    "freshdesk",
    "tickets",
    files=("*tickets*.csv",),
    key=("ticket_id",),
    modified="updated_at",
    delivery="window",
    timestamp_formats=("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"),
    zone="file",
    known=labels(
        """
        Subject, Description, Agent, Time tracked, First response time (in hrs),
        Resolution time (in hrs), Customer interactions, Resolution status, First response status,
        Tags, Product, Full name, Title, Work phone, Mobile phone, Twitter ID, Time zone, Language,
        Facebook ID, Company, Company Name, Every response status,
        Association type, Internal agent, Internal group, Contact ID
        """
    ),
)
class FreshdeskTickets(pa.DataFrameModel):
    """One row per ticket and delivery."""

    ticket_id: str = column("Ticket ID", nullable=False, str_matches=r"^\d+$")
    status: str = column("Status", nullable=False)
    requester_email_pseudonym: str = column("Email", required=False, personal="email")
    requester_external_id: str = column(
        "Unique external ID", required=False, personal="email_if_address"
    )
    priority: str = column("Priority", required=False)
    channel: str = column("Source", required=False)
    ticket_type: str = column("Type", required=False)
    group_name: str = column("Group", required=False)
    created_at: Timestamp = column("Created time", nullable=False)
    updated_at: Timestamp = column("Last update time", nullable=False)
    due_at: Timestamp = column("Due by Time", required=False)
    first_reply_at: Timestamp = column("Initial response time", required=False)
    resolved_at: Timestamp = column("Resolved time", required=False)
    closed_at: Timestamp = column("Closed time", required=False)
    agent_replies: int = column("Agent interactions", required=False, ge=0)
    satisfaction: str = column("Survey results", "Survey result", required=False)
