"""What a reader of one vendor's files hands over, whatever the vendor.

Belongs here: the shape that all readers share. Does not belong here: a vendor's quirk (its own
module), the opening and decoding of files (`files.py`, `text.py`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from pipelines.contracts.contract import Export, fold
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.text import BadRow
from pipelines.settings import SourceSettings, time_zone_named

_STATED_ZONE = re.compile(r"^(?P<label>.*\S)\s*\((?P<zone>[^()]+)\)$")


@dataclass(frozen=True)
class Mark:
    """What a vendor says that a question measures; on all such scales more is better.

    Attributes:
        metric: nps, csat, ces or enps.
        scale_min: the lowest answer.
        scale_max: the highest answer.
    """

    metric: str
    scale_min: int
    scale_max: int


NPS = Mark("nps", 0, 10)


@dataclass(frozen=True)
class Question:
    """One question column of a survey file.

    Attributes:
        label: the column in `Rows.frame`: one of `Reading.labels`, or made by the reader.
        question_id: the vendor's id of the question, or its text where the vendor states none.
        text: what was asked; None where the file doesn't say.
        mark: what the vendor says that it measures; None when it says nothing.
        survey: whose question it is, where a file holds the answers to several surveys.
    """

    label: str
    question_id: str
    text: str | None
    mark: Mark | None = None
    survey: str | None = None


@dataclass(frozen=True)
class Rows:
    """Some rows of a file, as text.

    Attributes:
        frame: String columns named by `Reading.labels`, NULL for empty cells; beside them any
            column that the reader makes itself, under the contract's name and type.
        numbers: Int64, each row's record number as a spreadsheet shows it.
        bad_rows: rows that have no cells to speak of: wrong width, unclosed quote.
        flags: a reason code for rows that the reader knows to be wrong, NULL elsewhere; None
            when there is none.
    """

    frame: pl.DataFrame
    numbers: pl.Series
    bad_rows: list[BadRow]
    flags: pl.Series | None = None


@dataclass(frozen=True)
class Reading:
    """A file that has been opened and whose header is understood.

    Attributes:
        file: where it came from.
        encoding: as decoded.
        labels: one per column, unique after folding; what contracts match. Those that are empty
            are all of one column, which holds what stands under no label.
        rows: the data rows, streaming; may be called once.
        rows_read: how many data rows the reader has met so far, good or bad.
        zone: IANA name of the zone of date-times without one, where the file states it.
        timestamp_formats: those of its date-times where they differ from file to file.
        constants: contract columns that are the same for the whole file.
        questions: the question columns, in the file's order; empty for what is no survey.
        merged: labels of columns that the reader has made something else of, or left out.
        personal: labels of columns that may tell who somebody is, whatever they are called; those
            of questions are kept nevertheless.
    """

    file: SourceFile
    encoding: str
    labels: tuple[str, ...]
    rows: Callable[[], Iterator[Rows]]
    rows_read: Callable[[], int]
    zone: str | None = None
    timestamp_formats: tuple[str, ...] = ()
    constants: dict[str, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    merged: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeclaredQuestion:
    """A question as `reference/survey_questions` declares it.

    Attributes:
        survey: the survey's name.
        question_id: the vendor's id of the question.
        metric: nps, csat, ces, enps or comment.
        scale_min: the lowest answer; None for comments.
        scale_max: the highest answer; None for comments.
        choices: the score of each answer that comes as a label.
    """

    survey: str
    question_id: str
    metric: str
    scale_min: int | None
    scale_max: int | None
    choices: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What a reader may need to know beside the file.

    Attributes:
        export: whose file it is.
        settings: what `sources.toml` says of the source.
        declared: the source's declared questions.
    """

    export: Export
    settings: SourceSettings
    declared: tuple[DeclaredQuestion, ...] = ()

    @property
    def timestamp_formats(self) -> tuple[str, ...]:
        """The formats of the export's date-times."""
        return self._ordered(self.export.timestamp_formats)

    @property
    def date_formats(self) -> tuple[str, ...]:
        """The formats of the export's dates."""
        return self._ordered(self.export.date_formats)

    def _ordered(self, forms: tuple[str, ...]) -> tuple[str, ...]:
        """A contract's formats, which have the month first, in the order that is declared."""
        if self.settings.date_order == "day_first":
            return tuple(form.replace("%m/%d/", "%d/%m/") for form in forms)
        return forms

    @cached_property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """The labels that mean each contract column."""
        return labels_by_column(self.export, self.settings)

    @cached_property
    def known(self) -> frozenset[str]:
        """The labels that the contract or the settings know, folded.

        Any other label of a file may be a cell, in a file that has no header, and isn't told of in
        messages.
        """
        every = (*self.labels.values(), self.export.known)
        return frozenset(fold(label) for labels in every for label in labels)

    def label_of(self, column: str, present: Mapping[str, str]) -> str | None:
        """The file's label of a contract column, None where it has none.

        Args:
            column: the contract's name of it.
            present: the file's labels by what is compared of them; see `by_fold`.
        """
        folded = map(fold, self.labels[column])
        return next((present[label] for label in folded if label in present), None)


