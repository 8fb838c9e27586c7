"""Typeform's CSV: one header row of question texts; of several choices each has its column.

A choice may be called `Email` as a hidden field is: its column is both, an address is sealed and
a choice is an answer.
"""

import re

from pipelines.exports.files import SourceFile
from pipelines.exports.reading import Reading, Surroundings
from pipelines.exports.surveys import asked_in, name_in, numbered, read_by_text
from pipelines.exports.text import read_text

_FORM = re.compile(r"^responses-(?P<form>[^-.]+)-")


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a response export, of today's layout or the older one without response types."""
    table = read_text(file)
    labels = numbered(table.header[0], around)
    asked = asked_in(labels, around, also=("email_pseudonym",))
    named = _FORM.match(file.label)
    return read_by_text(
        file, around, table, labels, asked, named["form"] if named else name_in(file)
    )
