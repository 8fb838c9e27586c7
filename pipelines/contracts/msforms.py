"""Microsoft Forms' responses, a workbook or CSV: columns of its own, then one per question.

Times are in the zone of whoever exported, which the file doesn't state, nor does a CSV file say
whether the month or the day comes first: both are declared.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Answers, Timestamp, column, export, labels


@export(
    "msforms",
    "responses",
    files=("*.csv",),
    key=("response_id",),
    modified="completed_at",
    delivery="window",
    reader="msforms",
    timestamp_formats=(
        "%m/%d/%y %H:%M:%S",
        "%m/%d/%Y %H:%M:%S",
        "%m/%d/%Y %I:%M:%S %p",
        "%m/%d/%y %H:%M",
        "%Y-%m-%d %H:%M:%S",
    ),
    zone="file",
    known=labels("Name, Total points, Quiz feedback, Grade posted time, Last modified time"),
)
class MsformsResponses(pa.DataFrameModel):
    """One row per response, its answers inside it."""

    response_id: str = pa.Field(nullable=False)
    number: int = column("ID", nullable=False, ge=1)
    started_at: Timestamp = column("Start time", nullable=False)
    completed_at: Timestamp = column("Completion time", nullable=False)
    email_pseudonym: str = column("Email", required=False, personal="email")
    external_reference: str = column(
        "Customer ID", "customer_id", required=False, personal="email_if_address"
    )
    case_number: str = column("Case number", "CaseNumber", required=False)
    language: str = column("Language", required=False)
    survey: str = pa.Field(nullable=False)
    answers: Answers = pa.Field(nullable=False)  # type: ignore[valid-type]
    questions: str = pa.Field(nullable=False)

    @pa.dataframe_check(name="ended_after_it_started")
    def ended_after_it_started(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """A response can't end before it starts."""
        return data.lazyframe.select(pl.col("completed_at") >= pl.col("started_at"))
