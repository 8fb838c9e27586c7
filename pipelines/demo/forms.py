"""The two surveys as tools write them that know a question by its text: a column for each.

Belongs here: what these tools have in common: questions, who answered, what is delivered when. Does
not belong here: a tool's own columns and times (`typeform.py`, …).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, choice, header_line
from pipelines.demo.company import Company
from pipelines.demo.faults import EASY, LIKELY, OVERALL, RELATIONSHIP, SUPPORT, SUPPORTED
from pipelines.demo.references import case_reference, contact_reference
from pipelines.demo.surveys import BANDS, BY_EMAIL, KNOWN
from pipelines.demo.windows import WindowFile, deliver_windows

REASON, ANYTHING_ELSE = "What is the main reason for your score?", "Anything else?"
RATE = {
    "service_1": "How satisfied are you with our quality?",
    "service_2": "How satisfied are you with our delivery?",
    "service_3": "How satisfied are you with our prices?",
}
CHANNELS_TEXT = "Which channels did you use?"
CHANNELS = ("Website", "Telephone", "Chat", "Other")

_CHANNELS_CHOSEN = ((), (0,), (1,), (0, 2), (2,), (1, 3), (0, 1, 2), (3,))
"""What the number of an answer to the question for channels stands for."""

COMMENTS = [text for band in BANDS[:3] for language in names.COMMENTS[band] for text in language]
"""What the number of a comment stands for."""

Question = tuple[str, str, str, int | None, int | None, str | None, str | None, str | None, str]
"""Survey, question id, metric, the scale's ends, top boxes, whether higher is better, choices, a
short text: a row of the list of questions without its source."""


def questions(csat_choices: str | None = None) -> tuple[Question, ...]:
    """What a tool's questions measure, to be declared.

    Args:
        csat_choices: the words of the satisfaction scale, where the tool writes words.
    """
    return (
        (RELATIONSHIP, LIKELY, "nps", 0, 10, "9;10", "true", None, "Likely"),
        (RELATIONSHIP, OVERALL, "csat", 1, 5, "4;5", "true", csat_choices, "Overall"),
        (RELATIONSHIP, REASON, "comment", None, None, None, None, None, "Reason"),
        (SUPPORT, SUPPORTED, "csat", 1, 5, "4;5", "true", csat_choices, "Support"),
        (SUPPORT, EASY, "ces", 1, 7, "5;6;7", "true", None, "Made it easy"),
        (SUPPORT, ANYTHING_ELSE, "comment", None, None, None, None, None, "Anything else"),
    )


@dataclass(frozen=True)
class Tool:
    """How a tool writes a survey.

    Attributes:
        source: its name.
        file: the name of a survey's file by survey and day.
        layout: its columns, by survey; see `answered` for what they are over.
        fresh: the cells of a new response's key.
        header: the header of a layout.
        rule: the rule that leaves out responses that weren't finished; "" where nothing tells them.
    """

    source: str
    file: Callable[[str, date], str]
    layout: Mapping[str, Layout]
    fresh: Layout
    header: Callable[[Layout], bytes] = header_line
    rule: str = ""


def answered(company: Company, survey: str, tool: str) -> pl.DataFrame:
    """A tool's responses to a survey, in the order in which they ended.

    Columns: those that were drawn (`surveys.py`), crm, delivery (the month), email, first, last and
    language (of the person). Who broke off is only known once the time is up: that is true of every
    tool, so that all hold the same responses.
    """
    frame = company.responses if survey == RELATIONSHIP else company.ratings
    rows = frame.filter(
        (pl.col("tool") == tool) & (pl.col("recorded") < company.calendar.end)
    ).sort("ended", "response")
    return rows.with_columns(
        pl.Series("delivery", company.calendar.delivery_of(rows["ended"].to_numpy())),
        *company.of_people("email", "first", "last", "language"),
    )


def deliver_forms(
    tool: Tool, landing: Path, company: Company, each: int, seed: int, ledger: Ledger
) -> None:
    """Write a tool's deliveries; further arguments as for `salesforce.deliver`."""
    files = []
    for survey, layout in tool.layout.items():
        rows = answered(company, survey, tool.source)
        files.append(
            WindowFile(
                "responses",
                _named(tool, survey),
                rows.filter("finished") if tool.rule else rows,
                layout,
                tool.fresh,
                tool.header(layout),
                part=survey,
                left_out=rows.filter(~pl.col("finished")) if tool.rule else None,
                rule=tool.rule,
            )
        )
    deliver_windows(landing, company.calendar, tool.source, files, each, seed, ledger)


def _named(tool: Tool, survey: str) -> Callable[[date], str]:
    return lambda day: tool.file(survey, day)


def address() -> pl.Expr:
    """The address that a response names; NULL for none."""
    return pl.when(pl.col("naming") <= BY_EMAIL).then("email")


def reference() -> pl.Expr:
    """The CRM's id of the person that a response names; NULL for none."""
    return pl.when(pl.col("naming") == KNOWN).then(contact_reference())


def named(what: str) -> pl.Expr:
    """A name, `first` or `last`, of the person that a response names; NULL for none."""
    pool = names.FIRST_NAMES if what == "first" else names.LAST_NAMES
    return pl.when(pl.col("naming") == KNOWN).then(choice(pool, what))


def case_of(survey: str, header: str) -> Layout:
    """The column for the case that a survey is about, where it is about one."""
    return {header: case_reference()} if survey == SUPPORT else {}


def channels_joined(separator: str, *, ends: bool = False) -> pl.Expr:
    """The channels chosen, in one cell; a tool may end each with the separator."""
    pool = [
        separator.join(CHANNELS[each] for each in chosen) + separator * ends if chosen else None
        for chosen in _CHANNELS_CHOSEN
    ]
    return choice(pl.Series(pool, dtype=pl.String), "channels")


def channel_columns() -> dict[str, pl.Expr]:
    """A column for each channel, which holds its name where it was chosen."""
    return {
        name: choice(
            pl.Series(
                [name if number in chosen else None for chosen in _CHANNELS_CHOSEN],
                dtype=pl.String,
            ),
            "channels",
        )
        for number, name in enumerate(CHANNELS)
    }


def answers(survey: str, channels: Layout) -> Layout:
    """The answers, a column for each question.

    Args:
        survey: which of the two.
        channels: the columns of the question for channels.
    """
    comment = choice(COMMENTS, "comment")
    if survey == RELATIONSHIP:
        return {
            LIKELY: pl.col("nps"),
            OVERALL: pl.col("csat"),
            REASON: comment,
            **{text: pl.col(column) for column, text in RATE.items()},
        }
    return {
        SUPPORTED: pl.col("csat"),
        EASY: pl.col("ces"),
        **channels,
        ANYTHING_ELSE: comment,
    }
