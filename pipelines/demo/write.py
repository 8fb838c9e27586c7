"""Writes the demo company: its deliveries in the vendors' own formats, and the planted truth."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.demo import investments, names, reference
from pipelines.demo.assembly import Ledger
from pipelines.demo.company import Company, draw_company
from pipelines.demo.faults import rows_of_a_kind
from pipelines.demo.forms import COMMENTS
from pipelines.demo.periods import DAY, Array
from pipelines.demo.replies import first_contacts
from pipelines.demo.salesforce import user_id
from pipelines.demo.sharing import share_out
from pipelines.demo.sources import ALL, DEFAULT_SOURCES, SOURCES, Source
from pipelines.demo.subscriptions import CALLED_BACK, LATE_DAYS, STANDINGS, Billing
from pipelines.demo.surveys import (
    ANONYMOUS,
    BANDS,
    BY_EMAIL,
    DETRACTOR,
    PASSIVE,
    PROMOTER,
    promoter_shares,
)
from pipelines.demo.training import COURSES, EMPATHY, expected_lift, first_completions
from pipelines.demo.truth import (
    AnswerMonth,
    BandChurn,
    BandTheme,
    CourseTruth,
    DemoTruth,
    InvestmentTruth,
    Parameters,
    SubscriptionMonth,
)

CUSTOMERS, MONTHS, SEED = 5_000, 24, 7
"""The demo company that one gets without asking for another."""

SETTINGS = """\
reporting_currency = "USD"
yearly_discount_rate = 0.10
"""

IMPACT_DAYS = 90
"""The days before and after a course that the mart compares."""

INVESTMENT_DAYS = 180
"""The days before and after an investment that the mart compares."""


class DemoRefused(Exception):
    """The demo can't be written here; the message says why, and what to do."""


def write_demo(
    home: Path,
    *,
    customers: int = CUSTOMERS,
    months: int = MONTHS,
    seed: int = SEED,
    sources: Sequence[str] = DEFAULT_SOURCES,
    parameters: Parameters | None = None,
) -> DemoTruth:
    """Write a demo company's deliveries, settings and planted truth.

    Each customer, case, response and course is written by one of the sources that can hold it, in
    turn where several can; what none can hold isn't written, while people's own lists always are.

    The same arguments give the same bytes. Months end with October 2026; each source delivers on
    a month's last day, the CRM quarterly above 50,000 customers and half-yearly above 500,000,
    because it always delivers every record. The deliveries appear in landing all at once, when
    everything else is in place; a killed run leaves landing as empty as it was.

    Args:
        home: `CX_HOME`; deliveries go to `landing/`, the truth to `demo/truth.json`, settings to
            `sources.toml` unless there is one.
        customers: how many; each has at least one order that counts.
        months: how many months of history.
        seed: what the draws begin with.
        sources: who exports it; `all` for everyone known.
        parameters: what the company is drawn from; the defaults when None.

    Returns:
        The planted truth, as written.

    Raises:
        DemoRefused: landing isn't empty, a number is too small, or a source isn't known.
    """
    chosen = chosen_sources(sources)
    if customers < 1 or months < 1:
        raise DemoRefused(
            f"A demo of {customers} customers and {months} months is empty. Ask for at least 1."
        )
    landing = (home / "landing").resolve()
    _require_empty(landing)
    writing = landing.with_name(f".{landing.name}.writing")
    if writing.exists():
        shutil.rmtree(writing)
    writing.mkdir(parents=True, mode=0o700)
    company = share_out(
        draw_company(customers, months, seed, parameters or Parameters()), _holders(chosen)
    )
    each = rows_of_a_kind(customers, months)
    ledger = Ledger()
    reference.deliver(writing, company, chosen, ledger)
    for source in chosen:
        source.deliver(writing, company, each, seed, ledger)
    settings = home / "sources.toml"
    if not settings.exists():
        sections = [SETTINGS, *(source.settings for source in chosen if source.settings)]
        settings.write_text("\n".join(sections), "utf-8")
    truth = planted_truth(company, seed, ledger)
    (home / "demo").mkdir(exist_ok=True)
    truth.write(home / "demo" / "truth.json")
    _require_empty(landing)
    os.rename(writing, landing)
    return truth


