"""Salesforce's report exports: `report<milliseconds>.csv`, tabular, with labels for headers.

Their times are in the running user's zone and locale, which `sources.toml` declares. They name
cases by number: ids come with 15 characters or not at all.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Money, Timestamp, column, export


@export(
    "salesforce",
    "case_report",
    files=("report[0-9]*.csv",),
    key=("case_number",),
    delivery="window",
    reader="salesforce_report",
    zone="file",
    known=("Account Name", "Contact Name", "Case Owner", "Case ID"),
)
class SalesforceCaseReport(pa.DataFrameModel):
    """One row per case that a report shows, and delivery."""

    case_number: str = column("Case Number", nullable=False)
    contact_email_pseudonym: str = column("Contact Email", required=False, personal="email")
    date_time_opened: Timestamp = column("Date/Time Opened", nullable=False)
    date_time_closed: Timestamp = column("Date/Time Closed", required=False)
    status: str = column("Status", required=False)
    age_hours: Money = column("Age (Hours)", required=False, ge=0)
    csat_score: int = column("CSAT Score", required=False)

    @pa.dataframe_check(name="closed_after_opened")
    def closed_after_opened(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """A case can't be closed before it was opened."""
        return data.lazyframe.select(
            pl.col("date_time_closed").is_null()
            | (pl.col("date_time_closed") >= pl.col("date_time_opened"))
        )
