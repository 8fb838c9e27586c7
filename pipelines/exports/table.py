"""Files that are just a table: one header row, one record per row."""

from collections.abc import Iterator

import polars as pl

from pipelines.exports.files import SourceFile
from pipelines.exports.reading import Reading, Rows, Surroundings, zone_in_header
from pipelines.exports.text import TextTable, read_text


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a file with one header row; the zone of its date-times may stand in it."""
    table = read_text(file)
    labels, zone = tuple(cell.strip() for cell in table.header[0]), None
    if around.export.zone == "file":
        labels, zone = zone_in_header(file, labels, around)
    return Reading(
        file,
        table.encoding,
        labels,
        lambda: named_rows(table, labels),
        lambda: table.rows_read,
        zone,
    )


def named_rows(table: TextTable, labels: tuple[str, ...]) -> Iterator[Rows]:
    """The table's rows with their columns under their labels.

    Columns without one, as a comma at the end of the header makes, become one that is called "".
    """
    names = {str(position): label for position, label in enumerate(labels) if label}
    nameless = [str(position) for position, label in enumerate(labels) if not label]
    for batch in table.batches():
        frame = batch.frame
        if nameless:
            cells = pl.col(nameless).str.strip_chars().replace("", None)
            together = pl.concat_str(cells, separator="; ", ignore_nulls=True).replace("", None)
            frame = frame.with_columns(together.alias("")).drop(nameless)
        yield Rows(frame.rename(names), batch.rows, batch.bad_rows)