def chosen_sources(named: Sequence[str]) -> tuple[Source, ...]:
    """The sources of these names, in their usual order; `all` names every one.

    Raises:
        DemoRefused: one isn't known, or there is none.
    """
    known = [source.name for source in SOURCES]
    unknown = [name for name in named if name not in (*known, ALL)]
    if unknown or not named:
        what = f"{unknown[0]!r} is no source of the demo" if unknown else "No source is named"
        raise DemoRefused(f"{what}. Choose among {', '.join(sorted(known))}, or {ALL}.")
    return tuple(source for source in SOURCES if source.name in named or ALL in named)


def _holders(chosen: Sequence[Source]) -> dict[str, list[str]]:
    """The names of the chosen sources by topic."""
    holders: dict[str, list[str]] = {}
    for source in chosen:
        for topic in source.topics:
            holders.setdefault(topic, []).append(source.name)
    return holders


def _require_empty(landing: Path) -> None:
    """Nobody's own deliveries are ever mixed with invented ones, or replaced by them."""
    if not landing.is_dir():
        return
    for folder in landing.iterdir():
        try:
            folder.rmdir()  # a source's folder without a delivery
        except OSError:
            raise DemoRefused(
                f"{landing}: holds {folder.name} already. Choose an empty CX_HOME for the demo."
            ) from None


def planted_truth(company: Company, seed: int, ledger: Ledger) -> DemoTruth:
    """Count what was drawn."""
    calendar, billing = company.calendar, company.billing
    responses = company.responses.filter(pl.col("recorded") < calendar.end)
    ratings = company.ratings.filter(pl.col("recorded") < calendar.end)
    answered_in = calendar.delivery_of(responses["ended"].to_numpy())
    band = responses["band"].fill_null(-1).to_numpy()
    promoters, detractors = _shares_by_month(company, responses)
    by_band = [
        np.bincount(answered_in[band == each], minlength=calendar.months)
        for each in (PROMOTER, PASSIVE, DETRACTOR)
    ]
    odds = company.parameters.churn
    return DemoTruth(
        customers=company.customers.height,
        months=calendar.months,
        seed=seed,
        first_month=calendar.month_names[0],
        delivered_on=tuple(day.isoformat() for day in calendar.deliveries),
        parameters=company.parameters,
        counts=_counts(company, responses, ratings),
        nps_by_month=tuple(
            AnswerMonth(
                month,
                float(promoters[at]),
                float(detractors[at]),
                *(int(count[at]) for count in by_band),
            )
            for at, month in enumerate(calendar.month_names)
        ),
        themes_by_band=tuple(_themes(company, responses)),
        churn_by_band=tuple(
            BandChurn(name, getattr(odds, name), int(billing.at_risk[at]), int(billing.churned[at]))
            for at, name in enumerate(STANDINGS)
        ),
        call_back_effect=_call_back_effect(billing),
        subscriptions_by_month=tuple(
            SubscriptionMonth(
                month,
                currency,
                int(billing.in_force[at, is_euro]),
                _in_units(billing.recurring[at, is_euro]),
            )
            for at, month in enumerate(calendar.month_names)
            for is_euro, currency in enumerate(("USD", "EUR"))
        ),
        courses=_courses(company),
        investments=_investments(company, responses),
        deliveries=ledger.deliveries(),
        faults=tuple(ledger.faults),
    )


def _call_back_effect(billing: Billing) -> float | None:
    called, others = CALLED_BACK, DETRACTOR
    if not (billing.watched[called] and billing.watched[others]):
        return None
    shares = billing.expected / np.maximum(billing.watched, 1)
    return float(shares[called] - shares[others])


