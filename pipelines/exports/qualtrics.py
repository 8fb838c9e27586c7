"""Qualtrics' CSV and TSV: header rows of tags, question texts, and ImportIds as JSON.

Columns are known by the ImportId of row 3 alone: row 1 can be renamed, row 2 is in the exporting
user's language. Row 3 of the date columns states their time zone.
"""

import json
import re
import urllib.parse

from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import NPS, Question, Reading, Surroundings
from pipelines.exports.surveys import questions_as_json, survey_name
from pipelines.exports.table import named_rows
from pipelines.exports.text import read_text

_QUESTION = re.compile(r"^(\d+_)?QID\d+")
_NPS_GROUP = "_NPS_GROUP"
_DATED_NAME = re.compile(r"^(?P<survey>.+?)_[A-Z][a-z]+\+\d{1,2}%2C\+\d{4}_\d{2}\.\d{2}$")


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a response export of today's layout (three header rows)."""
    table = read_text(file, header_rows=3)
    _, texts, imports = table.header
    columns = [_import(file, position, cell) for position, cell in enumerate(imports)]
    labels = tuple(column["ImportId"] for column in columns)
    marked = {label.removesuffix(_NPS_GROUP) for label in labels if label.endswith(_NPS_GROUP)}
    questions = tuple(
        Question(label, label, text, NPS if label in marked else None)
        for label, text in zip(labels, texts, strict=True)
        if _QUESTION.match(label)
    )
    return Reading(
        file,
        table.encoding,
        labels,
        lambda: named_rows(table, labels),
        lambda: table.rows_read,
        zone=_zone(file, columns),
        constants={
            "survey": survey_name(file, _name_in(file), around.declared, questions),
            "questions": questions_as_json(questions),
        },
        questions=questions,
    )


def _import(file: SourceFile, position: int, cell: str) -> dict[str, str]:
    try:
        content = json.loads(cell)
        if isinstance(content["ImportId"], str):
            return content  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError):
        pass
    raise FileRefused(
        file.name,
        "unknown_header",
        f'header row 3, column {position + 1} is not Qualtrics\' {{"ImportId": …}}',
        "Export the responses as CSV or TSV without removing header rows.",
    )


def _zone(file: SourceFile, columns: list[dict[str, str]]) -> str | None:
    zones = sorted({column["timeZone"] for column in columns if column.get("timeZone")})
    if len(zones) > 1:
        raise FileRefused(
            file.name,
            "two_time_zones",
            f"header row 3 states {len(zones)} time zones ({', '.join(zones)})",
            "Export the responses again in one zone.",
        )
    return zones[0] if zones else None


def _name_in(file: SourceFile) -> str:
    stem = file.label.rsplit(".", 1)[0]
    dated = _DATED_NAME.match(stem)
    return urllib.parse.unquote_plus(dated["survey"] if dated else stem)
