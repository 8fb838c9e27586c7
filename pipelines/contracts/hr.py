"""Who is employed: a list from the HR system, under labels that are ours to declare.

HR systems word their reports as each company likes, so that a report is to be made with these
labels, or its own are told under `[hr.labels.employees]` in `sources.toml`. Names are not kept.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import column, export, labels


@export(
    "hr",
    "employees",
    files=("employees*.csv",),
    key=("employee_id",),
    delivery="full",
    # Years of two digits come first: %Y takes 24 for the year 24.
    date_formats=("%m/%d/%y", "%m/%d/%Y", "%Y-%m-%d"),
    known=labels("Name, Full name, First name, Last name, Job title, Location"),
)
class HrEmployees(pa.DataFrameModel):
    """One row per employee and delivery."""

    employee_id: str = column("Employee ID", "employee_id", "Employee number", nullable=False)
    email_pseudonym: str = column("E-mail", "Email", "Work email", personal="email")
    manager_id: str = column("Manager ID", "manager_id", required=False)
    team: str = column("Team", required=False)
    started_on: pl.Date = column("Start date", "start_date", "Hire date", nullable=False)
    ended_on: pl.Date = column("End date", "end_date", "Termination date", required=False)

    @pa.dataframe_check(name="left_after_coming")
    def left_after_coming(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """Nobody leaves before the first day."""
        return data.lazyframe.select(
            pl.col("ended_on").is_null() | (pl.col("ended_on") >= pl.col("started_on"))
        )