def _shares_by_month(company: Company, responses: pl.DataFrame) -> tuple[Array, Array]:
    """The shares of promoters and detractors by month, given whom the support line reached."""
    calendar, parameters = company.calendar, company.parameters
    promoters, detractors = promoter_shares(calendar, parameters.loyalty)
    answered = responses.drop_nulls("band")
    month = calendar.delivery_of(answered["ended"].to_numpy())
    count = np.bincount(month, minlength=calendar.months)
    reached = np.bincount(month, answered["is_reached"].to_numpy(), calendar.months)
    rising = parameters.investments.one_band_higher * reached / np.maximum(count, 1)
    passives = 1 - promoters - detractors
    return promoters + rising * passives, detractors * (1 - rising)


def _investments(company: Company, responses: pl.DataFrame) -> tuple[InvestmentTruth, ...]:
    lift = investments.expected_lift(
        responses, INVESTMENT_DAYS, company.calendar, company.parameters.investments
    )
    return tuple(
        InvestmentTruth(
            each.what,
            each.dimension,
            each.value,
            investments.started_on(company.calendar),
            lift if each == investments.SUPPORT_LINE else 0.0,
        )
        for each in (investments.SUPPORT_LINE, investments.NEWSLETTER)
    )


def _courses(company: Company) -> tuple[CourseTruth, ...]:
    end = company.calendar.end
    parameters = company.parameters.training
    ratings = company.ratings.filter(pl.col("recorded") < end)
    return tuple(
        CourseTruth(
            title,
            tuple(
                first_completions(company.transcripts, course)
                .filter(pl.col("completed") < end // DAY)
                .select(user_id("user"))
                .to_series()
            ),
            expected_lift(ratings, IMPACT_DAYS, parameters) if course == EMPATHY else 0.0,
        )
        for course, title in enumerate(COURSES)
    )


def _themes(company: Company, responses: pl.DataFrame) -> Iterator[BandTheme]:
    """What the comments beside NPS answers are about, by band."""
    written = responses.filter(pl.col("band").is_not_null() & pl.col("comment").is_not_null())
    languages = company.people["language"].gather(written["person"])
    codes = [language[:2].lower() for language in names.LANGUAGES]
    for theme, words in names.THEME_WORDS.items():
        named = {language for language, _ in words}
        spoken = [at for at, code in enumerate(codes) if named & {None, code}]
        about = [COMMENTS.index(text) for text in names.THEME_COMMENTS[theme]]
        comments = written.filter(languages.is_in(spoken))
        for at, band in enumerate(BANDS[:3]):
            of_band = comments.filter(pl.col("band") == at)
            mentions = of_band.filter(pl.col("comment").is_in(about)).height
            yield BandTheme(band, theme, of_band.height, mentions)


def _in_units(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _counts(company: Company, responses: pl.DataFrame, ratings: pl.DataFrame) -> dict[str, int]:
    """What a build of all deliveries must find, as of the last of them."""
    end = company.calendar.end
    orders, customers = company.orders, company.customers
    counted = orders.filter("counts")
    refunded = pl.when(pl.col("refunded_at") < end).then("refund").otherwise(0)
    orders_a_customer = counted["customer"].value_counts()["count"]
    subscriptions = company.billing.subscriptions
    renewed = subscriptions.drop_nulls("renews").join(
        subscriptions.select("subscription", "ended_month"),
        left_on="renews",
        right_on="subscription",
    )
    payments = company.billing.payments
    cases = company.cases
    replies = company.correspondence.replies
    closed = first_contacts(company.case_events, replies).filter("is_closed")
    answered = {
        "nps_scores": responses["nps"],
        "relationship_csat_scores": responses["csat"],
        "support_csat_scores": ratings["csat"],
        "ces_scores": ratings["ces"],
    }
    accounts = company.account_versions
    followed = company.follow_ups
    tombstones = accounts.filter("is_deleted").height
    changed = (
        accounts.filter((pl.col("since") < end) & pl.col("customer").is_not_null())
        .group_by("account")
        .agg(pl.col("segment").n_unique())
    )
    net = {
        currency: counted.filter(pl.col("is_euro") == is_euro)
        .select((pl.col("subtotal") - refunded).sum())
        .item()
        for currency, is_euro in (("usd", False), ("eur", True))
    }
    return {
        "accounts": int(customers["in_crm"].sum()),
        "accounts_that_changed_segment": int((changed["segment"] > 1).sum()),
        "deleted_accounts": tombstones,
        "vanished_accounts": accounts.filter(
            ~pl.col("is_deleted") & pl.col("customer").is_null()
        ).height
        - tombstones,
        "shop_only_customers": int((~customers["in_crm"]).sum()),
        "contacts": company.people.filter(pl.col("in_crm") & (pl.col("created") < end)).height,
        "agents": company.staff.agent_count,
        "leaders": company.staff.team_count,
        "opportunities": company.opportunity_versions["opportunity"].n_unique(),
        "orders": orders.height,
        "order_lines": company.lines.height,
        "countable_orders": counted.height,
        "cancelled_orders": orders.filter(pl.col("cancelled_at") < end).height,
        "voided_orders": orders.filter("is_voided").height,
        "refunded_countable_orders": counted.filter(pl.col("refunded_at") < end).height,
        "customers_with_repeat_orders": int((orders_a_customer > 1).sum()),
        "net_revenue_usd_cents": int(net["usd"]),
        "net_revenue_eur_cents": int(net["eur"]),
        "cases": cases.height,
        "closed_cases": cases.filter(pl.col("closed") < end).height,
        "touched_cases": cases.filter(pl.col("touched") < end).height,
        "follow_ups": followed.height,
        "follow_ups_contacted": followed.filter(pl.col("contacted") < end).height,
        "follow_ups_contacted_in_time": followed.filter(
            pl.col("contacted") <= pl.col("due")
        ).height,
        "follow_ups_closed": followed.filter(pl.col("closed") < end).height,
        "agent_replies": replies.height,
        "answered_cases": replies["case"].n_unique(),
        "cases_resolved_at_first_contact": closed.filter(
            pl.col("is_direct") & (pl.col("replies") == 1)
        ).height,
        "cases_not_resolved_at_first_contact": closed.filter(
            ~pl.col("is_direct") | (pl.col("replies") > 1)
        ).height,
        "relationship_responses": responses.height,
        "support_responses": ratings.height,
        "responses_by_email_only": sum(
            frame.filter(pl.col("naming") == BY_EMAIL).height for frame in (responses, ratings)
        ),
        "anonymous_responses": sum(
            frame.filter(pl.col("naming") == ANONYMOUS).height for frame in (responses, ratings)
        ),
        "partial_responses": sum(
            frame.filter(~pl.col("finished")).height for frame in (responses, ratings)
        ),
        **{name: int(scores.count()) for name, scores in answered.items()},
        "subscriptions": subscriptions.height,
        "paid_subscriptions": subscriptions.filter(pl.col("paid_month") >= 0).height,
        "late_renewals": renewed.height,
        "late_renewals_after_a_months_end": renewed.filter(
            pl.col("ended_month_right") < pl.col("paid_month")
        ).height,
        "subscriptions_in_grace": subscriptions.filter(
            (pl.col("paid_month") >= 0)
            & (pl.col("ended_at") < end)
            & (pl.col("ended_at") // DAY + LATE_DAYS >= end // DAY)
            & ~pl.col("subscription").is_in(renewed["renews"].implode())
        ).height,
        "subscribers": subscriptions.filter(pl.col("paid_month") >= 0)["customer"].n_unique(),
        "payments": payments.height,
        "failed_payments": payments.filter("is_failed").height,
        "refunded_payments": payments.filter(pl.col("refunded_at") < end).height,
    }
