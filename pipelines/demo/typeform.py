"""Typeform's responses, in UTC; who broke off has sent nothing."""

from datetime import date
from pathlib import Path

import polars as pl

from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, code, either, moment
from pipelines.demo.company import Company
from pipelines.demo.faults import RELATIONSHIP, SUPPORT
from pipelines.demo.forms import (
    Tool,
    address,
    answers,
    case_of,
    channel_columns,
    deliver_forms,
    questions,
    reference,
)

SOURCE = "typeform"
QUESTIONS = questions()

_FORMS = {RELATIONSHIP: "KoPTjofd", SUPPORT: "Qm3Rv8xL"}
_CODES = {RELATIONSHIP: "r", SUPPORT: "s"}


def response_id() -> pl.Expr:
    """The id of a response to the relationship survey."""
    return code(_CODES[RELATIONSHIP], "response")


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the surveys' deliveries; arguments as for `salesforce.deliver`."""
    deliver_forms(_TOOL, landing, company, each, seed, ledger)


def _layout(survey: str) -> Layout:
    finished, ended = pl.col("finished"), moment("ended")
    return {
        "#": code(_CODES[survey], "response"),
        **answers(survey, channel_columns()),
        "customer_id": reference(),
        "email": address(),
        **case_of(survey, "case_number"),
        "Response Type": either(finished, "completed", "partial"),
        "Start Date (UTC)": moment("started"),
        "Stage Date (UTC)": either(finished, None, ended),
        "Submit Date (UTC)": either(finished, ended, None),
        "Network ID": code("", "person", 2),
        "Tags": None,
        "Ending": None,
    }


def _file(survey: str, day: date) -> str:
    return f"responses-{_FORMS[survey]}-{day:%Y%m%d}.csv"


_TOOL = Tool(
    SOURCE,
    _file,
    {survey: _layout(survey) for survey in (RELATIONSHIP, SUPPORT)},
    {"#": code("t", "invented"), "customer_id": None, "email": None},
    rule="partial",
)
