"""Delighted's responses, in UTC: one row per score, as each of its surveys asks for one.

Who answers two questions of ours answers two of its surveys. Effort has five steps there and seven
in the drawn answers: 1 and 2 become 1, 6 becomes 5, so that those for whom it was easy stay so.
"""

from pathlib import Path

import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import Ledger
from pipelines.demo.cells import Layout, choice, either, header_line, moment
from pipelines.demo.company import Company
from pipelines.demo.faults import RELATIONSHIP, SUPPORT
from pipelines.demo.forms import COMMENTS, Question, address, answered, reference
from pipelines.demo.references import case_reference
from pipelines.demo.surveys import BY_EMAIL
from pipelines.demo.windows import WindowFile, deliver_windows

SOURCE = "delighted"
QUESTIONS: tuple[Question, ...] = (
    ("nps", "score", "nps", 0, 10, "9;10", "true", None, "Likely"),
    ("csat", "score", "csat", 1, 5, "4;5", "true", None, "Satisfied"),
    ("ces", "score", "ces", 1, 5, "4;5", "true", None, "Made it easy"),
)

_SURVEYS = ("nps", "csat", "ces")
_SCORES = ((RELATIONSHIP, "nps"), (RELATIONSHIP, "csat"), (SUPPORT, "csat"), (SUPPORT, "ces"))
"""What a response is asked for: the drawn survey and its score."""

_FIRST_RESPONSE, _FIRST_PERSON = 210_000_001, 1_042_000_001
_EFFORT = (1, 1, 2, 3, 4, 5, 5)


def response_id() -> pl.Expr:
    """The id of the answer to the NPS question in a response to the relationship survey."""
    return _id("response", 0).cast(pl.String)


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the surveys' deliveries; arguments as for `salesforce.deliver`."""
    responses = WindowFile(
        "responses",
        lambda day: f"delighted-responses-{day}.csv",
        _responses(company),
        _LAYOUT,
        {
            "Response ID": _id("invented", 0),
            "Name": None,
            "Email": None,
            "Customer ID": None,
            "Case Number": None,
        },
        header_line(_LAYOUT),
    )
    deliver_windows(landing, company.calendar, SOURCE, [responses], each, seed, ledger)


def _responses(company: Company) -> pl.DataFrame:
    """One row per score: the drawn response's columns, number (of the score), survey, score.

    The comment stands beside the first score; where there is none nobody can leave one.
    """
    columns = (
        "response", "person", "crm", "ended", "delivery", "naming", "email", "first", "last",
        "language", "comment", "case", "desk",
    )  # fmt: skip
    parts = []
    for number, (survey, column) in enumerate(_SCORES):
        score = pl.col(column).cast(pl.Int64)
        if column == "ces":
            score = pl.lit(pl.Series(_EFFORT)).gather(score - 1)
        parts.append(
            answered(company, survey, SOURCE)
            .filter(pl.col(column).is_not_null())
            .select(
                pl.col(
                    *(each for each in columns if survey == SUPPORT or each not in ("case", "desk"))
                ),
                pl.lit(number, pl.Int64).alias("number"),
                pl.lit(column).alias("survey"),
                score.alias("score"),
            )
        )
    rows = pl.concat(parts, how="diagonal").sort("ended", "number", "response")
    is_first = pl.col("number") == pl.col("number").min().over("response", pl.col("number") // 2)
    return rows.with_columns(pl.when(is_first).then("comment").alias("comment"))


def _id(response: str, number: int | pl.Expr) -> pl.Expr:
    return pl.col(response) * len(_SCORES) + number + _FIRST_RESPONSE


_IS_NAMED = pl.col("naming") <= BY_EMAIL
_LAYOUT: Layout = {
    "Response ID": _id("response", pl.col("number")),
    "Person ID": pl.col("person") + _FIRST_PERSON,
    "Name": pl.when(_IS_NAMED).then(
        pl.concat_str(
            choice(names.FIRST_NAMES, "first"), pl.lit(" "), choice(names.LAST_NAMES, "last")
        )
    ),
    "Email": address(),
    "Phone Number": None,
    "Survey Type": pl.col("survey"),
    "Score": pl.col("score"),
    "Comment": choice(COMMENTS, "comment"),
    "Permalink": None,
    "Tags": None,
    "Notes": None,
    "Created At (UTC)": moment("ended"),
    "Updated At (UTC)": moment("ended"),
    "Customer ID": reference(),
    "Case Number": case_reference(),
    "Locale": choice(names.LANGUAGES, "language").str.head(2).str.to_lowercase(),
    "Delighted Source": either(_IS_NAMED, "Email", "Link"),
    "Delighted Device Type": "Desktop",
    "Delighted Browser": "Chrome",
}
