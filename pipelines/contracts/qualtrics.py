"""Qualtrics responses as CSV, three header rows (once two) and a row per response, or as JSON.

System columns are matched by the ImportId, in a CSV that of header row 3, so that neither the
exporting user's language nor the order of columns matters. Question columns differ from survey to
survey; the reader (`exports/qualtrics.py`) folds them into `answers`.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Answers, Timestamp, column, export

PREVIEW, TEST, SPAM, SYNTHETIC = 1, 2, 8, 256


def _has(bit: int) -> pl.Expr:
    """Whether a response's status has a bit; below zero all would be set, and it's no status."""
    return (pl.col("status") >= 0) & (pl.col("status") & bit != 0)


@export(
    "qualtrics",
    "responses",
    files=("*.csv", "*.tsv", "*.json"),
    key=("response_id",),
    modified="recorded_date",
    delivery="window",
    reader="qualtrics",
    zone="file",
    nulls=("-99",),
    known=(
        "ipAddress",
        "recipientLastName",
        "recipientFirstName",
        "locationLatitude",
        "locationLongitude",
        # In files of older layouts.
        "panel-RecipientLastName",
        "panel-RecipientFirstName",
        "Name",
        "ResponseSet",
        "LocationAccuracy",
    ),
    excluded={
        "preview": _has(PREVIEW) | (pl.col("distribution_channel") == "preview"),
        "test": _has(TEST),
        "spam": _has(SPAM),
        "synthetic": _has(SYNTHETIC),
    },
)
class QualtricsResponses(pa.DataFrameModel):
    """One row per response, its answers inside it."""

    response_id: str = column("_recordId", "ResponseId", nullable=False, str_matches=r"^R_\w+$")
    start_date: Timestamp = column("startDate", nullable=False)
    end_date: Timestamp = column("endDate", nullable=False)
    recorded_date: Timestamp = column("recordedDate", nullable=False)
    status: int = column("status", nullable=False, ge=0)
    progress: int = column("progress", required=False, ge=0, le=100)
    duration_seconds: int = column("duration", required=False, ge=0)
    finished: bool = column("finished", nullable=False)
    recipient_email_pseudonym: str = column(
        "recipientEmail", "panel-RecipientEmail", "EmailAddress", required=False, personal="email"
    )
    external_data_reference: str = column(
        "externalDataReference", required=False, personal="email_if_address"
    )
    distribution_channel: str = column("distributionChannel", required=False)
    user_language: str = column("userLanguage", required=False)
    case_number: str = column("CaseNumber", required=False)
    survey: str = pa.Field(nullable=False)
    answers: Answers = pa.Field(nullable=False)  # type: ignore[valid-type]
    questions: str = pa.Field(nullable=False)

    @pa.dataframe_check(name="ended_after_it_started")
    def ended_after_it_started(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """A response can't end before it starts."""
        return data.lazyframe.select(pl.col("end_date") >= pl.col("start_date"))
