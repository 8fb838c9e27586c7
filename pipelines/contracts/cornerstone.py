"""Cornerstone OnDemand's transcript reports: who was to take which training, and how it went.

Dates are in the order of somebody's locale: `date_order` under `[cornerstone]` in `sources.toml`.
Custom reports put the field's table before its label. People are named, and their names don't land.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import column, export

_TABLES = ("", "User - ", "Transcript - ", "Training - ")


def _reported(*labels: str) -> tuple[str, ...]:
    """Labels as a standard report has them, and as custom ones do."""
    return tuple(table + label for label in labels for table in _TABLES)


@export(
    "cornerstone",
    "training_transcript",
    files=("*transcript*.csv",),
    # Who takes a training again has another row of it.
    key=("user_id", "training_object_id", "registered_on", "completed_on", "status"),
    delivery="window",
    reader="cornerstone",
    date_formats=(
        # Years of two digits come first: %Y takes 24 for the year 24.
        "%m/%d/%y",
        "%m/%d/%Y",
        "%m/%d/%y %I:%M %p",
        "%m/%d/%Y %I:%M %p",
        "%m/%d/%y %I:%M:%S %p",
        "%m/%d/%Y %I:%M:%S %p",
        "%m/%d/%y %H:%M",
        "%m/%d/%Y %H:%M",
        "%Y-%m-%d",
    ),
    known=_reported(
        "User Full Name",
        "User Name",
        "User First Name",
        "User Last Name",
        "Manager Full Name",
        "User Manager",
        "Training Type",
        "Training Provider",
        "Training Version",
        "Transcript Assigned Date",
        "Training Start Date",
        "Transcript Due Date",
        "Transcript Score",
        "Training Hours",
        "Credits",
    ),
)
class CornerstoneTrainingTranscript(pa.DataFrameModel):
    """One row per entry of a user's transcript and delivery."""

    user_id: str = column(*_reported("User ID"), nullable=False)
    manager_id: str = column(*_reported("Manager ID", "User Manager ID"), required=False)
    email_pseudonym: str = column(*_reported("User Email", "Email"), personal="email")
    training_object_id: str = column(*_reported("Training Object ID"), nullable=False)
    training_title: str = column(*_reported("Training Title"), nullable=False)
    status: str = column(*_reported("Transcript Status"), nullable=False)
    registered_on: pl.Date = column(*_reported("Transcript Registration Date"), required=False)
    completed_on: pl.Date = column(*_reported("Transcript Completed Date"))

    @pa.dataframe_check(name="completed_on_some_day")
    def completed_on_some_day(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """What is completed was completed on some day."""
        return data.lazyframe.select(
            (pl.col("status").str.to_lowercase() != "completed")
            | pl.col("completed_on").is_not_null()
        )
