"""Hotjar's responses, in the account's zone; a response is known by its URL."""

from datetime import date
from pathlib import Path

import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, choice, code, moment
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

SOURCE = "hotjar"
SETTINGS = f"""\
[hotjar]
time_zone = "{ZONE}"
"""
QUESTIONS = questions()

_SURVEYS = {RELATIONSHIP: 1_029_384, SUPPORT: 1_029_385}
_PAGES = ("account/billing", "orders", "help", "")
_DEVICES = ("desktop", "phone", "tablet")


def _url(survey: str, number: str) -> pl.Expr:
    return pl.format(f"https://insights.hotjar.com/s/{_SURVEYS[survey]}/responses/{{}}", number)


def response_id() -> pl.Expr:
    """The id of a response to the relationship survey."""
    return _url(RELATIONSHIP, "response")


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the surveys' deliveries; arguments as for `salesforce.deliver`."""
    deliver_forms(_TOOL, landing, company, each, seed, ledger)


def _layout(survey: str) -> Layout:
    page = choice(_PAGES, pl.col("response") % len(_PAGES))
    return {
        "Number": pl.col("response") + 1,
        "User": code("", "person", 1),
        "Date Submitted": moment("ended", zone=ZONE),
        "Country": choice(names.COUNTRY_NAMES, pl.col("person") % len(names.COUNTRY_NAMES)),
        "Source URL": pl.concat_str(pl.lit("https://www.example.com/"), page),
        "Device": choice(_DEVICES, pl.col("response") % len(_DEVICES)),
        "Browser": "Chrome 131.0.0",
        "OS": "Windows 10",
        "Hotjar User ID": code("", "person", 3),
        "Response URL": _url(survey, "response"),
        **answers(survey, {CHANNELS_TEXT: channels_joined(", ")}),
        "email": address(),
        "user_id": reference(),
        **case_of(survey, "case_number"),
    }


def _file(survey: str, day: date) -> str:
    return f"survey-{_SURVEYS[survey]}-{day}.csv"


_TOOL = Tool(
    SOURCE,
    _file,
    {survey: _layout(survey) for survey in (RELATIONSHIP, SUPPORT)},
    {"Response URL": _url(RELATIONSHIP, "invented"), "email": None, "user_id": None},
)
