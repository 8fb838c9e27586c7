"""What is planted in the demo company: the parameters it is drawn from, and what came of them.

Belongs here: the shape of `demo/truth.json`, written and read. Does not belong here: any drawing
(`company.py`, …) or the faults themselves (`faults.py`).
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Purchases:
    """How often customers buy: BG/NBD, time in weeks, one population for all.

    A customer's rate is Gamma(r, rate alpha) purchases a week; after each repeat purchase the
    customer leaves for ever with a probability that is Beta(a, b).
    """

    r: float = 1.2
    alpha: float = 10.0
    a: float = 0.8
    b: float = 3.2


@dataclass(frozen=True)
class Spend:
    """How much an order is worth in reporting currency: Gamma–Gamma.

    An order's value is Gamma(p, rate nu), a customer's nu is Gamma(q, rate v); the mean over
    customers is p·v / (q − 1).
    """

    p: float = 6.0
    q: float = 4.0
    v: float = 30.0


@dataclass(frozen=True)
class Churn:
    """How monthly subscriptions end and come back, as odds per calendar month.

    The band is that of the customer's latest answer to the NPS question before the month began;
    at risk is who was in force when it began. Yearly subscriptions end only at a renewal, with
    1 − (1 − monthly)^12.
    """

    promoter: float = 0.01
    passive: float = 0.025
    detractor: float = 0.08
    never_answered: float = 0.025
    called_back: float = 0.04
    """A detractor's who was called back about that answer before the month began."""

    returns: float = 0.04
    """Odds that who left two or more months ago starts again."""

    renews_late: float = 0.06
    """Odds that who leaves starts again within 14 days: who has renewed late, and isn't lost."""


@dataclass(frozen=True)
class Loyalty:
    """The shares of promoters and detractors among NPS answers, by month, on a straight line."""

    promoters_first: float = 0.42
    promoters_last: float = 0.50
    detractors_first: float = 0.28
    detractors_last: float = 0.20
    persistence: float = 0.6
    """Correlation of a person's successive answers, before they are cut into bands."""


@dataclass(frozen=True)
class Service:
    """How long until somebody works on a case, and how that moves the rating.

    Hours from New to Working are log-normal; ln(median) is shifted by team. P(satisfied, i.e. 4 or
    5 of 5) = logistic(intercept − slope · ln hours). Where a case gets a reply in writing, the
    first one sets it to Working.
    """

    median_hours: float = 4.0
    log_deviation: float = 1.0
    team_shifts: tuple[float, ...] = (0.5, -0.25, 0.0)
    intercept: float = 2.0
    slope: float = 0.6


@dataclass(frozen=True)
class Training:
    """What agents learn in the course "Empathy basics"; nobody learns a thing in the other one.

    So many of those who would have been dissatisfied are satisfied, from the day after the course
    through the last of so many days.
    """

    won_over: float = 0.75
    lasts_days: int = 120


@dataclass(frozen=True)
class Investments:
    """What the investment "Local support line" brings about; the other one brings about nothing.

    So many of its country's NPS answers fall a band higher from the day on which it began:
    detractors are passives, passives promoters.
    """

    one_band_higher: float = 0.4


@dataclass(frozen=True)
class Parameters:
    """Everything the company is drawn from."""

    purchases: Purchases = field(default_factory=Purchases)
    spend: Spend = field(default_factory=Spend)
    churn: Churn = field(default_factory=Churn)
    loyalty: Loyalty = field(default_factory=Loyalty)
    service: Service = field(default_factory=Service)
    training: Training = field(default_factory=Training)
    investments: Investments = field(default_factory=Investments)


@dataclass(frozen=True)
class DeliveryTruth:
    """Where every row of one delivery of one export belongs.

    Attributes:
        source: the vendor system.
        export: the kind of file.
        delivered_on: ISO date.
        read: data rows in the files (Shopify: lines).
        accepted: rows that the lake must hold.
        rejected: rows that quarantine must hold.
        duplicates: copies that give way to another row of their key.
        excluded: rows left out, by the contract's rule.
    """

    source: str
    export: str
    delivered_on: str
    read: int
    accepted: int
    rejected: int
    duplicates: int
    excluded: dict[str, int]


@dataclass(frozen=True)
class PlantedFault:
    """Rows of one kind of fault in one delivery, or a trait of one of its files.

    Attributes:
        kind: the fault's name.
        outcome: `rejected`, `duplicate`, `excluded`, or `accepted` for what must do no harm.
        source: the vendor system.
        export: the kind of file.
        delivered_on: ISO date.
        file: path within the delivery, archive member included.
        column: the contract's column or the question id that quarantine names, "" for a whole row.
        code: the reason code in quarantine, or the rule that excludes; "" for the other outcomes.
        rows: how many rows.
    """

    kind: str
    outcome: str
    source: str
    export: str
    delivered_on: str
    file: str
    column: str
    code: str
    rows: int


