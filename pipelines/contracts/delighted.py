"""Delighted's responses, CSV or JSON: one score per response, on the scale of its survey type.

Columns of person properties are named by whoever sends them. Another name for one of those below
goes into `sources.toml`; further properties are kept as unknown columns.
"""

import pandera.polars as pa

from pipelines.contracts.contract import Answers, Timestamp, column, export, labels


@export(
    "delighted",
    "responses",
    files=("*.csv", "*.json"),
    key=("response_id",),
    modified="updated_at",
    delivery="window",
    reader="delighted",
    zone="file",
    known=labels(
        """
        Person ID, Name, Comment, Phone Number, Phone, Permalink, Tags, Notes,
        Delighted Device Type, Delighted Browser, Delighted Operating System, Delighted Page URL
        """
    ),
)
class DelightedResponses(pa.DataFrameModel):
    """One row per response, its answers inside it."""

    response_id: str = column("Response ID", "ID", nullable=False, str_matches=r"^\d+$")
    survey: str = column("Survey Type", nullable=False)
    score: str = column("Score")
    created_at: Timestamp = column("Created At", nullable=False)
    updated_at: Timestamp = column("Updated At", required=False)
    email_pseudonym: str = column("Email", "Person Email", required=False, personal="email")
    external_reference: str = column(
        "Customer ID",
        "External Reference",
        "Salesforce ID",
        "Contact ID",
        required=False,
        personal="email_if_address",
    )
    case_number: str = column("Case Number", "CaseNumber", required=False)
    channel: str = column("Delighted Source", required=False)
    language: str = column("Locale", required=False)
    answers: Answers = pa.Field(nullable=False)  # type: ignore[valid-type]
    questions: str = pa.Field(nullable=False)
