"""The sources that the demo company can be written for: a line for each, with what it holds.

A new one is a module with a `deliver` like the others', and a line here. Where it shares a topic
with a source that takes all of it so far, `sharing.py` needs a column for the topic, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.demo import (
    chargebee,
    cornerstone,
    delighted,
    dynamics,
    freshdesk,
    googleforms,
    hotjar,
    hr,
    hubspot,
    intercom,
    moodle,
    msforms,
    pipedrive,
    qualtrics,
    salesforce,
    sharing,
    shopify,
    stripe,
    surveymonkey,
    typeform,
    zendesk,
)
from pipelines.demo.assembly import Ledger
from pipelines.demo.company import Company
from pipelines.demo.forms import Question


@dataclass(frozen=True)
class Source:
    """A source that the demo company can be written for.

    Attributes:
        name: as its folder in landing is called.
        topics: what it can hold; see `sharing.py`.
        deliver: writes its deliveries: landing folder, company, faulty rows of each kind, seed,
            ledger.
        settings: what `sources.toml` has to say of it.
        questions: what its questions measure.
        response_id: the id, as it lands, of a response to the relationship survey, over the
            columns of `forms.answered`.
        deal_stages: what stages of its deals mean, where it doesn't say: pipeline, stage, outcome.
        plan_prices: what its plans cost, where it doesn't say: plan, amount, currency, interval.
    """

    name: str
    topics: tuple[str, ...]
    deliver: Callable[[Path, Company, int, int, Ledger], None]
    settings: str = ""
    questions: tuple[Question, ...] = ()
    response_id: Callable[[], pl.Expr] | None = None
    deal_stages: tuple[tuple[str, str, str], ...] = ()
    plan_prices: tuple[tuple[str, str, str, str], ...] = ()


def _survey_tool(
    name: str,
    deliver: Callable[[Path, Company, int, int, Ledger], None],
    questions: tuple[Question, ...],
    response_id: Callable[[], pl.Expr],
    settings: str = "",
) -> Source:
    return Source(name, (sharing.RESPONSES,), deliver, settings, questions, response_id)


_CRM_AND_DESK = (sharing.CUSTOMERS, sharing.CASES)
_DESK, _COURSES = (sharing.CASES,), (sharing.COURSES,)

SOURCES: tuple[Source, ...] = (
    Source("salesforce", _CRM_AND_DESK, salesforce.deliver),
    Source(
        "hubspot",
        _CRM_AND_DESK,
        hubspot.deliver,
        hubspot.SETTINGS,
        deal_stages=hubspot.DEAL_STAGES,
    ),
    Source("pipedrive", (sharing.CUSTOMERS,), pipedrive.deliver, pipedrive.SETTINGS),
    Source("dynamics", _CRM_AND_DESK, dynamics.deliver, dynamics.SETTINGS),
    Source("zendesk", _DESK, zendesk.deliver),
    Source("freshdesk", _DESK, freshdesk.deliver, freshdesk.SETTINGS),
    Source("intercom", _DESK, intercom.deliver),
    _survey_tool(
        "qualtrics",
        qualtrics.deliver,
        qualtrics.QUESTIONS,
        qualtrics.response_id,
        qualtrics.SETTINGS,
    ),
    _survey_tool(
        "surveymonkey",
        surveymonkey.deliver,
        surveymonkey.QUESTIONS,
        surveymonkey.response_id,
        surveymonkey.SETTINGS,
    ),
    _survey_tool("typeform", typeform.deliver, typeform.QUESTIONS, typeform.response_id),
    _survey_tool("delighted", delighted.deliver, delighted.QUESTIONS, delighted.response_id),
    _survey_tool("hotjar", hotjar.deliver, hotjar.QUESTIONS, hotjar.response_id, hotjar.SETTINGS),
    _survey_tool(
        "googleforms",
        googleforms.deliver,
        googleforms.QUESTIONS,
        googleforms.response_id,
        googleforms.SETTINGS,
    ),
    _survey_tool(
        "msforms", msforms.deliver, msforms.QUESTIONS, msforms.response_id, msforms.SETTINGS
    ),
    Source("shopify", (sharing.ORDERS,), shopify.deliver),
    Source("stripe", (sharing.BILLING,), stripe.deliver),
    Source(
        "chargebee",
        (sharing.BILLING,),
        chargebee.deliver,
        chargebee.SETTINGS,
        plan_prices=chargebee.PLAN_PRICES,
    ),
    Source("cornerstone", _COURSES, cornerstone.deliver, cornerstone.SETTINGS),
    Source("moodle", _COURSES, moodle.deliver, moodle.SETTINGS),
    Source("hr", (sharing.EMPLOYEES,), hr.deliver),
)
"""In the order in which records are dealt out, and their files written."""

DEFAULT_SOURCES = ("salesforce", "qualtrics", "shopify", "stripe", "cornerstone")
ALL = "all"
