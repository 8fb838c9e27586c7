"""Qualtrics' CSV and TSV: header rows of tags, question texts, and ImportIds as JSON.

Columns are known by the ImportId of row 3 alone: row 1 can be renamed, row 2 is in the exporting
user's language. Row 3 of the date columns states their time zone.

The JSON (`{"responses": [{"values": {…}, …}]}`) has the values by ImportId, its instants in UTC to
the millisecond, which are cut to seconds as in a CSV. It doesn't say what was asked: its questions
go by their ids. What answers are called and which were shown is read and not kept.
"""

import json
import re
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.json_lines import JsonTable, Unfit, flat
from pipelines.exports.json_list import listed
from pipelines.exports.reading import NPS, Question, Reading, Rows, Surroundings, by_fold
from pipelines.exports.surveys import questions_as_json, survey_name
from pipelines.exports.table import named_rows
from pipelines.exports.text import read_text

_QUESTION = re.compile(r"^(\d+_)?QID\d+")
_NPS_GROUP = "_NPS_GROUP"
_UTC = r"^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$"
_DATED_NAME = re.compile(r"^(?P<survey>.+?)_[A-Z][a-z]+\+\d{1,2}%2C\+\d{4}_\d{2}\.\d{2}$")


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a response export: JSON, or text of today's layout (three header rows)."""
    if file.label.casefold().endswith(".json"):
        return _read_json(file, around)
    table = read_text(file, header_rows=3)
    _, texts, imports = table.header
    columns = [_import(file, position, cell) for position, cell in enumerate(imports)]
    labels = tuple(column["ImportId"] for column in columns)
    return _reading(
        Reading(
            file,
            table.encoding,
            labels,
            lambda: named_rows(table, labels),
            lambda: table.rows_read,
            zone=_zone(file, columns),
        ),
        around,
        texts,
    )


def _reading(opened: Reading, around: Surroundings, texts: Sequence[str | None]) -> Reading:
    """An opened file with its questions; each label has a text if it's known what was asked."""
    labels = opened.labels
    marked = {label.removesuffix(_NPS_GROUP) for label in labels if label.endswith(_NPS_GROUP)}
    questions = tuple(
        Question(label, label, text, NPS if label in marked else None)
        for label, text in zip(labels, texts, strict=True)
        if _QUESTION.match(label)
    )
    survey = survey_name(opened.file, _name_in(opened.file), around.declared, questions)
    return replace(
        opened,
        constants={"survey": survey, "questions": questions_as_json(questions)},
        questions=questions,
    )


def _read_json(file: SourceFile, around: Surroundings) -> Reading:
    expected = tuple(rule.labels[0] for rule in around.export.rules.values() if rule.required)
    found = JsonTable(file, lambda each: listed(each, "responses"), _values, expected)
    present = by_fold(found.labels)
    instants = [
        label
        for name, kind in around.export.column_types.items()
        if isinstance(kind, pl.Datetime) and (label := around.label_of(name, present))
    ]
    opened = Reading(
        file,
        "utf-8",
        found.labels,
        lambda: _in_utc(found.batches(), instants),
        lambda: found.rows_read,
        zone="UTC",
    )
    return _reading(opened, around, [None] * len(found.labels))


def _values(response: dict[str, Any]) -> dict[str, Any]:
    """A response's cells by ImportId; several choices of a question share a cell as in a CSV."""
    values = response.get("values")
    if not isinstance(values, dict):
        raise Unfit("unknown_shape", "it has no 'values', so it isn't a response of Qualtrics")
    cells = flat(values)
    cells.setdefault("_recordId", response.get("responseId"))
    return {
        label: ",".join(map(str, cell)) if isinstance(cell, list) else cell
        for label, cell in cells.items()
    }


def _in_utc(rows: Iterator[Rows], instants: list[str]) -> Iterator[Rows]:
    """Take the mark of UTC and parts of seconds off; any other one stays, and is no date-time."""
    for each in rows:
        frame = each.frame.with_columns(pl.col(instants).str.replace(_UTC, "$1 $2"))
        yield replace(each, frame=frame)


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
