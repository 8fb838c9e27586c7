"""What the survey tools' files have in common: which survey it is, and what was asked.

Belongs here: what holds for several tools. Does not belong here: one tool's layout (its own
module).
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from pipelines.contracts.contract import fold
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import (
    DeclaredQuestion,
    Question,
    Reading,
    Surroundings,
    by_fold,
)
from pipelines.exports.table import named_rows
from pipelines.exports.text import TextTable, read_text
from pipelines.personal import PERSONAL_QUESTION


def questions_as_json(questions: Iterable[Question]) -> str:
    """What was asked, by question id, as every row of a survey keeps it."""
    return json.dumps(
        {
            question.question_id: {"text": question.text}
            | ({} if question.mark is None else vars(question.mark))
            for question in questions
        },
        ensure_ascii=False,
    )


def opened_text(file: SourceFile, header_rows: int = 1) -> TextTable:
    """The file as text. What isn't UTF-8 was saved by Excel on Windows, as far as that can be."""
    return read_text(file, header_rows=header_rows, fallback_encodings=("cp1252", "latin-1"))


def name_in(file: SourceFile) -> str:
    """What the file's name calls the survey."""
    return file.label.rsplit(".", 1)[0]


def utc_in_header(labels: Iterable[str]) -> str | None:
    """UTC where a column's label says that its times are; None where none says so."""
    stated = any(re.search(r"\(UTC\)\s*$", label, re.IGNORECASE) for label in labels)
    return "UTC" if stated else None


def survey_name(
    file: SourceFile,
    named: str,
    declared: tuple[DeclaredQuestion, ...],
    questions: tuple[Question, ...],
) -> str:
    """The survey's name, by its declared scores: a renamed file stays the same survey.

    Args:
        file: where the answers are.
        named: what the file's name calls the survey.
        declared: the source's declared questions.
        questions: what the file asks.
    """
    present = {question.question_id for question in questions}
    needed: dict[str, set[str]] = {}
    for question in declared:
        if question.metric != "comment":  # one that is asked no more doesn't make it another survey
            needed.setdefault(question.survey, set()).add(question.question_id)
    fitting = sorted(survey for survey, ids in needed.items() if ids <= present)
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        return named
    by_name = [survey for survey in fitting if fold(survey) == fold(named)]
    if len(by_name) == 1:
        return by_name[0]
    raise FileRefused(
        file.name,
        "which_survey",
        f"its questions fit the declared surveys {', '.join(fitting)} alike",
        "Name the file after its survey, or declare a question that tells them apart in "
        "reference/survey_questions.csv.",
    )


def read_by_text(
    file: SourceFile,
    around: Surroundings,
    table: TextTable,
    labels: tuple[str, ...],
    asked: Mapping[str, str],
    named: str,
) -> Reading:
    """A file whose questions have no ids: a question is known by its text, folded.

    Args:
        file: where the answers are.
        around: what else is known of the source.
        table: the file as text.
        labels: one for each column.
        asked: the text of each question, by its column's label.
        named: what the file's name calls the survey.
    """
    folded = tuple(replace(each, question_id=fold(each.question_id)) for each in around.declared)
    questions = tuple(Question(label, fold(text), text) for label, text in asked.items())
    survey = survey_name(file, named, folded, questions)
    # As they were declared, so that models need not know how texts are compared.
    written = {
        fold(each.question_id): each.question_id
        for each in around.declared
        if each.survey == survey
    }
    questions = tuple(
        replace(each, question_id=written.get(each.question_id, each.question_id))
        for each in questions
    )
    return Reading(
        file,
        table.encoding,
        labels,
        lambda: named_rows(table, labels),
        lambda: table.rows_read,
        zone=utc_in_header(labels),
        constants={"survey": survey, "questions": questions_as_json(questions)},
        questions=questions,
    )


def numbered(labels: Iterable[str], around: Surroundings) -> tuple[str, ...]:
    """Labels of their own for questions of the same text; the second one ends in `__2`.

    Two columns that both claim to be a required one stay as they are, and the file is refused.
    Those without a text ask nothing, and stay as they are, too.
    """
    required = {
        fold(label)
        for rule in around.export.rules.values()
        if rule.required
        for label in rule.labels
    }
    met: Counter[str] = Counter()
    unique = []
    for label in (each.strip() for each in labels):
        met[fold(label)] += 1
        count = met[fold(label)]
        stays = count == 1 or not label or fold(label) in required
        unique.append(label if stays else f"{label}__{count}")
    return tuple(unique)


def asked_in(
    labels: Iterable[str], around: Surroundings, also: Collection[str] = ()
) -> dict[str, str]:
    """The columns that are questions, as label and text: all that the tool doesn't add itself.

    Args:
        labels: one for each column.
        around: what else is known of the source.
        also: contract columns that may be questions nevertheless.
    """
    present = by_fold(labels)
    own = {around.label_of(name, present) for name in around.export.rules if name not in also}
    known = {fold(label) for label in around.export.known}
    declared = {fold(each.question_id) for each in around.declared}
    return {
        label: label
        for folded, label in present.items()
        if folded
        and label not in own
        and folded not in known
        and (folded in declared or not PERSONAL_QUESTION.search(folded))
    }
