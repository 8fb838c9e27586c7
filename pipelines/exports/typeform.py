"""Typeform's CSV: one header row of question texts; of several choices each has its column.

A choice may be called `Email` as a hidden field is: its column is both, an address is sealed and
a choice is an answer.

The JSON is the Responses API's (`{"items": […]}`), or a list of webhooks' events. A response is
read under the CSV's labels, its questions under their `ref`; only a webhook says what was asked. A
short text may be somebody's name, so that it is an answer where the question is declared, and not
kept otherwise; so is what may say who somebody is by its kind.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.json_lines import JsonTable, Unfit, flat, told_apart
from pipelines.exports.json_list import listed
from pipelines.exports.reading import NPS, Question, Reading, Surroundings
from pipelines.exports.surveys import (
    asked_in,
    name_in,
    numbered,
    questions_as_json,
    read_by_text,
    survey_name,
)
from pipelines.exports.text import read_text

_FORM = re.compile(r"^responses-(?P<form>[^-.]+)-")
_UTC = re.compile(r"^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$")
_LABELS = {
    "token": "#",
    "response_type": "Response Type",
    "landed_at": "Start Date (UTC)",
    "staged_at": "Stage Date (UTC)",
    "submitted_at": "Submit Date (UTC)",
    "metadata.network_id": "Network ID",
    "tags": "Tags",
}
_IMPERSONAL = ("number", "boolean", "choice", "choices", "text")


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a response export: JSON, or CSV of today's layout or without response types."""
    named = _FORM.match(file.label)
    name = named["form"] if named else name_in(file)
    if file.label.casefold().endswith(".json"):
        return _read_json(file, around, name)
    table = read_text(file)
    labels = numbered(table.header[0], around)
    asked = asked_in(labels, around, also=("email_pseudonym",))
    return read_by_text(file, around, table, labels, asked, name)


@dataclass
class _Met:
    """What the answers of a file are about.

    Attributes:
        fields: each question's field, by the label of its column.
        forms: the forms that are named.
    """

    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    forms: set[str] = field(default_factory=set)


def _read_json(file: SourceFile, around: Surroundings, named: str) -> Reading:
    met = _Met()
    expected = tuple(rule.labels[0] for rule in around.export.rules.values() if rule.required)
    found = JsonTable(
        file, lambda each: listed(each, "items"), lambda entry: _fields(entry, met), expected
    )
    if len(met.forms) > 1:
        raise FileRefused(
            file.name,
            "several_forms",
            f"it holds responses to {len(met.forms)} forms ({', '.join(sorted(met.forms))})",
            "Deliver a file for each form.",
        )
    declared = {each.question_id for each in around.declared}
    questions = tuple(
        Question(
            label, asked["ref"], asked.get("title"), NPS if asked.get("type") == "nps" else None
        )
        for label, asked in met.fields.items()
        if asked["ref"] in declared or _is_impersonal(asked)
    )
    survey = survey_name(file, next(iter(met.forms), named), around.declared, questions)
    return Reading(
        file,
        "utf-8",
        found.labels,
        found.batches,
        lambda: found.rows_read,
        zone="UTC",
        constants={"survey": survey, "questions": questions_as_json(questions)},
        questions=questions,
        personal=tuple(met.fields),
    )


def _is_impersonal(asked: dict[str, Any]) -> bool:
    return asked["kind"] in _IMPERSONAL and asked.get("type") != "short_text"


def _fields(entry: dict[str, Any], met: _Met) -> dict[str, Any]:
    """A response's cells under the labels of the CSV, and each answer under one of its own."""
    try:
        response = dict(entry.get("form_response", entry))
        hidden = dict(response.pop("hidden", None) or {})
        answers = list(response.pop("answers", None) or [])
        definition = response.pop("definition", None) or {}
        titles = dict(_titles(definition.get("fields", ())))
        given = [(_asked(each, titles), _given(each)) for each in answers]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Unfit("unknown_shape", "it isn't what Typeform calls a response") from None
    if form := response.get("form_id"):
        met.forms.add(str(form))
    response.setdefault("token", response.get("response_id"))
    own = {_LABELS.get(name, name): cell for name, cell in flat(response).items()}
    for label in ("Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)"):
        if isinstance(own.get(label), str):
            own[label] = _UTC.sub(r"\1 \2", own[label])
    if isinstance(own.get("Tags"), list):
        own["Tags"] = ", ".join(map(str, own["Tags"]))
    said: dict[str, Any] = {}
    for asked, cell in given:
        label = f"answers.{asked.get('id', asked['ref'])}"
        if asked["kind"] == "email" and "email" not in hidden:
            hidden["email"] = cell
        elif label in said:
            raise Unfit("repeated_field", "it answers a question twice")
        else:
            met.fields.setdefault(label, asked)
            said[label] = cell
    return told_apart([*own.items(), *hidden.items()]) | said


def _titles(fields: Iterable[dict[str, Any]]) -> Iterator[tuple[Any, Any]]:
    """The texts of a form's questions by their ids; a group of them has fields of its own."""
    for each in fields:
        yield each["id"], each.get("title")
        yield from _titles((each.get("properties") or {}).get("fields", ()))


def _asked(answer: dict[str, Any], titles: dict[str, Any]) -> dict[str, Any]:
    """An answer's field, with its text where it's known, and of which kind the answer is."""
    asked = dict(answer["field"])
    asked["ref"] = str(asked.get("ref") or asked["id"])
    return {"title": titles.get(asked.get("id", "")), **asked, "kind": answer["type"]}


def _given(answer: dict[str, Any]) -> Any:
    """What was answered, as a CSV's cell has it."""
    given = answer[answer["type"]]
    if isinstance(given, bool):
        return "1" if given else "0"
    if not isinstance(given, dict):
        return given
    if answer["type"] == "choice":
        chosen = [given.get("label"), given.get("other")]
    elif answer["type"] == "choices":
        chosen = [*(given.get("labels") or ()), given.get("other")]
    else:
        return given
    return ", ".join(str(each) for each in chosen if each)
