"""SurveyMonkey's CSV: questions in header row 1, and in row 2 what of it a column holds.

A question of several columns is named in the first of them. Condensed, a rating is one column;
expanded, it has a column for each answer, filled in where it was given: they are put together
again. The ends of a scale may carry words: `Not at all likely - 0` is the score 0.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

import polars as pl

from pipelines.contracts.contract import fold
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import Reading, Rows, Surroundings, by_fold
from pipelines.exports.surveys import asked_in, name_in, numbered, opened_text, read_by_text

_WHOLE_ANSWER = ("", "response", "open-ended response")
_MARKUP = re.compile(r"<[^<>]*>")
_END = r"^[^\d]* - (\d{1,2})$"
_ON_A_SCALE = re.compile(rf"^\d{{1,2}}$|{_END}")


@dataclass
class _Asked:
    """A question and its columns: what each holds, by position."""

    text: str
    options: dict[int, str] = field(default_factory=dict)

    @property
    def is_parted(self) -> bool:
        """Whether no column holds a whole answer."""
        return not any(fold(option) in _WHOLE_ANSWER for option in self.options.values())

    @property
    def is_scale(self) -> bool:
        """Whether the columns are the points of a scale."""
        return all(_ON_A_SCALE.match(option) for option in self.options.values())

    def label(self, position: int) -> str:
        """The column's label: the question, and the option where it isn't the whole answer."""
        option = self.options[position]
        return self.text if fold(option) in _WHOLE_ANSWER else f"{self.text} - {option}"


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a response export, condensed or expanded."""
    table = opened_text(file, header_rows=2)
    _require_two_header_rows(file, around, *table.header)
    asked = _asked(*table.header)
    labels = numbered(
        (question.label(position) for question in asked for position in question.options), around
    )
    scores = {
        fold(each.question_id): each.metric for each in around.declared if each.metric != "comment"
    }
    questions = asked_in(labels, around)
    together: dict[str, list[str]] = {}
    ended: list[str] = []
    for question in asked:
        columns = [labels[position] for position in question.options]
        if columns[0] not in questions and not question.is_parted:
            continue
        is_scored = fold(question.text) in scores
        if question.is_parted and (is_scored or question.is_scale):
            made = numbered([*labels, *together, question.text], around)[-1]
            together[made] = columns
            ended.append(made)
        elif scores.get(fold(columns[0])) in ("nps", "enps"):
            ended.append(columns[0])
    merged = {label for columns in together.values() for label in columns}
    texts = {label: text for label, text in questions.items() if label not in merged}
    reading = read_by_text(
        file, around, table, labels, texts | {label: label for label in together}, name_in(file)
    )
    return replace(
        reading,
        rows=lambda: _put_together(reading.rows(), together, ended),
        merged=tuple(merged),
    )


def _asked(texts: Sequence[str], options: Sequence[str]) -> list[_Asked]:
    """The header's columns by question; a blank cell of row 1 goes on with the one before it."""
    asked: list[_Asked] = []
    cells = zip_longest((_plain(each) for each in texts), (_plain(each) for each in options))
    for position, (text, option) in enumerate(cells):
        if text or not asked or not option:
            asked.append(_Asked(text or ""))
        asked[-1].options[position] = option or ""
    return asked


def _plain(cell: str) -> str:
    return " ".join(_MARKUP.sub(" ", cell).split())


def _require_two_header_rows(
    file: SourceFile, around: Surroundings, texts: Sequence[str], options: Sequence[str]
) -> None:
    key = around.label_of("response_id", by_fold(texts))
    if key is not None and "".join(options[texts.index(key) :][:1]).strip():
        raise FileRefused(
            file.name,
            "missing_header_rows",
            "its second row is a response, not SurveyMonkey's second header row",
            "Export all responses data as CSV without removing header rows.",
        )


def _put_together(
    rows: Iterator[Rows], together: dict[str, list[str]], ended: list[str]
) -> Iterator[Rows]:
    """Make one column of those that hold one question's answers, and scores of a scale's ends."""
    for each in rows:
        frame = each.frame.with_columns(
            # Two answers to one rating are no score, and landing will say so.
            pl.concat_str(columns, separator="; ", ignore_nulls=True).alias(made)
            for made, columns in together.items()
        ).with_columns(
            pl.coalesce(pl.col(label).str.strip_chars().str.extract(_END), pl.col(label)).alias(
                label
            )
            for label in ended
        )
        yield Rows(frame, each.numbers, each.bad_rows, each.flags)
