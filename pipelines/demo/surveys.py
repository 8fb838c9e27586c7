"""Answers: the relationship survey (NPS, CSAT) and the survey after support (CSAT, CES)."""

import numpy as np
import polars as pl
from scipy.special import expit, ndtr

from pipelines.demo.periods import DAY, HOUR, Array, Calendar, draws, is_shown_twice
from pipelines.demo.truth import Loyalty, Service

ZONE = "America/Denver"
"""The zone that the surveys' exports are in."""

RESPONSE_SHARE, SMALL_RESPONSE_SHARE = 0.5, 0.7
MONTHS_BETWEEN_SURVEYS = 3
SMALL_COMPANY = 1_000
"""Below so many customers everybody is asked each month and more of them answer: there must be
enough answers for each kind of fault to stay below the limit of a delivery."""

RATED_SHARE = 0.6
PARTIAL_SHARE = 0.04
PARTIAL_TIMEOUT = 7 * DAY
"""A response that isn't finished is recorded when Qualtrics gives up on it."""

SKIPPED_SHARE = 0.03
DETRACTOR, PASSIVE, PROMOTER, NEVER_ANSWERED = range(4)
BANDS = ("detractor", "passive", "promoter", "never_answered")

KNOWN, BY_EMAIL, ANONYMOUS = range(3)
"""How a response names who answered: by external reference, by e-mail address, not at all."""


def promoter_shares(calendar: Calendar, parameters: Loyalty) -> tuple[Array, Array]:
    """The planted shares of promoters and detractors by month."""
    months = calendar.months
    return (
        np.linspace(parameters.promoters_first, parameters.promoters_last, months),
        np.linspace(parameters.detractors_first, parameters.detractors_last, months),
    )


