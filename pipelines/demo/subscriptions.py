"""Subscriptions month by month: who starts, grows, leaves and returns, and every payment."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from pipelines.demo.periods import DAY, HOUR, NEVER, Array, Calendar, draws
from pipelines.demo.surveys import ANONYMOUS, BANDS, DETRACTOR, NEVER_ANSWERED
from pipelines.demo.truth import Churn

SUBSCRIBER_SHARE = 0.7
YEARLY_SHARE = 0.2
TRIAL_SHARE = 0.15
TRIAL_DAYS = 14
TRIAL_LOST_SHARE = 0.3
NEVER_PAID_SHARE = 0.03
INVOLUNTARY_SHARE = 0.2
FAILING_DAYS = 10
"""How long a payment is tried again before the subscription ends."""

RETRY_SHARE = 0.025
RETRY_AFTER = 5 * DAY
REFUND_SHARE = 0.01
GROWS, SHRINKS = 0.015, 0.007
"""Odds per month that a monthly subscription changes its quantity."""

LATE_DAYS = 14
"""Who starts again within so many days has renewed late: the marts' days of grace."""

PLANS = ("solo", "team", "business")
MONTHLY_CENTS = (2_900, 1_200, 4_000)
YEARLY_CENTS = (28_800, 12_000, 39_600)
"""A price for each plan; a twelfth of the yearly one is a whole number of cents."""

REASONS = ("too_expensive", "missing_features", "switched_service", "unused", "payment_failed")
PAYMENT_FAILED = 4

CALLED_BACK = len(BANDS)
STANDINGS = (*BANDS, "called_back")
"""What the odds of leaving depend on: the latest answer's band, and whether somebody called."""

WATCHED_MONTHS = 12
"""How long after an answer the mart watches who leaves."""

REGULAR, TRIAL_LOST, NEVER_PAID = range(3)


@dataclass(frozen=True)
class Billing:
    """What billers know.

    Attributes:
        subscriptions: one row per subscription: subscription, customer, kind, plan, is_yearly,
            cents (unit amount), quantity (at the start), created, paid_month, day, second,
            trial_end (NULL without a trial), cancelled_at, ended_at, ended_month, reason, renews
            (the subscription that it renews late, else NULL).
        quantities: one row per change of quantity: month, subscription, quantity.
        past_due: one row per month end at which a subscription's invoice is being retried.
        payments: one row per attempt, by time: payment, subscription, created, cents, is_failed,
            refunded_at, refund.
        at_risk: customer months at risk by standing, monthly subscriptions only.
        churned: how many of them ended.
        watched: customer months at risk by standing, in the year after an answer.
        expected: how many of these were to end, and not to be renewed within the month.
        recurring: monthly recurring cents at each month's end, by is_euro.
        in_force: subscriptions in force at each month's end, by is_euro.
    """

    subscriptions: pl.DataFrame
    quantities: pl.DataFrame
    past_due: pl.DataFrame
    payments: pl.DataFrame
    at_risk: Array
    churned: Array
    watched: Array
    expected: Array
    recurring: Array
    in_force: Array


@dataclass
class _Book:
    """The subscriptions written so far, column by column, and their payments."""

    started: dict[str, list[Array]] = field(default_factory=dict)
    paid: list[tuple[Array, Array, Array, Array]] = field(default_factory=list)
    count: int = 0

    def start(self, **columns: Array | int) -> Array:
        """Write new subscriptions; returns their numbers."""
        size = len(np.asarray(columns["customer"]))
        for name, values in columns.items():
            self.started.setdefault(name, []).append(
                np.broadcast_to(np.asarray(values, np.int64), size)
            )
        numbers = self.count + np.arange(size)
        self.count += size
        return numbers

    def pay(
        self, subscription: Array, moment: Array, cents: Array, *, failed: bool = False
    ) -> None:
        """Write payment attempts."""
        self.paid.append((subscription, moment, cents, np.full(len(subscription), failed)))


