"""Delighted's responses: all survey types of a project in one file, each with one score.

The CSV has a row per response, the API's JSON (`[…]`) an object, which is read under the CSV's
labels. A survey is known by its type, which fixes what the score measures. The score is parted by
type, so that each is held to its own scale.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl

from pipelines.exports import table
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.json_lines import JsonTable, Unfit, flat, told_apart
from pipelines.exports.json_list import listed
from pipelines.exports.reading import NPS, Mark, Question, Reading, Rows, Surroundings, by_fold
from pipelines.exports.surveys import questions_as_json

SCORE, COMMENT = "score", "comment"
_MARKS = {"nps": NPS, "csat": Mark("csat", 1, 5), "ces": Mark("ces", 1, 5)}
_MARKS["enps"] = Mark("enps", 0, 10)
_OTHER = "other"


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a response export."""
    is_json = file.label.casefold().endswith(".json")
    reading = _read_json(file) if is_json else table.read(file, around)
    present = by_fold(reading.labels)
    kind, score = (around.label_of(name, present) for name in ("survey", "score"))
    if kind is None or score is None:
        raise FileRefused(
            file.name,
            "unknown_header",
            "the header has no 'Survey Type' and 'Score', so it is no Delighted response export",
            "Export the responses from Delighted again; columns of another name go under "
            "[delighted.labels.responses] in sources.toml.",
        )
    comment = present.get(COMMENT)
    surveys = [*_MARKS, *sorted({each.survey for each in around.declared} - {*_MARKS})]
    scores = tuple(
        Question(f"{survey} {SCORE}", SCORE, f"{survey} {SCORE}", _MARKS.get(survey), survey)
        for survey in surveys
    )
    other = Question(f"{_OTHER} {SCORE}", SCORE, SCORE)
    comments = () if comment is None else (Question(comment, COMMENT, COMMENT),)
    return Reading(
        file,
        reading.encoding,
        reading.labels,
        lambda: _by_survey(reading.rows(), kind, score, scores, other, comments),
        reading.rows_read,
        zone=reading.zone,
        questions=(*scores, other, *comments),
    )


def _by_survey(
    rows: Iterator[Rows],
    kind: str,
    score: str,
    scores: tuple[Question, ...],
    other: Question,
    comments: tuple[Question, ...],
) -> Iterator[Rows]:
    """Part the scores by survey, and give each row what its survey asks."""
    asked = {question.survey: questions_as_json((question, *comments)) for question in scores}
    survey = pl.col(kind).str.strip_chars().str.to_lowercase()
    for each in rows:
        frame = each.frame.with_columns(survey.alias(kind)).with_columns(
            *(
                pl.when(pl.col(kind) == question.survey).then(pl.col(score)).alias(question.label)
                for question in scores
            ),
            pl.when(pl.col(kind).is_in(list(asked)).not_().fill_null(True))
            .then(pl.col(score))
            .alias(other.label),
            pl.col(kind)
            .replace_strict(asked, default=questions_as_json((other, *comments)))
            .alias("questions"),
        )
        yield Rows(frame, each.numbers, each.bad_rows, each.flags)


_LABELS = {
    "id": "Response ID",
    "survey_type": "Survey Type",
    "score": "Score",
    "comment": "Comment",
    "permalink": "Permalink",
    "created_at": "Created At (UTC)",
    "updated_at": "Updated At (UTC)",
}
_PERSON_LABELS = {
    "id": "Person ID",
    "name": "Name",
    "email": "Email",
    "phone_number": "Phone Number",
}
_LISTS = ("notes", "tags", "additional_answers")


def _read_json(file: SourceFile) -> Reading:
    labels = (*_LABELS.values(), *_PERSON_LABELS.values())
    found = JsonTable(file, listed, _fields, expected=labels)
    return Reading(file, "utf-8", found.labels, found.batches, lambda: found.rows_read, zone="UTC")


def _fields(response: dict[str, Any]) -> dict[str, Any]:
    """A response's cells under the labels of the CSV; a second one of a label ends in `__2`."""
    response = dict(response)
    person = response.pop("person", None)
    if not isinstance(person, dict):
        person = {"id": person}  # all there is unless it was asked for
    person = {_PERSON_LABELS.get(name, f"Person {name}"): cell for name, cell in person.items()}
    properties = response.pop("person_properties", None) or {}
    lists = {name: response.pop(name, None) or [] for name in _LISTS}
    if not isinstance(properties, dict) or not all(
        isinstance(each, list) for each in lists.values()
    ):
        raise Unfit("unknown_shape", "it isn't what Delighted calls a response")
    for name in ("created_at", "updated_at"):
        response[name] = _instant(response.get(name))
    own = {_LABELS.get(name, name): cell for name, cell in flat(response).items()}
    notes = [note.get("text") if isinstance(note, dict) else note for note in lists["notes"]]
    told = {"Tags": _joined(lists["tags"]), "Notes": _joined(notes)}
    asked = [_additional(each) for each in lists["additional_answers"]]
    return told_apart([*own.items(), *person.items(), *told.items(), *properties.items(), *asked])


def _instant(seconds: Any) -> Any:
    """An instant as the CSV has it; what is none stays, and landing will say so."""
    try:
        return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d %H:%M:%S}"
    except (TypeError, ValueError, OverflowError, OSError):
        return seconds


def _additional(answer: Any) -> tuple[str, Any]:
    """A further question's text, and what was said."""
    try:
        question, value = answer["question"]["text"], answer["value"]
        given = next((each for each in value.values() if each is not None), None)
        choices = given if isinstance(given, list) else [given]
        return str(question), _joined(
            each["text"] if isinstance(each, dict) else each for each in choices
        )
    except (AttributeError, KeyError, TypeError):
        raise Unfit("unknown_shape", "an additional answer of it is no such thing") from None


def _joined(cells: Iterable[Any]) -> str:
    return ",".join(str(cell) for cell in cells if cell is not None)
