"""Qualtrics' CSV and TSV: header rows of tags, question texts, and ImportIds as JSON.

Columns are known by the ImportId of row 3 alone: row 1 can be renamed, row 2 is in the exporting
user's language. Row 3 of the date columns states their time zone. In files of 2016 it is written as
Python writes it, and states none.

Legacy files have two rows: tags, of which `V1` to `V10` are Qualtrics' own, and texts. Their
questions go by their tags, and nothing tells them from embedded data but that these begin with `Q`
unless they are renamed: questions that are go by their declared tags. A response was recorded when
it ended.

The JSON (`{"responses": [{"values": {…}, …}]}`) has the values by ImportId, its instants in UTC to
the millisecond, which are cut to seconds as in a CSV. It doesn't say what was asked: its questions
go by their ids. What answers are called and which were shown is read and not kept.
"""

import ast
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from pipelines.contracts.contract import fold
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.json_lines import JsonTable, Unfit, flat
from pipelines.exports.json_list import listed
from pipelines.exports.reading import NPS, Question, Reading, Rows, Surroundings, by_fold
from pipelines.exports.surveys import questions_as_json, survey_name
from pipelines.exports.table import named_rows
from pipelines.exports.text import TextTable, read_text

_QUESTION = re.compile(r"^(\d+_)?QID\d+")
_NPS_GROUP = "_NPS_GROUP"
_OWN_TAG = re.compile(r"^V\d+$")
_LEGACY_QUESTION = re.compile(r"^(\d+_)?Q\d+")
_UTC = r"^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$"
_DATED_NAME = re.compile(r"^(?P<survey>.+?)_[A-Z][a-z]+\+\d{1,2}%2C\+\d{4}_\d{2}\.\d{2}$")


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a response export: JSON, or text with two or three header rows."""
    if file.label.casefold().endswith(".json"):
        return _read_json(file, around)
    table = _opened_text(file)
    if len(table.header) == 2:
        return _read_legacy(file, around, table)
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
        dict(zip(labels, texts, strict=True)),
    )


def _opened_text(file: SourceFile) -> TextTable:
    """The file with its header rows: two in a legacy file, which may have no further ones."""
    try:
        table = read_text(file, header_rows=3)
    except FileRefused as refused:
        if refused.code != "missing_header_rows":
            raise
        table = read_text(file, header_rows=2)
        if _is_legacy(table):
            return table
        raise
    return read_text(file, header_rows=2) if _is_legacy(table) else table


def _is_legacy(table: TextTable) -> bool:
    return any(
        _OWN_TAG.match(tag.strip()) and fold(text) == "responseid"
        for tag, text in zip(*table.header[:2], strict=False)
    )


def _read_legacy(file: SourceFile, around: Surroundings, table: TextTable) -> Reading:
    tags, texts = ([cell.strip() for cell in row] for row in table.header)
    texts += [""] * (len(tags) - len(texts))
    labels = tuple(
        text if _OWN_TAG.match(tag) else tag for tag, text in zip(tags, texts, strict=True)
    )
    end = around.label_of("end_date", by_fold(labels))
    is_recorded = around.label_of("recorded_date", by_fold(labels)) is not None
    recorded = around.labels["recorded_date"][0]

    def rows() -> Iterator[Rows]:
        for each in named_rows(table, labels):
            frame = each.frame
            if end is not None and not is_recorded:
                frame = frame.with_columns(pl.col(end).alias(recorded))
            yield replace(each, frame=frame)

    opened = Reading(
        file,
        table.encoding,
        labels if end is None or is_recorded else (*labels, recorded),
        rows,
        lambda: table.rows_read,
        merged=("",),  # what stands behind the last comma
    )
    declared = {each.question_id for each in around.declared}
    asked = [label for label in labels if _LEGACY_QUESTION.match(label) or label in declared]
    return _reading(opened, around, dict(zip(labels, texts, strict=True)), asked)


def _reading(
    opened: Reading,
    around: Surroundings,
    texts: Mapping[str, str],
    asked: Sequence[str] | None = None,
) -> Reading:
    """An opened file with its questions.

    Args:
        opened: the file.
        around: what else is known of the source.
        texts: what was asked, by label, as far as it's known.
        asked: the labels of the questions; None where ImportIds tell.
    """
    labels = opened.labels
    if asked is None:
        asked = [label for label in labels if _QUESTION.match(label)]
    marked = {label.removesuffix(_NPS_GROUP) for label in labels if label.endswith(_NPS_GROUP)}
    questions = tuple(
        Question(label, label, texts.get(label), NPS if label in marked else None)
        for label in asked
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
    return _reading(opened, around, {})


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
    read = ast.literal_eval if cell.lstrip().startswith("{'") else json.loads
    try:
        content = read(cell.strip())
        if isinstance(content["ImportId"], str):
            return content  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError, SyntaxError, MemoryError, RecursionError):
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