def draw_billing(
    customers: pl.DataFrame,
    responses: pl.DataFrame,
    follow_ups: pl.DataFrame,
    calendar: Calendar,
    parameters: Churn,
    seed: int,
) -> Billing:
    """Walk through the months, all customers at once."""
    random, late_random = draws(seed, "subscriptions"), draws(seed, "late renewals")
    count = customers.height
    odds = np.array([getattr(parameters, band) for band in STANDINGS])
    is_euro = customers["is_euro"].to_numpy().astype(np.int64)
    plan = customers["segment"].to_numpy()
    is_yearly = random.random(count) < YEARLY_SHARE
    cents = np.where(is_yearly, np.array(YEARLY_CENTS)[plan], np.array(MONTHLY_CENTS)[plan])
    quantity = np.where(
        plan == 0,
        1,
        np.where(plan == 1, random.integers(2, 21, count), random.integers(5, 61, count)),
    )
    start_month, day, second, has_trial, is_lost = _first_starts(customers, calendar, random)

    book = _Book()
    subscription = np.full(count, -1)
    paid_month = np.full(count, -1)
    left_in = np.full(count, NEVER)
    renews_in, renews_on = np.full(count, NEVER), np.zeros(count, np.int64)
    ended_at: list[tuple[Array, Array, Array, Array, Array]] = []
    changes: list[tuple[int, Array, Array]] = []
    past_due: list[tuple[int, Array]] = []
    kinds = len(STANDINGS)
    at_risk, churned = np.zeros(kinds, np.int64), np.zeros(kinds, np.int64)
    watched, expected = np.zeros(kinds, np.int64), np.zeros(kinds)
    recurring = np.zeros((calendar.months, 2), np.int64)
    in_force = np.zeros((calendar.months, 2), np.int64)
    band = np.full(count, NEVER_ANSWERED)
    called = np.full(count, NEVER)
    answered_in = np.full(count, -WATCHED_MONTHS - 1)
    answers = _answers_by_month(responses, follow_ups, calendar)

    for month in range(calendar.months):
        if month:
            who, said, called_at = answers[month - 1]
            band[who] = said  # by time, so that the last of several answers stays
            called[who], answered_in[who] = called_at, month - 1
        is_called = (band == DETRACTOR) & (called < calendar.starts[month])
        standing = np.where(is_called, CALLED_BACK, band)
        running = (subscription >= 0) & (left_in == NEVER)
        dice = random.random(count)
        monthly = running & ~is_yearly
        due = running & is_yearly & ((month - paid_month) % 12 == 0)
        chance = np.where(monthly, odds[standing], due * (1 - (1 - odds[standing]) ** 12))
        leaves = running & (dice < chance)
        fails = (random.random(count) < INVOLUNTARY_SHARE) & (day <= 18)
        is_late = late_random.random(count) < parameters.renews_late
        again_in, again_on = late_start(
            month,
            day + np.where(fails, FAILING_DAYS, 0),
            late_random.integers(1, LATE_DAYS + 1, count),
            calendar,
        )
        at_risk += np.bincount(standing[monthly], minlength=kinds)
        churned += np.bincount(standing[monthly & leaves], minlength=kinds)
        recent = running & (month - answered_in <= WATCHED_MONTHS)
        watched += np.bincount(standing[recent], minlength=kinds)
        missed = recent & ~(is_late & (again_in == month))
        expected += np.bincount(standing[missed], chance[missed], kinds)

        leaving = np.flatnonzero(leaves)
        moment = calendar.moment(month, day[leaving], second[leaving])
        is_unpaid = fails[leaving]
        for wait in (0, 3, 7):
            unpaid = leaving[is_unpaid]
            book.pay(
                subscription[unpaid],
                moment[is_unpaid] + wait * DAY,
                (cents * quantity)[unpaid],
                failed=True,
            )
        ends = moment + np.where(is_unpaid, FAILING_DAYS * DAY, 0)
        asked = np.where(is_unpaid, ends, ends - random.integers(DAY, 27 * DAY, len(leaving)))
        why = np.where(is_unpaid, PAYMENT_FAILED, random.integers(0, PAYMENT_FAILED, len(leaving)))
        ended_at.append((subscription[leaving], asked, ends, why, np.full(len(leaving), month)))
        left_in[leaving] = month
        back = leaves & is_late
        renews_in[back], renews_on[back] = again_in[back], again_on[back]

        changing = monthly & ~leaves & (plan > 0)
        grows, shrinks = changing & (dice > 1 - GROWS), changing & (dice < 1 - GROWS)
        shrinks &= (dice > 1 - GROWS - SHRINKS) & (quantity > 1)
        quantity = quantity + np.where(grows, 1 + quantity // 5, 0) - shrinks
        changed = np.flatnonzero(grows | shrinks)
        changes.append((month, subscription[changed], quantity[changed]))

        starting = start_month == month
        returning = (left_in <= month - 2) & (random.random(count) < parameters.returns) & ~starting
        day[returning] = random.integers(1, 29, returning.sum())
        renewing = renews_in == month
        day[renewing] = renews_on[renewing]
        lost = np.flatnonzero(starting & is_lost)
        begun = np.flatnonzero((starting & ~is_lost) | returning | renewing)
        first = calendar.moment(month, day, second)
        trial = has_trial & starting
        created = first - np.where(trial, TRIAL_DAYS * DAY, 0)
        common = {"plan": plan, "is_yearly": is_yearly, "cents": cents, "quantity": quantity}
        numbers = book.start(
            customer=begun,
            kind=REGULAR,
            created=created[begun],
            paid_month=month,
            day=day[begun],
            second=second[begun],
            trial_end=np.where(trial, first, -1)[begun],
            renews=np.where(renewing, subscription, -1)[begun],
            **{name: values[begun] for name, values in common.items()},
        )
        subscription[begun], paid_month[begun], left_in[begun] = numbers, month, NEVER
        renews_in[begun] = NEVER
        numbers = book.start(
            customer=lost,
            kind=TRIAL_LOST,
            created=created[lost],
            paid_month=-1,
            day=day[lost],
            second=second[lost],
            trial_end=first[lost],
            renews=-1,
            **{name: values[lost] for name, values in common.items()},
        )
        ended_at.append(
            (
                numbers,
                created[lost] + random.integers(DAY, TRIAL_DAYS * DAY, len(lost)),
                first[lost],
                random.integers(0, PAYMENT_FAILED, len(lost)),
                np.full(len(lost), month),
            )
        )

        paying = np.flatnonzero((monthly & ~leaves) | (due & ~leaves))
        paying = np.concatenate([paying, begun])
        moment = calendar.moment(month, day[paying], second[paying])
        retried = random.random(len(paying)) < RETRY_SHARE
        amounts = (cents * quantity)[paying]
        book.pay(subscription[paying[retried]], moment[retried], amounts[retried], failed=True)
        moment = moment + np.where(retried, RETRY_AFTER, 0)
        book.pay(subscription[paying], moment, amounts)
        late = paying[retried & (moment >= calendar.starts[month + 1])]
        past_due.append((month, subscription[late]))

        running = (subscription >= 0) & (left_in == NEVER)
        value = np.where(is_yearly, cents // 12, cents) * quantity
        recurring[month] = np.bincount(is_euro[running], value[running], 2).astype(np.int64)
        in_force[month] = np.bincount(is_euro[running], minlength=2)

    _never_paid(book, start_month, day, second, plan, cents, is_yearly, calendar, random)
    return Billing(
        _subscriptions(book, ended_at),
        pl.concat(
            [
                pl.DataFrame(
                    {"month": np.full(len(who), month), "subscription": who, "quantity": n}
                )
                for month, who, n in changes
            ]
        ),
        pl.concat(
            [
                pl.DataFrame({"month": np.full(len(who), month), "subscription": who})
                for month, who in past_due
            ]
        ),
        _payments(book, calendar, random),
        at_risk,
        churned,
        watched,
        expected,
        recurring,
        in_force,
    )


def late_start(
    month: int, ended_on: Array, after: Array, calendar: Calendar
) -> tuple[Array, Array]:
    """In which month, and on which of its days 1–28, begins what renews a subscription late.

    Args:
        month: the month in which it ended.
        ended_on: the day of the month on which it ended, 1–28.
        after: how many days later it is to be renewed; a day that is none of 1–28 gives way to the
            28th before it, or to the 1st after it where it had ended on the 28th.
        calendar: the months.
    """
    length = int(calendar.starts[month + 1] - calendar.starts[month]) // DAY
    on = ended_on + after
    is_same = (on <= length) & (ended_on < 28)
    return (
        np.where(is_same, month, month + 1),
        np.where(is_same, np.minimum(on, 28), np.maximum(on - length, 1)),
    )


def _first_starts(
    customers: pl.DataFrame, calendar: Calendar, random: np.random.Generator
) -> tuple[Array, Array, Array, Array, Array]:
    """Month, day and second of each subscriber's first payment; whether a trial comes before it.

    All happens on days 1–28, a trial within one month, so that every month has a billing day.
    """
    count = customers.height
    begins = customers["birth_day"].to_numpy() * DAY + (random.exponential(30, count) * DAY).astype(
        np.int64
    )
    month = calendar.delivery_of(begins)
    subscribes = (random.random(count) < SUBSCRIBER_SHARE) & (month < calendar.months)
    month = np.where(subscribes, month, -1)
    day = random.integers(1, 29, count)
    has_trial = random.random(count) < TRIAL_SHARE
    day = np.where(has_trial, TRIAL_DAYS + 1 + random.integers(0, 28 - TRIAL_DAYS, count), day)
    second = random.integers(6 * 60, 20 * 60, count) * 60
    return month, day, second, has_trial, has_trial & (random.random(count) < TRIAL_LOST_SHARE)


def _answers_by_month(
    responses: pl.DataFrame, follow_ups: pl.DataFrame, calendar: Calendar
) -> list[tuple[Array, Array, Array]]:
    """Customers, their bands and when they were called back, by the month of the answer.

    Within a month by time.
    """
    answered = (
        responses.filter(pl.col("band").is_not_null() & (pl.col("naming") != ANONYMOUS))
        .join(follow_ups.select("response", "contacted"), on="response", how="left")
        .sort("ended", "response")
    )
    month = calendar.delivery_of(answered["ended"].to_numpy())
    cuts = np.searchsorted(month, np.arange(calendar.months + 1))
    columns = [
        answered["customer"].to_numpy(),
        answered["band"].to_numpy(),
        answered["contacted"].fill_null(NEVER).to_numpy(),
    ]
    return [
        tuple(column[cuts[each] : cuts[each + 1]] for column in columns)  # type: ignore[misc]
        for each in range(calendar.months)
    ]


def _never_paid(
    book: _Book,
    start_month: Array,
    day: Array,
    second: Array,
    plan: Array,
    cents: Array,
    is_yearly: Array,
    calendar: Calendar,
    random: np.random.Generator,
) -> None:
    """Attempts a month before the real start whose first payment never came through."""
    subscribers = np.flatnonzero(start_month >= 0)
    failed = subscribers[random.random(len(subscribers)) < NEVER_PAID_SHARE]
    created = calendar.moment(start_month[failed], day[failed], second[failed]) - 30 * DAY
    numbers = book.start(
        customer=failed,
        kind=NEVER_PAID,
        created=created,
        paid_month=-1,
        day=day[failed],
        second=second[failed],
        trial_end=-1,
        renews=-1,
        plan=plan[failed],
        is_yearly=is_yearly[failed],
        cents=cents[failed],
        quantity=1,
    )
    book.pay(numbers, created, cents[failed], failed=True)


def _subscriptions(
    book: _Book, ended: list[tuple[Array, Array, Array, Array, Array]]
) -> pl.DataFrame:
    frame = pl.DataFrame({name: np.concatenate(parts) for name, parts in book.started.items()})
    number, asked, ends, why, month = (
        np.concatenate([each[position] for each in ended]) for position in range(5)
    )
    columns = {
        "cancelled_at": (np.full(book.count, NEVER), asked),
        "ended_at": (np.full(book.count, NEVER), ends),
        "reason": (np.full(book.count, -1), why),
        "ended_month": (np.full(book.count, -1), month),
    }
    for values, known in columns.values():
        values[number] = known
    return (
        frame.with_columns(pl.Series(name, values) for name, (values, _) in columns.items())
        .with_columns(
            pl.when(pl.col("kind") == NEVER_PAID)
            .then(pl.col("created") + 23 * HOUR)
            .otherwise("ended_at")
            .alias("ended_at"),
            pl.when(pl.col("trial_end") >= 0).then("trial_end").alias("trial_end"),
            *(pl.when(pl.col(each) >= 0).then(each).alias(each) for each in ("reason", "renews")),
            pl.col("is_yearly").cast(pl.Boolean),
        )
        .with_row_index("subscription")
        .with_columns(pl.col("subscription").cast(pl.Int64))
    )


def _payments(book: _Book, calendar: Calendar, random: np.random.Generator) -> pl.DataFrame:
    subscription, created, cents, failed = (
        np.concatenate([each[position] for each in book.paid]) for position in range(4)
    )
    known = created < calendar.end
    subscription, created, cents, failed = (
        each[known] for each in (subscription, created, cents, failed)
    )
    order = np.lexsort((subscription, created))
    subscription, created, cents, failed = (
        each[order] for each in (subscription, created, cents, failed)
    )
    count = len(order)
    is_refunded = (random.random(count) < REFUND_SHARE) & ~failed
    share = random.choice([100, 100, 30, 50], count)
    return pl.DataFrame(
        {
            "payment": np.arange(count),
            "subscription": subscription,
            "created": created,
            "cents": cents,
            "is_failed": failed,
            "refund": np.where(is_refunded, cents * share // 100, 0),
            "refunded_at": np.where(
                is_refunded, created + random.integers(HOUR, 25 * DAY, count), NEVER
            ),
        }
    )
