"""Microsoft Forms' responses as a CSV saved of the workbook, in the zone of whoever exported it."""

from datetime import date
from pathlib import Path

import polars as pl

from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, moment
from pipelines.demo.company import Company
from pipelines.demo.faults import RELATIONSHIP, SUPPORT
from pipelines.demo.forms import (
    CHANNELS_TEXT,
    Tool,
    address,
    answers,
    case_of,
    channels_joined,
    deliver_forms,
    questions,
    reference,
)
from pipelines.demo.surveys import ZONE

SOURCE = "msforms"
SETTINGS = f"""\
[msforms]
time_zone = "{ZONE}"
date_order = "month_first"
"""
QUESTIONS = questions()

_FORM = "%-m/%-d/%y %-H:%M:%S"


def response_id() -> pl.Expr:
    """The id of a response to the relationship survey: survey, number and when it was begun."""
    begun = moment("started", zone=ZONE)
    return pl.concat_str(pl.lit(RELATIONSHIP), pl.col("response") + 1, begun, separator="|")


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the surveys' deliveries; arguments as for `salesforce.deliver`."""
    deliver_forms(_TOOL, landing, company, each, seed, ledger)


def _layout(survey: str) -> Layout:
    return {
        "ID": pl.col("response") + 1,
        "Start time": moment("started", _FORM, ZONE),
        "Completion time": moment("ended", _FORM, ZONE),
        "Email": address().fill_null("anonymous"),
        "Name": None,
        "Language": None,
        **answers(survey, {CHANNELS_TEXT: channels_joined(";", ends=True)}),
        "Customer ID": reference(),
        **case_of(survey, "Case number"),
    }


def _file(survey: str, day: date) -> str:
    return f"{survey}.csv"


_TOOL = Tool(
    SOURCE,
    _file,
    {survey: _layout(survey) for survey in (RELATIONSHIP, SUPPORT)},
    {"ID": pl.col("invented"), "Email": "anonymous", "Customer ID": None},
)
