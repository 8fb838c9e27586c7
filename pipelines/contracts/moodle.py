"""Moodle's course completion report: who has completed a course, and when.

Dates are short, in the order and zone of the site: `date_order` and `time_zone` under `[moodle]` in
`sources.toml`. The course stands in the file's name alone. People are named, and their names don't
land.
"""

import pandera.polars as pa

from pipelines.contracts.contract import Timestamp, column, export, labels


@export(
    "moodle",
    "course_completion",
    files=("completion-*.csv",),
    key=("user_id", "course"),
    delivery="window",
    reader="moodle",
    timestamp_formats=(
        "%m/%d/%y, %H:%M",  # before %Y, which takes 24 for the year 24
        "%m/%d/%y, %I:%M %p",
        "%m/%d/%Y, %H:%M",
        "%m/%d/%Y, %I:%M %p",
        "%Y-%m-%d %H:%M",
    ),
    zone="file",
    known=labels(
        """
        Name, Username, ID number, Phone, Mobile phone, Department, Institution, City/town, Country
        """
    ),
)
class MoodleCourseCompletion(pa.DataFrameModel):
    """One row per person, course and delivery."""

    user_id: str = column("ID", nullable=False, str_matches=r"^\d+$")
    course: str = pa.Field(nullable=False)
    email_pseudonym: str = column("Email address", personal="email")
    completed_at: Timestamp = column("Course complete")
