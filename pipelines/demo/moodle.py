"""Moodle's completion reports: a file per course, with everybody in it so far."""

from pathlib import Path

import polars as pl

from pipelines.demo.assembly import Ledger, delivery_folder
from pipelines.demo.cells import Block, Layout, either, header_line, moment, write_block
from pipelines.demo.company import Company
from pipelines.demo.periods import DAY, HOUR
from pipelines.demo.salesforce import full_name, staff_address
from pipelines.demo.tickets import ZONE
from pipelines.demo.training import COURSES

SOURCE = "moodle"
SETTINGS = f"""\
[moodle]
time_zone = "{ZONE}"
# Its dates are in the order of the site's locale.
date_order = "month_first"
"""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FORM = "%-m/%-d/%y, %H:%M"
_FIRST_USER = 3


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the reports for each month from the first registration on; nothing faulty in them."""
    for at, day in enumerate(company.calendar.deliveries):
        learners = _learners(company, int(company.calendar.starts[at + 1]) // DAY)
        if not learners.height:
            continue
        with delivery_folder(landing, SOURCE, day) as folder:
            for course, title in enumerate(COURSES):
                rows = learners.filter(pl.col("course") == course)
                if rows.height:
                    layout = _layout(title)
                    with (folder / f"completion-{title}.csv").open("wb") as target:
                        target.write(_BYTE_ORDER_MARK + header_line(layout))
                        write_block(target, Block(rows, layout))
        ledger.tally(SOURCE, "course_completion", day).accepted += learners.height


def _learners(company: Company, end: int) -> pl.DataFrame:
    """Who has begun a course before a day, and when they first completed it, if they have."""
    return (
        company.transcripts.filter((pl.col("provider") == SOURCE) & (pl.col("registered") < end))
        .with_columns(pl.when(pl.col("completed") < end).then("completed").alias("completed"))
        .group_by("course", "user")
        .agg(pl.col("completed").min())
        .sort("course", "user")
        .join(company.staff.users, on="user", maintain_order="left")
    )


def _layout(title: str) -> Layout:
    completed = moment(pl.col("completed") * DAY + 15 * HOUR, _FORM, ZONE)
    is_completed = pl.col("completed").is_not_null()
    return {
        "ID": pl.col("user") + _FIRST_USER,
        "Name": full_name(),
        "Email address": staff_address(),
        title: either(is_completed, "Completed", "Not completed"),
        f"{title} - Completion date": completed,
        "Final quiz": either(is_completed, "Completed (achieved pass grade)", "Not completed"),
        "Final quiz - Completion date": completed,
        "Course complete": completed,
    }
