"""Typeform's responses, CSV or JSON.

The CSV has a column per question, named by its text, then hidden fields, and nothing tells these
from questions: those that name a customer or a case are known by the usual names; others go into
`sources.toml`. In the JSON, of the Responses API or of webhooks, a question goes by its `ref`.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Answers, Timestamp, column, export, labels


@export(
    "typeform",
    "responses",
    files=("*.csv", "*.json"),
    key=("response_id",),
    modified="submitted_at",
    delivery="window",
    reader="typeform",
    zone="file",
    nulls=("0001-01-01 00:00:00", "0001-01-01T00:00:00Z"),
    known=(
        *("Stage Date (UTC)", "Network ID", "Tags", "Ending"),
        *labels(
            """
            form_id, landing_id, response_id, definition, variables,
            thankyou_screen_ref, calculated.score, outcome.id, outcome.title, ending.id, ending.ref,
            metadata.user_agent, metadata.platform, metadata.referer, metadata.browser
            """
        ),
    ),
    excluded={
        "started": pl.col("response_type") == "started",
        "partial": pl.col("response_type") == "partial",
    },
)
class TypeformResponses(pa.DataFrameModel):
    """One row per response, its answers inside it."""

    response_id: str = column("#", "Token", nullable=False, str_matches=r"^\w+$")
    response_type: str = column("Response Type", required=False)
    started_at: Timestamp = column("Start Date", nullable=False)
    submitted_at: Timestamp = column("Submit Date", nullable=False)
    email_pseudonym: str = column(
        "email", "email_address", "Email address", required=False, personal="email"
    )
    external_reference: str = column(
        "customer_id",
        "contact_id",
        "external_reference",
        required=False,
        personal="email_if_address",
    )
    case_number: str = column("case_number", "CaseNumber", required=False)
    survey: str = pa.Field(nullable=False)
    answers: Answers = pa.Field(nullable=False)  # type: ignore[valid-type]
    questions: str = pa.Field(nullable=False)

    @pa.dataframe_check(name="ended_after_it_started")
    def ended_after_it_started(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """A response can't end before it starts."""
        return data.lazyframe.select(pl.col("submitted_at") >= pl.col("started_at"))
