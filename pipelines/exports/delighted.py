"""Delighted's CSV: all survey types of a project in one file, each response with one score.

A survey is known by its type, which fixes what the score measures. The score is parted by type,
so that each is held to its own scale.
"""

from collections.abc import Iterator

import polars as pl

from pipelines.exports import table
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import NPS, Mark, Question, Reading, Rows, Surroundings, by_fold
from pipelines.exports.surveys import questions_as_json

SCORE, COMMENT = "score", "comment"
_MARKS = {"nps": NPS, "csat": Mark("csat", 1, 5), "ces": Mark("ces", 1, 5)}
_MARKS["enps"] = Mark("enps", 0, 10)
_OTHER = "other"


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a response export."""
    reading = table.read(file, around)
    present = by_fold(reading.labels)
    kind, score = (around.label_of(name, present) for name in ("survey", "score"))
    if kind is None or score is None:
        raise FileRefused(
            file.name,
            "unknown_header",
            "the header has no 'Survey Type' and 'Score', so it is no Delighted response export",
            "Export the responses from Delighted as CSV; columns of another name go under "
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