def no_date_order(file: SourceFile, source: str) -> FileRefused:
    """What is said of dates that may be read two ways, where nobody has declared which."""
    return FileRefused(
        file.name,
        "no_date_order",
        "its dates are in somebody's locale, and whether the day or the month comes first is not "
        "declared",
        f'Set date_order = "month_first" or "day_first" under [{source}] in sources.toml.',
    )


def labels_by_column(export: Export, settings: SourceSettings) -> dict[str, tuple[str, ...]]:
    """The labels that mean each contract column: the contract's, then the settings'."""
    further = (settings.labels or {}).get(export.name, {})
    return {name: (*rule.labels, *further.get(name, ())) for name, rule in export.rules.items()}


def by_fold(labels: Iterable[str]) -> dict[str, str]:
    """The labels of a file by what is compared of them."""
    return {fold(label): label for label in labels}


def zone_in_header(
    file: SourceFile, cells: tuple[str, ...], around: Surroundings
) -> tuple[tuple[str, ...], str | None]:
    """Part a header's labels from the time zone that stands in them: `Updated at (Asia/Tokyo)`.

    The contract tells which columns are date-times. One whose cell states no zone is in that of the
    others.

    Args:
        file: whose header it is.
        cells: the header's cells, stripped.
        around: what else is known of the source.

    Returns:
        The labels without a zone, and its IANA name; None where no date-time's cell states one.

    Raises:
        FileRefused: a date-time's cell states what is no zone, or two of them state different ones.
    """
    export = around.export
    instants = {
        fold(label)
        for name, labels in around.labels.items()
        if isinstance(export.column_types[name], pl.Datetime)
        for label in labels
    }
    present = {fold(cell) for cell in cells}
    labels: list[str] = []
    zones: dict[str, str] = {}
    for cell in cells:
        stated = _STATED_ZONE.match(cell)
        folded = fold(stated["label"]) if stated else ""
        if stated is None or folded not in around.known:
            labels.append(cell)
        elif zone := time_zone_named(stated["zone"].strip()):
            labels.append(stated["label"])
            if folded in instants:
                zones.setdefault(zone, cell)
        elif folded in instants and fold(cell) not in around.known and folded not in present:
            raise FileRefused(
                file.name,
                "unknown_time_zone",
                f"the header {cell!r} states a time zone that the zone database doesn't know",
                "Export the file again in a zone with an IANA name.",
            )
        else:  # such as `First response time (in hrs)`
            labels.append(cell)
    if len(zones) > 1:
        raise FileRefused(
            file.name,
            "two_time_zones",
            f"its header states {len(zones)} time zones ({', '.join(map(repr, zones.values()))})",
            "Export the file again in one zone.",
        )
    return tuple(labels), next(iter(zones), None)
