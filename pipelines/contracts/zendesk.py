"""Zendesk's tickets: the JSON export (one ticket per line) or the CSV of a view.

Of nested fields the labels are dotted paths. The CSV names a custom field by its title and states
times in the account's zone: `time_zone` under `[zendesk]` in `sources.toml`. Both hold the tickets
of a period. Deleted and merged tickets are kept, marked by status and tag: were they left out here,
what was landed of them earlier would stay.
"""

import pandera.polars as pa

from pipelines.contracts.contract import Timestamp, column, export, labels

ID = r"^\d+$"


@export(
    "zendesk",
    "tickets",
    files=("*tickets*.json", "*tickets*.csv", "export-*.csv"),
    key=("ticket_id",),
    modified="updated_at",
    delivery="window",
    reader="zendesk",
    timestamp_formats=("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f"),
    zone="file",
    nulls=("-",),
    known=(
        *labels(
            """
            Summation column, Requester, Requester domain, Submitter, Assignee, Subject,
            Organization, Due date, Resolution time,
            First resolution time in minutes,
            First resolution time in minutes within business hours, Full resolution time in minutes,
            Agent wait time in minutes, Agent wait time in minutes within business hours,
            Requester wait time in minutes,
            Requester wait time in minutes within business hours,
            On hold time in minutes, On hold time in minutes within business hours
            """
        ),
        *labels(
            """
            url, external_id, via, via.source, via.source.rel, via.source.from, via.source.to,
            via.source.from.address, via.source.from.name, via.source.to.address,
            via.source.to.name, raw_subject, description, recipient, requester, requester.name,
            requester.phone, submitter, submitter.id, submitter.name, submitter.email,
            submitter_id, assignee, assignee.name, assignee.email, group, group.id, group_id,
            organization, organization.name, satisfaction_rating, satisfaction_rating.id,
            satisfaction_rating.comment, satisfaction_rating.reason,
            satisfaction_rating.reason_id, custom_fields, fields, comments, brand_id, is_public,
            allow_channelback, collaborator_ids, follower_ids, email_cc_ids, sharing_agreement_ids,
            followup_ids, has_incidents, problem_id, forum_topic_id, ticket_form_id, due_at,
            generated_timestamp, metric_set, metric_set.assigned_at,
            metric_set.first_resolution_time_in_minutes.calendar,
            metric_set.first_resolution_time_in_minutes.business,
            metric_set.full_resolution_time_in_minutes.calendar,
            metric_set.agent_wait_time_in_minutes.calendar,
            metric_set.agent_wait_time_in_minutes.business,
            metric_set.requester_wait_time_in_minutes.calendar,
            metric_set.requester_wait_time_in_minutes.business,
            metric_set.on_hold_time_in_minutes.calendar,
            metric_set.on_hold_time_in_minutes.business
            """
        ),
        *labels("Assigned at, Group stations, metric_set.group_stations"),
    ),
)
class ZendeskTickets(pa.DataFrameModel):
    """One row per ticket and delivery."""

    ticket_id: str = column("Id", nullable=False, str_matches=ID)
    status: str = column("Status", nullable=False)
    requester_id: str = column("requester.id", "Requester id", "requester_id", required=False)
    requester_external_id: str = column(
        "requester.external_id",
        "Requester external id",
        required=False,
        personal="email_if_address",
    )
    requester_email_pseudonym: str = column(
        "requester.email", "Requester email", required=False, personal="email"
    )
    organization_id: str = column("organization.id", "organization_id", required=False)
    organization_external_id: str = column(
        "organization.external_id", required=False, personal="email_if_address"
    )
    assignee_id: str = column("assignee.id", "assignee_id", required=False)
    group_name: str = column("group.name", "Group", required=False)
    tags: str = column("Tags", required=False)
    priority: str = column("Priority", required=False)
    channel: str = column("via.channel", "Via", required=False)
    ticket_type: str = column("Ticket type", "type", required=False)
    created_at: Timestamp = column("Created at", "created_at", nullable=False)
    updated_at: Timestamp = column("Updated at", "updated_at", nullable=False)
    initially_assigned_at: Timestamp = column(
        "metric_set.initially_assigned_at", "Initially assigned at", required=False
    )
    solved_at: Timestamp = column("metric_set.solved_at", "Solved at", required=False)
    satisfaction_score: str = column(
        "satisfaction_rating.score", "Satisfaction Score", required=False
    )
    assignee_stations: int = column(
        "metric_set.assignee_stations", "Assignee stations", required=False, ge=0
    )
    reopens: int = column("metric_set.reopens", "Reopens", required=False, ge=0)
    replies: int = column("metric_set.replies", "Replies", required=False, ge=0)
    first_reply_minutes: int = column(
        "metric_set.reply_time_in_minutes.calendar",
        "First reply time in minutes",
        required=False,
        ge=0,
    )
    first_reply_business_minutes: int = column(
        "metric_set.reply_time_in_minutes.business",
        "First reply time in minutes within business hours",
        required=False,
        ge=0,
    )
    full_resolution_business_minutes: int = column(
        "metric_set.full_resolution_time_in_minutes.business",
        "Full resolution time in minutes within business hours",
        required=False,
        ge=0,
    )
