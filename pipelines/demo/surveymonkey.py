"""SurveyMonkey's responses: two header rows, words for scores, times in the account's zone."""

from datetime import date
from pathlib import Path

import polars as pl

from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, choice, either, header_line, moment
from pipelines.demo.company import Company
from pipelines.demo.faults import LIKELY, OVERALL, RELATIONSHIP, SUPPORT, SUPPORTED
from pipelines.demo.forms import (
    ANYTHING_ELSE,
    CHANNELS,
    CHANNELS_TEXT,
    REASON,
    Tool,
    address,
    answers,
    case_of,
    channel_columns,
    deliver_forms,
    named,
    questions,
    reference,
)
from pipelines.demo.surveys import ZONE

SOURCE = "surveymonkey"
SETTINGS = f"""\
[surveymonkey]
time_zone = "{ZONE}"
date_order = "month_first"
"""

_WORDS = (
    "Very dissatisfied", "Dissatisfied", "Neither satisfied nor dissatisfied", "Satisfied",
    "Very satisfied",
)  # fmt: skip
QUESTIONS = questions(";".join(f"{word}={score}" for score, word in enumerate(_WORDS, 1)))

_FORM = "%m/%d/%Y %I:%M:%S %p"
_FIRST_RESPONSE = {RELATIONSHIP: 118_000_000_001, SUPPORT: 119_000_000_001}


def response_id() -> pl.Expr:
    """The id of a response to the relationship survey."""
    return (pl.col("response") + _FIRST_RESPONSE[RELATIONSHIP]).cast(pl.String)


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the surveys' deliveries; arguments as for `salesforce.deliver`."""
    deliver_forms(_TOOL, landing, company, each, seed, ledger)


def _in_words(column: str) -> pl.Expr:
    return choice(_WORDS, pl.col(column) - 1)


def _layout(survey: str) -> Layout:
    score = pl.col("nps")
    worded: dict[str, Layout] = {
        RELATIONSHIP: {
            LIKELY: pl.when(score == 0)
            .then(pl.lit("Not at all likely - 0"))
            .when(score == 10)
            .then(pl.lit("Extremely likely - 10"))
            .otherwise(score.cast(pl.String)),
            OVERALL: _in_words("csat"),
        },
        SUPPORT: {SUPPORTED: _in_words("csat")},
    }
    return {
        "Respondent ID": pl.col("response") + _FIRST_RESPONSE[survey],
        "Collector ID": either(pl.lit(survey == SUPPORT), "430987655", "430987654"),
        "Start Date": moment("started", _FORM, ZONE),
        "End Date": moment("ended", _FORM, ZONE),
        "IP Address": pl.format("203.0.113.{}", pl.col("person") % 250),
        "Email Address": address(),
        "First Name": named("first"),
        "Last Name": named("last"),
        "Custom Data 1": reference(),
        **case_of(survey, "CaseNumber"),
        **answers(survey, channel_columns()),
        **worded[survey],
    }


def _header(layout: Layout) -> bytes:
    """Questions, and below them what of a question a column holds."""
    texts = [
        CHANNELS_TEXT if label == CHANNELS[0] else "" if label in CHANNELS else label
        for label in layout
    ]
    first_answer = list(layout).index("Custom Data 1") + 1
    options = [
        label
        if label in CHANNELS
        else "Open-Ended Response"
        if label in (REASON, ANYTHING_ELSE)
        else "Response"
        if at >= first_answer and label != "CaseNumber"
        else ""
        for at, label in enumerate(layout)
    ]
    return header_line(texts) + header_line(options)


def _file(survey: str, day: date) -> str:
    return f"{survey}.csv"


_TOOL = Tool(
    SOURCE,
    _file,
    {survey: _layout(survey) for survey in (RELATIONSHIP, SUPPORT)},
    {
        "Respondent ID": pl.col("invented"),
        "Email Address": None,
        "First Name": None,
        "Last Name": None,
        "Custom Data 1": None,
    },
    _header,
)