def draw_responses(
    people: pl.DataFrame, calendar: Calendar, parameters: Loyalty, seed: int, customers: int
) -> pl.DataFrame:
    """The relationship survey's responses by the time they were recorded.

    Columns: response, person, customer, started, ended, recorded, finished, progress, naming,
    band (NULL when not answered), nps, csat, service_1 … service_3, comment.
    """
    random = draws(seed, "relationship survey")
    is_small = customers < SMALL_COMPANY
    every = 1 if is_small else MONTHS_BETWEEN_SURVEYS
    response_share = SMALL_RESPONSE_SHARE if is_small else RESPONSE_SHARE
    asked = people.filter("in_crm")
    person = asked["person"].to_numpy()
    joined = calendar.delivery_of(asked["created"].to_numpy())
    first = joined + 1 + random.integers(0, every, len(person))
    times = np.maximum(0, -(-(calendar.months - first) // every))
    who = np.repeat(np.arange(len(person)), times)
    round_number = np.arange(len(who)) - np.repeat(np.cumsum(times) - times, times)
    month = first[who] + every * round_number
    answers = random.random(len(who)) < response_share
    who, month = who[answers], month[answers]
    count = len(who)

    day = 1 + random.integers(0, 24, len(person))[who]
    started = calendar.moment(month, day, 0) + random.integers(0, 4 * DAY, count)
    ended = started + random.integers(20, 900, count)
    finished = random.random(count) >= PARTIAL_SHARE
    started, ended, recorded = _recorded(started, ended, finished)

    mood = random.normal(0, 1, len(person))[who] * parameters.persistence + random.normal(
        0, np.sqrt(1 - parameters.persistence**2), count
    )
    answered_in = np.minimum(calendar.delivery_of(ended), calendar.months - 1)
    promoters, detractors = promoter_shares(calendar, parameters)
    rank = ndtr(mood)
    band = np.where(
        rank < detractors[answered_in],
        DETRACTOR,
        np.where(rank >= 1 - promoters[answered_in], PROMOTER, PASSIVE),
    )
    score = np.select(
        [band == DETRACTOR, band == PASSIVE],
        [
            random.choice(7, count, p=(0.04, 0.04, 0.08, 0.14, 0.16, 0.22, 0.32)),
            7 + random.integers(0, 2, count),
        ],
        9 + random.integers(0, 2, count),
    )
    csat = np.clip(band + 2 + random.integers(-1, 2, count), 1, 5)
    skipped = random.random(count) < SKIPPED_SHARE
    language = asked["language"].to_numpy()[who]
    comment = np.where(
        (random.random(count) < 0.4) & finished,
        band * 12 + language * 3 + random.integers(0, 3, count),
        -1,
    )
    frame = pl.DataFrame(
        {
            "person": person[who],
            "customer": asked["customer"].to_numpy()[who],
            "started": started,
            "ended": ended,
            "recorded": recorded,
            "finished": finished,
            "progress": np.where(finished, 100, random.integers(20, 95, count)),
            "naming": _naming(random, count),
            "band": np.where(skipped, -1, band),
            "nps": np.where(skipped, -1, score),
            "csat": np.where(finished & (random.random(count) >= SKIPPED_SHARE), csat, -1),
            **{
                f"service_{number}": np.where(
                    finished, np.clip(csat + random.integers(-1, 2, count), 1, 5), -1
                )
                for number in (1, 2, 3)
            },
            "comment": comment,
        }
    )
    return _by_time(
        frame, ("band", "nps", "csat", "service_1", "service_2", "service_3", "comment")
    )


def draw_ratings(
    cases: pl.DataFrame, people: pl.DataFrame, calendar: Calendar, parameters: Service, seed: int
) -> pl.DataFrame:
    """The responses to the survey after a closed case, by the time they were recorded.

    Columns: response, case, person, started, ended, recorded, finished, progress, naming, csat,
    ces, channels (the multi-select's cell), comment.
    """
    random = draws(seed, "support survey")
    count = cases.height
    closed = cases["closed"].to_numpy()
    answers = (closed < calendar.end) & (random.random(count) < RATED_SHARE)
    hours = (cases["touched"] - cases["created"]).to_numpy() / HOUR
    satisfied = random.random(count) < expit(
        parameters.intercept - parameters.slope * np.log(hours)
    )
    csat = np.where(
        satisfied,
        random.choice([4, 5], count, p=(0.4, 0.6)),
        random.choice([1, 2, 3], count, p=(0.25, 0.30, 0.45)),
    )
    ces = np.where(
        satisfied, random.integers(5, 8, count), np.minimum(random.integers(1, 7, count), 6)
    )
    finished = random.random(count) >= PARTIAL_SHARE
    skipped = random.random(count) < SKIPPED_SHARE
    started, ended, recorded = _recorded(
        closed + random.integers(HOUR, 3 * DAY, count),
        random.integers(20, 600, count),
        finished,
        is_length=True,
    )
    channels = random.choice(8, count)
    language = people["language"].to_numpy()[cases["person"].to_numpy()]
    mood = np.where(csat >= 4, PROMOTER, np.where(csat == 3, PASSIVE, DETRACTOR))
    frame = pl.DataFrame(
        {
            "case": np.arange(count),
            "person": cases["person"].to_numpy(),
            "started": started,
            "ended": ended,
            "recorded": recorded,
            "finished": finished,
            "progress": np.where(finished, 100, random.integers(20, 95, count)),
            "naming": _naming(random, count),
            "csat": np.where(skipped, -1, csat),
            "ces": np.where(finished, ces, -1),
            "channels": np.where(finished, channels, 0),
            "comment": np.where(
                (random.random(count) < 0.4) & finished,
                mood * 12 + language * 3 + random.integers(0, 3, count),
                -1,
            ),
        }
    ).filter(pl.Series(answers))
    return _by_time(frame, ("csat", "ces", "comment"))


def _recorded(
    started: Array, ended: Array, finished: Array, *, is_length: bool = False
) -> tuple[Array, Array, Array]:
    """Start, end and record times that no clock change makes ambiguous."""
    if is_length:
        ended = started + ended
    twice = is_shown_twice(started, ZONE) | is_shown_twice(ended, ZONE)
    started, ended = started + 3 * HOUR * twice, ended + 3 * HOUR * twice
    recorded = ended + np.where(finished, 1, PARTIAL_TIMEOUT)
    recorded = recorded + 3 * HOUR * is_shown_twice(recorded, ZONE)
    return started, ended, recorded


def _naming(random: np.random.Generator, count: int) -> Array:
    return random.choice([KNOWN, BY_EMAIL, ANONYMOUS], count, p=(0.96, 0.03, 0.01))


def _by_time(frame: pl.DataFrame, blank_below_zero: tuple[str, ...]) -> pl.DataFrame:
    return (
        frame.with_columns(
            pl.when(pl.col(name) >= 0).then(name).alias(name) for name in blank_below_zero
        )
        .sort("recorded", maintain_order=True)
        .with_row_index("response")
        .with_columns(pl.col("response").cast(pl.Int64))
    )
