"""Google Forms' responses as CSV: a timestamp, perhaps the address, a column per question.

Timestamps end in an abbreviation of the form's zone. Abbreviations mean several zones and change
with the user's language, so the zone has to be set.
"""

import pandera.polars as pa

from pipelines.contracts.contract import Answers, Timestamp, column, export


@export(
    "googleforms",
    "responses",
    files=("*.csv",),
    key=("response_id",),
    delivery="window",
    reader="googleforms",
    timestamp_formats=(
        "%Y/%m/%d %I:%M:%S %p",
        "%Y/%m/%d %H:%M:%S",
        "%Y-%m-%d %H:%M:%S",
        "%m/%d/%Y %H:%M:%S",
    ),
    zone="file",
    known=("Score",),
)
class GoogleformsResponses(pa.DataFrameModel):
    """One row per response, its answers inside it."""

    response_id: str = pa.Field(nullable=False)
    submitted_at: Timestamp = column("Timestamp", nullable=False)
    email_pseudonym: str = column(
        "Username", "Email Address", "Email", required=False, personal="email"
    )
    external_reference: str = column(
        "Customer ID", "customer_id", required=False, personal="email_if_address"
    )
    case_number: str = column("Case number", "CaseNumber", required=False)
    survey: str = pa.Field(nullable=False)
    answers: Answers = pa.Field(nullable=False)  # type: ignore[valid-type]
    questions: str = pa.Field(nullable=False)