@dataclass(frozen=True)
class AnswerMonth:
    """Accepted answers to the NPS question whose response ended in a month (UTC).

    `promoter_share` and `detractor_share` are what they were drawn with, given how many of them
    the support line reached.
    """

    month: str
    promoter_share: float
    detractor_share: float
    promoters: int
    passives: int
    detractors: int


@dataclass(frozen=True)
class SubscriptionMonth:
    """Subscriptions in force (paid, no trials) on a month's last day, in one currency.

    `mrr` is in major units of the currency, as text with two decimals.
    """

    month: str
    currency: str
    subscriptions: int
    mrr: str


@dataclass(frozen=True)
class BandTheme:
    """What the comments beside one band's NPS answers are about.

    Attributes:
        band: detractor, passive or promoter.
        theme: the theme.
        comments: comments in the languages that the theme has words in.
        mentions: those that are about it.
    """

    band: str
    theme: str
    comments: int
    mentions: int


@dataclass(frozen=True)
class BandChurn:
    """Months at risk and endings of monthly subscriptions, by what the odds depended on.

    `band` is a band, or `called_back` for detractors who were.
    """

    band: str
    odds: float
    at_risk: int
    churned: int


@dataclass(frozen=True)
class CourseTruth:
    """One course that agents took.

    Attributes:
        course: its title.
        graduates: the Salesforce user ids of those who completed it.
        lift: by how much it raises the mean of its graduates' shares of satisfied ratings in the
            90 days after it, given how many would have been dissatisfied; 0 for one that does
            nothing, None where nobody was rated in these days.
    """

    course: str
    graduates: tuple[str, ...]
    lift: float | None


@dataclass(frozen=True)
class InvestmentTruth:
    """One investment.

    Attributes:
        what: what it was.
        dimension: what the group that it touched is one of.
        dimension_value: that group.
        started_on: ISO date of its first day.
        lift: by how many points it raises its group's NPS in the 180 days from then on, given who
            answered; 0 for one that does nothing, None where nobody answered in these days.
    """

    what: str
    dimension: str
    dimension_value: str
    started_on: str
    lift: float | None


@dataclass(frozen=True)
class DemoTruth:
    """The planted truth of one demo company.

    Attributes:
        customers: how many customers were asked for; each has at least one countable order.
        months: how many months, and deliveries of all but the reference lists.
        seed: what the draws began with.
        first_month: the first day of the first month.
        delivered_on: ISO dates of the deliveries, each the last day of a month.
        parameters: what the company was drawn from.
        counts: rows and totals by name, see `company.py`: of the whole company, which the usual
            sources hold.
        nps_by_month: the planted mix and the answers that were given.
        themes_by_band: what the comments beside NPS answers are about.
        churn_by_band: the planted odds and what came of them.
        call_back_effect: by how much the share of begun months in which a subscription ends is
            smaller, below 0, for detractors who were called back than for the others, in the year
            after their answer and given who paid; None where either is nobody.
        subscriptions_by_month: recurring revenue at each month's end.
        courses: who took them and what they do.
        investments: whom they touched and what they do.
        deliveries: the expected account of each delivery of each export.
        faults: what was planted where.
    """

    customers: int
    months: int
    seed: int
    first_month: str
    delivered_on: tuple[str, ...]
    parameters: Parameters
    counts: dict[str, int]
    nps_by_month: tuple[AnswerMonth, ...]
    themes_by_band: tuple[BandTheme, ...]
    churn_by_band: tuple[BandChurn, ...]
    call_back_effect: float | None
    subscriptions_by_month: tuple[SubscriptionMonth, ...]
    courses: tuple[CourseTruth, ...]
    investments: tuple[InvestmentTruth, ...]
    deliveries: tuple[DeliveryTruth, ...]
    faults: tuple[PlantedFault, ...]

    def write(self, path: Path) -> None:
        """Write as JSON, whole or not at all."""
        temporary = path.with_name(f"{path.name}.tmp")
        temporary.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")
        os.replace(temporary, path)

    @classmethod
    def read(cls, path: Path) -> "DemoTruth":
        """Read what `write` wrote."""
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        planted = content.pop("parameters")
        service = planted["service"]
        service["team_shifts"] = tuple(service["team_shifts"])
        for each in content["courses"]:
            each["graduates"] = tuple(each["graduates"])
        lists = {
            "nps_by_month": AnswerMonth,
            "themes_by_band": BandTheme,
            "churn_by_band": BandChurn,
            "subscriptions_by_month": SubscriptionMonth,
            "courses": CourseTruth,
            "investments": InvestmentTruth,
            "deliveries": DeliveryTruth,
            "faults": PlantedFault,
        }
        for name, kind in lists.items():
            content[name] = tuple(kind(**each) for each in content[name])
        content["delivered_on"] = tuple(content["delivered_on"])
        return cls(
            **content,
            parameters=Parameters(
                Purchases(**planted["purchases"]),
                Spend(**planted["spend"]),
                Churn(**planted["churn"]),
                Loyalty(**planted["loyalty"]),
                Service(**service),
                Training(**planted["training"]),
                Investments(**planted["investments"]),
            ),
        )
