"""SurveyMonkey's "all responses data" as CSV: two header rows, condensed or expanded columns.

Times are in the account's zone, which the file doesn't state,
nor whether the month or the day comes first: both are declared.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Answers, Timestamp, column, export, labels


@export(
    "surveymonkey",
    "responses",
    files=("*.csv", "*.tsv"),
    key=("response_id",),
    modified="ended_at",
    delivery="window",
    reader="surveymonkey",
    timestamp_formats=(
        "%m/%d/%Y %I:%M:%S %p",
        "%m/%d/%Y %H:%M:%S",
        "%Y-%m-%d %H:%M:%S",
        "%m/%d/%y %H:%M",
        "%m/%d/%Y %H:%M",
    ),
    zone="file",
    known=labels("IP Address, First Name, Last Name"),
)
class SurveymonkeyResponses(pa.DataFrameModel):
    """One row per response, its answers inside it."""

    response_id: str = column("Respondent ID", "RespondentID", nullable=False, str_matches=r"^\d+$")
    collector_id: str = column("Collector ID", "CollectorID", required=False)
    started_at: Timestamp = column("Start Date", "StartDate", nullable=False)
    ended_at: Timestamp = column("End Date", "EndDate", nullable=False)
    email_pseudonym: str = column("Email Address", required=False, personal="email")
    external_reference: str = column(
        "Custom Data 1", "Custom Data", required=False, personal="email_if_address"
    )
    case_number: str = column("CaseNumber", "Case Number", required=False)
    survey: str = pa.Field(nullable=False)
    answers: Answers = pa.Field(nullable=False)  # type: ignore[valid-type]
    questions: str = pa.Field(nullable=False)

    @pa.dataframe_check(name="ended_after_it_started")
    def ended_after_it_started(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """A response can't end before it starts."""
        return data.lazyframe.select(pl.col("ended_at") >= pl.col("started_at"))
