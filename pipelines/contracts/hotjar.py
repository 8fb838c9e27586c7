"""Hotjar's survey responses as CSV: where and on what it was answered, then a column per question.

Visitors are anonymous unless the site tells Hotjar who they are. The file doesn't state its zone.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Answers, Timestamp, column, export, labels

TEST_HOST = r"(?i)^(https?://)?(localhost|127\.0\.0\.1|(staging|stage|test|dev|qa|preview)[.-])"


@export(
    "hotjar",
    "responses",
    files=("*.csv",),
    key=("response_id",),
    delivery="window",
    reader="hotjar",
    zone="file",
    known=labels(
        """
        Number, User, Country, Region, City, Browser, OS, Resolution, Hotjar User ID,
        Response URL, Name, Sentiment
        """
    ),
    excluded={"test_host": pl.col("source_url").str.contains(TEST_HOST)},
)
class HotjarResponses(pa.DataFrameModel):
    """One row per response, its answers inside it."""

    response_id: str = pa.Field(nullable=False)
    submitted_at: Timestamp = column("Date Submitted", nullable=False)
    source_url: str = column("Source URL", nullable=True)
    device: str = column("Device", required=False)
    email_pseudonym: str = column("Email", required=False, personal="email")
    external_reference: str = column(
        "User ID", "user_id", "customer_id", required=False, personal="email_if_address"
    )
    case_number: str = column("case_number", "CaseNumber", required=False)
    survey: str = pa.Field(nullable=False)
    answers: Answers = pa.Field(nullable=False)  # type: ignore[valid-type]
    questions: str = pa.Field(nullable=False)
