"""What the survey tools' files have in common: which survey it is, and what was asked.

Belongs here: what holds for several tools. Does not belong here: one tool's layout (its own
module).
"""

import json
import re
from collections.abc import Iterable

from pipelines.contracts.contract import fold
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import DeclaredQuestion, Question


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


def zone_in_header(labels: Iterable[str]) -> str | None:
    """UTC where a column's label says that its times are; None where none says so."""
    stated = any(re.search(r"\(UTC\)\s*$", label, re.IGNORECASE) for label in labels)
    return "UTC" if stated else None


def survey_name(
    file: SourceFile,
    named: str,
    declared: tuple[DeclaredQuestion, ...],
    questions: tuple[Question, ...],
) -> str:
    """The survey's name, by its declared questions: a renamed file stays the same survey.

    Args:
        file: where the answers are.
        named: what the file's name calls the survey.
        declared: the source's declared questions.
        questions: what the file asks.
    """
    present = {question.question_id for question in questions}
    needed: dict[str, set[str]] = {}
    for question in declared:
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
