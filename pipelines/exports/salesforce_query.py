"""Results of Salesforce queries: Bulk API 2.0 and Data Loader, whatever columns were asked for.

A result is a plain table whose header is the query's list of columns. Each part of a result that
comes in several files has its own header.
"""

import json
from dataclasses import replace

from pipelines.contracts.contract import fold
from pipelines.exports import table
from pipelines.exports.files import SourceFile
from pipelines.exports.reading import Reading, Surroundings


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a query's result, and say for which of the contract's columns it speaks."""
    opened = table.read(file, around)
    present = {fold(label) for label in opened.labels}
    queried = [
        name
        for name, labels in around.labels.items()
        if any(fold(label) in present for label in labels)
    ]
    return replace(opened, constants={"queried_columns": json.dumps(queried)})
