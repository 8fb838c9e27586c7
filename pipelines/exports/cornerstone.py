"""Cornerstone's reports: a table below any number of rows that say what the report is.

Title, author, filters and date stand above the header, so that it may be in row 21. It is the first
row that has the labels of several of the contract's columns.
"""

from collections.abc import Sequence

from pipelines.contracts.contract import fold
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import Reading, Surroundings
from pipelines.exports.table import named_rows
from pipelines.exports.text import TITLE_ROWS_LIMIT, read_text

_LEAST_COLUMNS = 3
"""A filter's row names one or two columns, and a header that lacks some is to be told which."""


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a report, wherever its header is."""
    by_column = {name: {fold(label) for label in labels} for name, labels in around.labels.items()}

    def is_header(record: Sequence[str]) -> bool:
        present = {fold(cell) for cell in record}
        return sum(not present.isdisjoint(each) for each in by_column.values()) >= _LEAST_COLUMNS

    table = read_text(file, is_header=is_header)
    if not is_header(table.header[-1]):
        export = around.export
        raise FileRefused(
            file.name,
            "unknown_header",
            f"none of its first {TITLE_ROWS_LIMIT} rows has {_LEAST_COLUMNS} of the labels that "
            "a transcript's header has",
            "Export the report with a header; columns of another language go under "
            f"[{export.source}.labels.{export.name}] in sources.toml.",
        )
    labels = tuple(cell.strip() for cell in table.header[-1])
    return Reading(
        file, table.encoding, labels, lambda: named_rows(table, labels), lambda: table.rows_read
    )
