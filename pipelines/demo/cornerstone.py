"""Cornerstone's transcript report: each delivery holds every entry so far, below three titles."""

from datetime import date
from pathlib import Path

import polars as pl

from pipelines.demo.assembly import Ledger, delivery_folder
from pipelines.demo.cells import Block, Layout, choice, header_line, write_block
from pipelines.demo.company import Company
from pipelines.demo.periods import DAY
from pipelines.demo.salesforce import employee_number, full_name, staff_address
from pipelines.demo.training import COURSES

SOURCE = "cornerstone"
SETTINGS = """\
[cornerstone]
# Its dates have no zone and are in the order of a locale.
date_order = "month_first"
"""

FILE = "Training Transcript.csv"
TITLES = ("Training Transcript", "Created by: Grace Walsh", "Filters: User Status is Active", "")


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write a report for each month from the first registration on; nothing faulty in them."""
    for at, day in enumerate(company.calendar.deliveries):
        entries = _entries(company, int(company.calendar.starts[at + 1]) // DAY)
        if entries.height:
            _write(landing, day, entries, company.staff.agent_count)
            tally = ledger.tally(SOURCE, "training_transcript", day)
            tally.accepted += entries.height


def _entries(company: Company, end: int) -> pl.DataFrame:
    """What the transcripts say before a day: a completion that is yet to come is in progress."""
    return (
        company.transcripts.filter((pl.col("provider") == SOURCE) & (pl.col("registered") < end))
        .with_columns(
            pl.col("completed").is_null().alias("is_withdrawn"),
            pl.when(pl.col("completed") < end).then("completed").alias("completed"),
        )
        .join(company.staff.users, on="user", maintain_order="left")
    )


def _write(landing: Path, day: date, entries: pl.DataFrame, agent_count: int) -> None:
    layout = _layout(agent_count)
    with (
        delivery_folder(landing, SOURCE, day) as folder,
        open(folder / FILE, "wb") as target,
    ):
        target.write("\n".join([*TITLES, ""]).encode())
        target.write(header_line(layout))
        write_block(target, Block(entries, layout))


def _layout(agent_count: int) -> Layout:
    is_completed = pl.col("completed").is_not_null()
    return {
        "User ID": employee_number("user"),
        "User Full Name": full_name(),
        "User Email": staff_address(),
        "Manager ID": employee_number(pl.col("team") + agent_count),
        "Training Title": choice(COURSES, "course"),
        "Training Type": "Online Class",
        "Training Object ID": training_object_id("course"),
        "Transcript Status": pl.when("is_withdrawn")
        .then(pl.lit("Withdrawn"))
        .when(is_completed)
        .then(pl.lit("Completed"))
        .otherwise(pl.lit("In Progress")),
        "Transcript Assigned Date": _american("registered"),
        "Transcript Registration Date": _american("registered"),
        "Training Start Date": _american("completed"),
        "Transcript Completed Date": _american("completed"),
        "Transcript Score": pl.when(is_completed).then(pl.lit("92")),
        "Training Hours": pl.when(is_completed).then(pl.lit("1.5")),
    }


def training_object_id(course: str) -> pl.Expr:
    """The vendor's id of a course."""
    return pl.format(
        "b7d1c0de-1111-4222-8333-{}", (pl.col(course) + 1).cast(pl.String).str.zfill(12)
    )


def _american(days: str) -> pl.Expr:
    return pl.from_epoch(days, time_unit="d").dt.strftime("%-m/%-d/%Y")
