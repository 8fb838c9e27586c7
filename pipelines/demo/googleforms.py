"""Google Forms' responses: no ids, and times with the abbreviation of the form's zone."""

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

SOURCE = "googleforms"
SETTINGS = f"""\
[googleforms]
time_zone = "{ZONE}"
"""
QUESTIONS = questions()

_TIMESTAMP = moment("ended", "%Y/%m/%d %-I:%M:%S %p %Z", ZONE)


def response_id() -> pl.Expr:
    """The id of a response to the relationship survey, over all of them in the file's order.

    Responses of one second are counted.
    """
    number = pl.int_range(1, pl.len() + 1).over("ended")
    return pl.concat_str(pl.lit(RELATIONSHIP), _TIMESTAMP, number, separator="|")


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the surveys' deliveries; arguments as for `salesforce.deliver`."""
    deliver_forms(_TOOL, landing, company, each, seed, ledger)


def _layout(survey: str) -> Layout:
    return {
        "Timestamp": _TIMESTAMP,
        "Username": address(),
        **answers(survey, {CHANNELS_TEXT: channels_joined(";")}),
        "Customer ID": reference(),
        **case_of(survey, "Case number"),
    }


def _file(survey: str, day: date) -> str:
    return f"{survey}.csv"


_TOOL = Tool(
    SOURCE,
    _file,
    {survey: _layout(survey) for survey in (RELATIONSHIP, SUPPORT)},
    {"Username": None, "Customer ID": None},
)
