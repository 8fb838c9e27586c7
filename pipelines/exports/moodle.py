"""Moodle's completion report: `completion-<course's short name>.csv`, wide.

Each activity has two columns, its state and, under its name with a further word, a date: they are
read and not kept. Further criteria have a column each. The last column is the whole course's.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

import polars as pl

from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import Reading, Rows, Surroundings
from pipelines.exports.surveys import name_in, numbered
from pipelines.exports.table import named_rows
from pipelines.exports.text import read_text

_PREFIX = "completion-"
_COPY = re.compile(r"\s*\(\d+\)$")
"""What a browser adds to the name of a file that is there already."""


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open the report of the course that the file's name tells."""
    course = _COPY.sub("", name_in(file)[len(_PREFIX) :]).strip()
    if not course:
        raise FileRefused(
            file.name,
            "no_course",
            "its name doesn't say which course it is of",
            "Name it completion-<short name of the course>.csv, as Moodle does.",
        )
    table = read_text(file)
    header = [cell.strip() for cell in table.header[0]]
    labels = numbered(header, around)  # two activities may have the same name
    return Reading(
        file,
        table.encoding,
        labels,
        lambda: _of_course(named_rows(table, labels), course),
        lambda: table.rows_read,
        merged=tuple(labels[each] for each in _activities(header)),
    )


def _activities(header: list[str]) -> Iterator[int]:
    """The positions of the columns of activities, whose second label begins with the first one."""
    for position, (state, date) in enumerate(pairwise(header)):
        if state and date.startswith(f"{state} - "):
            yield position
            yield position + 1


def _of_course(rows: Iterator[Rows], course: str) -> Iterator[Rows]:
    for each in rows:
        frame = each.frame.with_columns(pl.lit(course).alias("course"))
        yield Rows(frame, each.numbers, each.bad_rows, each.flags)
