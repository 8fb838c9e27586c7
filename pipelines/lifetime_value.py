"""How many orders customers will still place, what those are worth, and how long subscribers stay.

Here: the BG/NBD, Gamma-Gamma and shifted-beta-geometric (sBG) models on plain NumPy arrays, their
fit, their forecasts and their hold-out error. Not here: which orders count, margins, currencies and
tables; those are settled in SQL before, and `forecast_lifetime_value` is what a dbt model calls.

Sources, by the names used below:

- Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way: BG/NBD.
- Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value.
- Fader & Hardie (2007), How to Project Customer Retention: sBG.
- Fader & Hardie (2010), Customer-Base Valuation in a Contractual Setting: residual lifetime.

A model never returns a number it can't stand behind: input that contradicts itself raises
`ValueError`, and data that don't determine a model raise `NoForecastError`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import OptimizeResult, minimize
from scipy.special import betaln, digamma, expit, gammaln

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LogLikelihood = Callable[[Floats], tuple[float, Floats]]

WEEKS_PER_MONTH = 365.25 / 7 / 12
HORIZONS = (12, 36)
MINIMUM_CUSTOMERS = 50
STRONG_CORRELATION = 0.3
FREQUENCY_CLASSES = (("0", 0, 0), ("1", 1, 1), ("2", 2, 2), ("3-4", 3, 4), ("5-9", 5, 9))
OPEN_FREQUENCY_CLASS = ("10+", 10)

# A parameter that reaches 10,000 times or one 10,000th of its scale is one the data can't tell from
# infinity or zero: forecasts no longer change with it, and the search stops there.
SEARCH_FACTOR = 1e4
# The slope of the mean log-likelihood that is left in the end, in its own standard errors: a climb
# aims at the first, and beyond the second the place is no maximum.
SLOPE_AIMED_AT = 1e-5
SLOPE_TOLERATED = 1e-3
# The likelihood is summed over parts of the table that stay in the processor's cache, and the right
# start is found on one such part.
ROWS_PER_PART = 16_384
# A model whose mean is this many times off the data's own mean doesn't describe the data.
PLAUSIBLE_FACTOR = 3.0
# Rows x 36 months that are in memory at a time: 19 MB.
ROWS_PER_BLOCK = 65_536


class NoForecastError(Exception):
    """The data don't determine the model; `reason` says why, in a sentence for the reader."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class BGNBD:
    """How often customers order and when they stop (Fader, Hardie & Lee 2005).

    While alive a customer orders at a rate drawn from Gamma(r, alpha), and after each repeat order
    drops out with a probability drawn from Beta(a, b). `alpha` is in the data's unit of time.

    Histories are arrays that broadcast: `frequency` = repeat purchases, `recency` = time from the
    first purchase to the last (0 without a repeat), `age` = time from the first purchase to now.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")
    customers: int = 0
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parameters that aren't positive and finite."""
        _check_parameters("BG/NBD", r=self.r, alpha=self.alpha, a=self.a, b=self.b)

    def probability_alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the probability that the customer hasn't dropped out; 1 without a repeat.

        The 1 is what the model says (nobody drops out before a first repeat), no sign of loyalty.
        """
        x, t_x, t_now = _histories(frequency, recency, age)
        log_odds_of_death = (
            np.log(self.a)
            - np.log(self.b + np.maximum(x, 1) - 1)
            + (self.r + x) * np.log1p((t_now - t_x) / (self.alpha + t_x))
        )
        return np.where(x > 0, expit(-log_odds_of_death), 1.0)

    def purchases_while_alive(self, t: ArrayLike, frequency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the purchases expected in the next `t` of a customer known to be alive now.

        Recency doesn't matter then, so that a population has few distinct rows. Computed as the
        mean of (1 - (1 + p u)^-(r + x)) / p over the drop-out probability p ~ Beta(a, b + x), with
        u = t / (alpha + age). This is the paper's equation 10 without 2F1, in which digits cancel
        near a = 1, for small t and for large b; here every term is positive.
        """
        horizon, x, t_now = np.broadcast_arrays(
            _numbers("t", t), _numbers("frequency", frequency), _numbers("age", age)
        )
        _check_frequency(x)
        _refuse(horizon < 0, "t must not be negative", t=horizon)
        _refuse(t_now < 0, "age must not be negative", age=t_now)
        elapsed = horizon / (self.alpha + t_now)
        purchases = np.zeros(elapsed.shape)
        flat_elapsed, flat_purchases = elapsed.ravel(), purchases.ravel()
        for value, rows in _rows_by_value(x.ravel()):
            flat_purchases[rows] = self._purchases_of_one_frequency(value, flat_elapsed[rows])
        return purchases

    def expected_purchases(
        self, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
    ) -> Floats:
        """Return the purchases expected in the next `t` given the history (equation 10)."""
        return self.probability_alive(frequency, recency, age) * self.purchases_while_alive(
            t, frequency, age
        )

    def expected_purchases_new(self, t: ArrayLike) -> Floats:
        """Return the repeat purchases expected of a new customer in the first `t` (equation 9)."""
        return self.purchases_while_alive(t, 0, 0)

    def expected_purchases_by_month(
        self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, months: int = 36
    ) -> Floats:
        """Return purchases expected within 1 to `months` months: shape (customers, months).

        Cumulative, for one-dimensional histories in weeks. Only distinct (frequency, age) are
        evaluated; a million customers still fill 288 MB, which `forecast_lifetime_value` avoids.
        """
        x, t_x, t_now = _histories(
            np.atleast_1d(frequency), np.atleast_1d(recency), np.atleast_1d(age)
        )
        (distinct_x, distinct_now), row = _distinct(x, t_now)
        return (
            self.probability_alive(x, t_x, t_now)[:, None]
            * self._months_while_alive(distinct_x, distinct_now, months)[row]
        )

    def _months_while_alive(self, frequency: Floats, age: Floats, months: int) -> Floats:
        weeks = WEEKS_PER_MONTH * np.arange(1, months + 1)
        purchases = self.purchases_while_alive(weeks, frequency[:, None], age[:, None])
        # Where purchases have stopped growing, interpolation may step back in the 13th digit.
        return np.maximum.accumulate(purchases, axis=1)

    def _purchases_of_one_frequency(self, frequency: float, elapsed: Floats) -> Floats:
        p, weight = _beta_average(self.a, self.b + frequency)
        shape = self.r + frequency

        def exact(u: Floats) -> Floats:
            purchases = -np.expm1(-shape * np.log1p(np.outer(u, p))) * (weight / p)
            mean: Floats = purchases.sum(axis=1)
            return mean

        # Purchases per elapsed time are analytic in log(1 + elapsed) wherever |Im| < pi, so that a
        # short Chebyshev series has all digits; it replaces 200 powers per row by 20 products.
        top = np.log1p(elapsed.max())
        if top == 0:
            return np.zeros(elapsed.shape)

        def rate(y: Floats) -> Floats:
            u: Floats = np.expm1((y + 1) / 2 * top)
            return exact(u) / u

        for degree in (16, 32, 64, 128, 256):
            if degree >= elapsed.size:
                break
            # NumPy's annotation wants a function of one number, its code one of an array.
            series: Floats = chebyshev.chebinterpolate(rate, degree)  # type: ignore[arg-type]
            if np.abs(series[-3:]).max() <= 1e-13 * np.abs(series).max():
                y = 2 * np.log1p(elapsed) / top - 1
                rates: Floats = chebyshev.chebval(y, series)
                return elapsed * rates
        return np.concatenate(
            [exact(part) for part in np.array_split(elapsed, 1 + elapsed.size // 4096)]
        )


@dataclass(frozen=True)
class GammaGamma:
    """What an order is worth (Fader & Hardie 2013).

    Order values vary around a customer's mean as Gamma(p, nu), and nu between customers as
    Gamma(q, v). Needs q > 1: otherwise the population has no finite mean.
    """

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")
    customers: int = 0
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parameters that aren't positive and finite, and q of 1 or less."""
        _check_parameters("Gamma-Gamma", p=self.p, q=self.q, v=self.v)
        if self.q <= 1:
            raise ValueError(f"Gamma-Gamma: q must be above 1 for a finite mean, not {self.q:g}")

    @property
    def population_mean(self) -> float:
        """The expected order value of a customer of whom no repeat order is known."""
        return self.p * self.v / (self.q - 1)

    def expected_value(self, frequency: ArrayLike, mean_value: ArrayLike) -> Floats:
        """Return the expected value of an order, from `frequency` repeats of mean `mean_value`.

        A weighted mean of the customer's own and the population's; `mean_value` is not read (and
        may be NaN) where `frequency` is 0.
        """
        x, mean = np.broadcast_arrays(
            _numbers("frequency", frequency), np.asarray(mean_value, dtype=np.float64)
        )
        _check_frequency(x)
        mean = np.where(x > 0, mean, 0.0)
        _refuse(~np.isfinite(mean), "mean_value must be a finite number", mean_value=mean)
        _refuse(mean < 0, "mean_value must not be negative", mean_value=mean)
        value: Floats = self.p * (self.v + x * mean) / (self.p * x + self.q - 1)
        return value


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """How long subscribers stay (Fader & Hardie 2007).

    Each renewal is refused with a probability drawn, per customer, from Beta(alpha, beta). Time is
    counted in renewals: period 1 ends with the first of them.
    """

    alpha: float
    beta: float
    log_likelihood: float = float("nan")
    customers: int = 0
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parameters that aren't positive and finite."""
        _check_parameters("sBG", alpha=self.alpha, beta=self.beta)

    def survival(self, t: ArrayLike) -> Floats:
        """Return the share of customers who are still there after `t` renewals; 1 for t = 0."""
        periods = _numbers("t", t)
        _refuse(periods < 0, "t must not be negative", t=periods)
        log_share = betaln(self.alpha, self.beta + periods) - betaln(self.alpha, self.beta)
        share: Floats = np.exp(log_share)
        return share

    def retention_rate(self, t: ArrayLike) -> Floats:
        """Return the share of those still there before renewal `t` (1, 2, ...) who renew."""
        periods = _numbers("t", t)
        _refuse(periods < 1, "t counts renewals from 1", t=periods)
        return (self.beta + periods - 1) / (self.alpha + self.beta + periods - 1)

    def discounted_expected_residual_lifetime(
        self, active_periods: ArrayLike, discount_rate: float
    ) -> Floats:
        """Return the discounted number of renewals to come (Fader & Hardie 2010).

        For a customer in period `active_periods` (1, 2, ...; that many less one renewals made),
        just before its renewal: that next renewal counts undiscounted, each later one by another
        1 / (1 + `discount_rate`), a rate per period. Without discount the sum is infinite for
        alpha <= 1, hence the rate must be above 0.
        """
        periods = _numbers("active_periods", active_periods)
        _refuse(periods < 1, "active_periods counts from 1", active_periods=periods)
        if not (np.isfinite(discount_rate) and discount_rate > 0):
            raise ValueError(f"discount_rate must be above 0 per period, not {discount_rate!r}")
        residual = np.zeros(periods.shape)
        flat = residual.ravel()
        for value, rows in _rows_by_value(periods.ravel()):
            # The refusal probability theta of survivors is Beta(alpha, beta + periods - 1), and
            # the geometric sum over renewals is (1 - theta)(1 + d) / (theta + d).
            theta, weight = _beta_average(self.alpha, self.beta + value - 1)
            lifetime = (1 - theta) * (1 + discount_rate) / (theta + discount_rate)
            flat[rows] = _dot(weight, lifetime)
        return residual


@dataclass(frozen=True)
class PurchaseSummary:
    """One row per customer, in order of `customer`: the history that BG/NBD needs, in weeks."""

    customer: Integers
    first_day: Integers
    frequency: Floats
    recency_weeks: Floats
    age_weeks: Floats


@dataclass(frozen=True)
class HoldOutError:
    """How far a forecast from the past is from what then happened, for one class of customers.

    `frequency_class` is "all" or the class of repeat purchases at the split. `bias` is predicted /
    actual - 1 of the totals; NaN where nothing was bought. The mean error of no customers is NaN.
    """

    frequency_class: str
    customers: int
    actual_purchases: int
    predicted_purchases: float
    mean_absolute_error: float
    bias: float


@dataclass(frozen=True)
class LifetimeValueForecast:
    """Forecasts per customer, in the order of the input, and the models behind them.

    Where a model couldn't be fitted, `reason` says why, the model is None and every array that
    rests on it is all NaN: on `bg_nbd` all but `expected_order_value`, on `gamma_gamma` the order
    value and both CLVs.
    """

    probability_alive: Floats
    expected_orders_12m: Floats
    expected_order_value: Floats
    predicted_clv_12m: Floats
    predicted_clv_36m: Floats
    bg_nbd: BGNBD | None
    gamma_gamma: GammaGamma | None
    value_frequency_correlation: float
    reason: str | None
    warnings: tuple[str, ...]


def fit_bg_nbd(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    count: ArrayLike | None = None,
) -> BGNBD:
    """Fit BG/NBD by maximum likelihood; the unit of time is the caller's.

    Args:
        frequency: repeat purchases x per row, whole numbers from 0.
        recency: time t_x from first to last purchase; 0 where x is 0, never above `age`.
        age: time T from first purchase to now.
        count: customers per row; one each if absent. Rows may repeat: equal rows are added up
            first, and the cost of the fit depends on distinct rows only.

    Raises:
        ValueError: impossible input, with the row.
        NoForecastError: fewer than 50 repeat customers, no maximum, or an implausible one.
    """
    x, t_x, t_now = _histories(frequency, recency, age)
    (x, t_x, t_now), customers = _counted((x, t_x, t_now), count)
    repeat_customers = int(customers[x > 0].sum())
    if repeat_customers < MINIMUM_CUSTOMERS:
        raise NoForecastError(
            f"BG/NBD: {repeat_customers} customers bought again; "
            f"at least {MINIMUM_CUSTOMERS} are needed"
        )
    if x.max() < 2:
        raise NoForecastError("BG/NBD: nobody bought again twice, so that drop-out can't be told")
    total = int(customers.sum())
    fit = _maximise(
        "BG/NBD",
        ("r", "alpha", "a", "b"),
        scales=np.array([1.0, _dot(customers, t_now) / total, 1.0, 1.0]),
        starts=((0.3, 0.2, 0.8, 2.5), (1.0, 1.0, 0.2, 2.0), (4.0, 4.0, 3.0, 10.0)),
        likelihood=lambda rows: _bg_nbd_likelihood(
            x[rows], t_x[rows], t_now[rows], customers[rows]
        ),
        customers=customers,
    )
    r, alpha, a, b = fit.parameters
    model = BGNBD(r, alpha, a, b, fit.log_likelihood, total, fit.warnings)
    _check_plausible(
        "BG/NBD: repeat purchases in the data",
        expected=_dot(customers, model.expected_purchases_new(t_now)),
        observed=_dot(customers, x),
    )
    return model


def fit_gamma_gamma(
    frequency: ArrayLike, mean_value: ArrayLike, count: ArrayLike | None = None
) -> GammaGamma:
    """Fit Gamma-Gamma by maximum likelihood to customers with repeat orders of positive value.

    Args:
        frequency: repeat purchases x per row, whole numbers from 0; rows with 0 are left out.
        mean_value: mean value of the *repeat* purchases; not read where x is 0; rows of 0 or less
            (given away, refunded) are left out.
        count: customers per row; one each if absent.

    Raises:
        ValueError: impossible input, with the row.
        NoForecastError: fewer than 50 such customers, no maximum, q <= 1 (no finite mean), or a
            mean far from the data's.
    """
    x = _numbers("frequency", frequency)
    _check_frequency(x)
    mean = np.where(x > 0, np.asarray(mean_value, dtype=np.float64), 1.0)
    _refuse(~np.isfinite(mean), "mean_value must be a finite number", mean_value=mean)
    weight = _counts(count, x.shape)
    used = (x > 0) & (mean > 0)
    total = int(weight[used].sum())
    if total < MINIMUM_CUSTOMERS:
        raise NoForecastError(
            f"Gamma-Gamma: {total} customers have repeat orders of positive value; "
            f"at least {MINIMUM_CUSTOMERS} are needed"
        )
    (x, mean), customers = _counted((x[used], mean[used]), weight[used])
    observed = _dot(customers, mean) / total
    fit = _maximise(
        "Gamma-Gamma",
        ("p", "q", "v"),
        scales=np.array([1.0, 1.0, observed]),
        starts=((1.0, 3.0, 2.0), (6.0, 4.0, 0.5), (30.0, 2.0, 0.05)),
        likelihood=lambda rows: _gamma_gamma_likelihood(x[rows], mean[rows], customers[rows]),
        customers=customers,
    )
    p, q, v = fit.parameters
    if q <= 1:
        raise NoForecastError(
            f"Gamma-Gamma: q is {q:.3g}, and with q of 1 or less order values have no finite mean"
        )
    model = GammaGamma(p, q, v, fit.log_likelihood, total, fit.warnings)
    _check_plausible(
        "Gamma-Gamma: the mean order value", expected=model.population_mean, observed=observed
    )
    return model


def fit_shifted_beta_geometric(lost: ArrayLike, active: ArrayLike) -> ShiftedBetaGeometric:
    """Fit sBG by maximum likelihood to renewals, with customers who are still there.

    Args:
        lost: `lost[i]` customers left at renewal i + 1.
        active: `active[i]` customers were still there after renewal i + 1, the last that can be
            seen of them (right-censored). A single cohort has them all in the last place; younger
            cohorts add theirs before.

    Raises:
        ValueError: impossible input, with the row.
        NoForecastError: fewer than 50 customers, nobody lost, fewer than two renewals, no maximum.
    """
    left, stayed = _numbers("lost", lost), _numbers("active", active)
    if left.shape != stayed.shape or left.ndim != 1:
        raise ValueError(
            f"lost and active need one number per renewal each, not {left.shape} and {stayed.shape}"
        )
    for name, numbers in (("lost", left), ("active", stayed)):
        _refuse((numbers < 0) | (numbers % 1 != 0), f"{name} must be whole", **{name: numbers})
    total = int(left.sum() + stayed.sum())
    if total < MINIMUM_CUSTOMERS:
        raise NoForecastError(
            f"sBG: {total} customers came to a renewal; at least {MINIMUM_CUSTOMERS} are needed"
        )
    if left.sum() == 0:
        raise NoForecastError("sBG: no customer was lost, so that no lifetime can be told")
    at_risk = (left + stayed)[::-1].cumsum()[::-1]
    if np.count_nonzero(at_risk) < 2:
        raise NoForecastError("sBG: one renewal alone doesn't tell how retention goes on")
    fit = _maximise(
        "sBG",
        ("alpha", "beta"),
        scales=np.ones(2),
        starts=((1.0, 1.0), (0.5, 4.0), (5.0, 50.0)),
        likelihood=lambda rows: _shifted_beta_geometric_likelihood(left, stayed),
        customers=left + stayed,
    )
    alpha, beta = fit.parameters
    return ShiftedBetaGeometric(alpha, beta, fit.log_likelihood, total, fit.warnings)


def value_frequency_correlation(frequency: ArrayLike, mean_value: ArrayLike) -> float:
    """Return Pearson's r of repeat purchases and their mean value, which Gamma-Gamma takes to be 0.

    Over customers with repeats of positive value; NaN where either doesn't vary.
    """
    x = _numbers("frequency", frequency, may_be_empty=True)
    mean = np.asarray(mean_value, dtype=np.float64)
    used = (x > 0) & (mean > 0)
    x, mean = x[used], mean[used]
    if x.size < 2 or np.ptp(x) == 0 or np.ptp(mean) == 0:
        return float("nan")
    return float(np.corrcoef(x, mean)[0, 1])


def discounted_value(
    cumulative_purchases: ArrayLike,
    order_value: ArrayLike,
    margin_rate: ArrayLike,
    yearly_discount_rate: float,
    horizons: Sequence[int] = HORIZONS,
) -> Floats:
    """Return the present value of the purchases to come, for each horizon from one pass.

    The sum over months k = 1..H of margin x value x (E[Y(k)] - E[Y(k-1)]) / (1 + d)^k, with the
    monthly d = (1 + yearly)^(1/12) - 1: what is expected *in* month k, not up to it.

    Args:
        cumulative_purchases: E[Y(k)], shape (customers, months); months reach the last horizon.
        order_value: per customer, or one for all.
        margin_rate: share of the value, per customer, or one for all.
        yearly_discount_rate: 0.1 for 10 %.
        horizons: months.

    Returns:
        Shape (customers, number of horizons).
    """
    cumulative = np.asarray(cumulative_purchases, dtype=np.float64)
    if cumulative.ndim != 2 or cumulative.shape[1] < max(horizons):
        raise ValueError(
            f"cumulative_purchases needs one column for each of {max(horizons)} months, "
            f"not the shape {cumulative.shape}"
        )
    _check_discount(yearly_discount_rate)
    months = np.arange(1, max(horizons) + 1)
    discount = (1 + yearly_discount_rate) ** (-months / 12)
    increments = np.diff(cumulative[:, : max(horizons)], axis=1, prepend=0)
    # einsum, not `@`: a matrix product's sums depend on how many rows share the call.
    counted = (months[:, None] <= np.asarray(horizons)) * discount[:, None]
    purchases: Floats = np.einsum("cm,mh->ch", increments, counted)
    worth = np.asarray(order_value, dtype=np.float64) * np.asarray(margin_rate, dtype=np.float64)
    return purchases * np.broadcast_to(worth, cumulative.shape[:1])[:, None]


def purchase_summary(customer: ArrayLike, day: ArrayLike, as_of_day: int) -> PurchaseSummary:
    """Summarise purchases per customer; what is dated after `as_of_day` doesn't exist.

    Args:
        customer: whole number per purchase, in any order.
        day: day number per purchase; several on one day are one purchase.
        as_of_day: the day up to and with which purchases count.

    Raises:
        ValueError: input that isn't whole numbers, or no purchase by `as_of_day`.
    """
    ids, days = _purchases(customer, day)
    known = days <= as_of_day
    if not known.any():
        raise ValueError(f"no purchase up to day {as_of_day}; the first is on day {days.min()}")
    ids, days = ids[known], days[known]
    order = np.lexsort((days, ids))
    ids, days = ids[order], days[order]
    is_new = np.append(True, (ids[1:] != ids[:-1]) | (days[1:] != days[:-1]))
    ids, days = ids[is_new], days[is_new]
    starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1]))
    ends = np.append(starts[1:], len(ids)) - 1
    first, last = days[starts], days[ends]
    return PurchaseSummary(
        customer=ids[starts],
        first_day=first,
        frequency=(ends - starts).astype(np.float64),
        recency_weeks=(last - first) / 7,
        age_weeks=(as_of_day - first) / 7,
    )


def hold_out_errors(
    customer: ArrayLike, day: ArrayLike, as_of_day: int, calibration_share: float = 0.75
) -> tuple[HoldOutError, ...]:
    """Fit BG/NBD to the first share of the time, forecast the rest and compare.

    Args:
        customer: whole number per purchase, in any order.
        day: day number per purchase; several on one day are one purchase.
        as_of_day: the last day that is known.
        calibration_share: of the days from the first purchase of all to `as_of_day`.

    Returns:
        One row for "all", then one per frequency class at the split, for the customers who had
        bought by then.

    Raises:
        NoForecastError: as `fit_bg_nbd`, for the first share of the time.
    """
    if not 0 < calibration_share < 1:
        raise ValueError(f"calibration_share must lie between 0 and 1, not {calibration_share}")
    ids, days = _purchases(customer, day)
    split_day = int(days.min() + np.floor(calibration_share * (as_of_day - days.min())))
    summary = purchase_summary(ids, days, split_day)
    history = (summary.frequency, summary.recency_weeks, summary.age_weeks)
    predicted = fit_bg_nbd(*history).expected_purchases((as_of_day - split_day) / 7, *history)

    in_the_end = purchase_summary(ids, days, as_of_day)
    known_at_split = np.isin(in_the_end.customer, summary.customer)
    actual = in_the_end.frequency[known_at_split] - summary.frequency

    def error(label: str, rows: NDArray[np.bool_]) -> HoldOutError:
        bought, forecast = int(actual[rows].sum()), float(predicted[rows].sum())
        size = int(rows.sum())
        miss = float(np.abs(predicted[rows] - actual[rows]).sum())
        return HoldOutError(
            frequency_class=label,
            customers=size,
            actual_purchases=bought,
            predicted_purchases=forecast,
            mean_absolute_error=miss / size if size else float("nan"),
            bias=forecast / bought - 1 if bought else float("nan"),
        )

    x = summary.frequency
    open_label, open_low = OPEN_FREQUENCY_CLASS
    return (
        error("all", np.ones(len(x), dtype=np.bool_)),
        *(error(label, (x >= low) & (x <= high)) for label, low, high in FREQUENCY_CLASSES),
        error(open_label, x >= open_low),
    )


def forecast_lifetime_value(
    frequency: ArrayLike,
    recency_weeks: ArrayLike,
    age_weeks: ArrayLike,
    mean_repeat_value: ArrayLike,
    margin_rate: ArrayLike,
    yearly_discount_rate: float,
) -> LifetimeValueForecast:
    """Fit BG/NBD and Gamma-Gamma to a customer base and forecast each customer.

    Args:
        frequency: distinct purchase days - 1 per customer.
        recency_weeks: weeks from first to last purchase; 0 where frequency is 0.
        age_weeks: weeks from first purchase to the as-of date.
        mean_repeat_value: mean net value of the purchase days after the first; not read (may be
            NaN) where frequency is 0. Customers at 0 or below take no part in the fit and are
            valued as if at 0.
        margin_rate: share of the value that is margin, 0 to 1, per customer or one for all. NaN
            where unknown: that customer has no CLV, and a warning counts them.
        yearly_discount_rate: 0.1 for 10 %.

    Returns:
        Arrays in the order of the customers; see `LifetimeValueForecast`. Data that don't determine
        a model, no customers at all included, give NaN and a reason, not an error.

    Raises:
        ValueError: impossible input, with the row.
    """
    _check_discount(yearly_discount_rate)
    x, t_x, t_now = _histories(frequency, recency_weeks, age_weeks, may_be_empty=True)
    if x.ndim != 1:
        raise ValueError(f"frequency needs one number per customer, not the shape {x.shape}")
    mean = np.where(x > 0, np.asarray(mean_repeat_value, dtype=np.float64), 0.0)
    _refuse(~np.isfinite(mean), "mean_repeat_value must be finite", mean_repeat_value=mean)
    margin = np.broadcast_to(np.asarray(margin_rate, dtype=np.float64), x.shape)
    _refuse((margin < 0) | (margin > 1), "margin_rate must lie in 0 to 1", margin_rate=margin)

    nothing = np.full(x.shape, np.nan)
    probability_alive = orders_12m = order_value = clv_12m = clv_36m = nothing
    bg_nbd = gamma_gamma = None
    reasons: list[str] = []
    warnings: list[str] = []
    if x.size == 0:
        reasons.append("there are no customers")
    else:
        try:
            bg_nbd = fit_bg_nbd(x, t_x, t_now)
            warnings.extend(bg_nbd.warnings)
        except NoForecastError as error:
            reasons.append(error.reason)
        try:
            gamma_gamma = fit_gamma_gamma(x, mean)
            warnings.extend(gamma_gamma.warnings)
        except NoForecastError as error:
            reasons.append(error.reason)

    if gamma_gamma:
        order_value = gamma_gamma.expected_value(x, np.maximum(mean, 0))
    if bg_nbd:
        probability_alive = bg_nbd.probability_alive(x, t_x, t_now)
        (distinct_x, distinct_now), row = _distinct(x, t_now)
        orders = np.empty(len(distinct_x))
        discounted = np.empty((len(distinct_x), len(HORIZONS)))
        for start in range(0, len(distinct_x), ROWS_PER_BLOCK):
            block = slice(start, start + ROWS_PER_BLOCK)
            cumulative = bg_nbd._months_while_alive(
                distinct_x[block], distinct_now[block], max(HORIZONS)
            )
            orders[block] = cumulative[:, 11]
            discounted[block] = discounted_value(cumulative, 1, 1, yearly_discount_rate)
        orders_12m = probability_alive * orders[row]
        worth = probability_alive * order_value * margin
        clv_12m, clv_36m = worth * discounted[row, 0], worth * discounted[row, 1]

    correlation = value_frequency_correlation(x, mean)
    if abs(correlation) > STRONG_CORRELATION:
        warnings.append(
            f"Gamma-Gamma: order value and frequency correlate by {correlation:.2f}, beyond "
            f"{STRONG_CORRELATION}; it takes them to be independent"
        )
    if unpaid := int(((x > 0) & (mean <= 0)).sum()):
        warnings.append(f"Gamma-Gamma: {unpaid} customers with repeats of no value, taken as 0")
    if unknown := int(np.isnan(margin).sum()):
        warnings.append(f"{unknown} customers have no margin rate, hence no CLV")
    return LifetimeValueForecast(
        probability_alive=probability_alive,
        expected_orders_12m=orders_12m,
        expected_order_value=order_value,
        predicted_clv_12m=clv_12m,
        predicted_clv_36m=clv_36m,
        bg_nbd=bg_nbd,
        gamma_gamma=gamma_gamma,
        value_frequency_correlation=correlation,
        reason="; ".join(reasons) or None,
        warnings=tuple(warnings),
    )


class _Fit(NamedTuple):
    parameters: tuple[float, ...]
    log_likelihood: float
    warnings: tuple[str, ...]


def _maximise(
    model: str,
    names: Sequence[str],
    scales: Floats,
    starts: Sequence[Sequence[float]],
    likelihood: Callable[[slice], LogLikelihood],
    customers: Floats,
) -> _Fit:
    """Climb from each start on a sample of the table, and from the best of their ends on the whole.

    `likelihood(rows)` gives, for some rows of the table, a function from log parameters to the log
    likelihood and its gradient; `customers` counts them by row. Starts are multiples of `scales`,
    and the search stays within `SEARCH_FACTOR` of those.
    """
    middle, limit = np.log(scales), np.log(SEARCH_FACTOR)
    root = float(np.sqrt(customers.sum()))
    parts = [
        slice(start, start + ROWS_PER_PART) for start in range(0, len(customers), ROWS_PER_PART)
    ]
    whole = _mean([likelihood(part) for part in parts], customers.sum())
    sample = slice(None, None, len(parts))
    thinned = _mean([likelihood(sample)], customers[sample].sum())

    def log_parameters(free: Floats) -> Floats:
        theta: Floats = middle + limit * np.tanh(free / limit)
        return theta

    def climb(
        start: Floats, log_likelihood: LogLikelihood, inverse_curvature: Floats | None
    ) -> OptimizeResult:
        def descent(free: Floats) -> tuple[float, Floats]:
            value, gradient = log_likelihood(log_parameters(free))
            return -value, -gradient * (1 - np.tanh(free / limit) ** 2)

        # BFGS, because L-BFGS-B waits for BLAS's threads in every step, longer than a step takes.
        options = {"gtol": SLOPE_AIMED_AT / root, "hess_inv0": inverse_curvature}
        return minimize(descent, start, jac=True, method="BFGS", options=options)

    ends = [climb(limit * np.arctanh(np.log(start) / limit), thinned, None) for start in starts]
    best = min(ends, key=lambda end: end.fun if np.isfinite(end.fun) else np.inf)
    result = climb(best.x, whole, _positive_definite(best.hess_inv))
    if not (np.isfinite(result.fun) and np.isfinite(result.x).all()):
        raise NoForecastError(f"{model}: the fit ended on parameters that aren't finite")
    slope = root * np.abs(result.jac).max()
    if not slope <= SLOPE_TOLERATED:
        raise NoForecastError(
            f"{model}: the fit did not converge; a slope of {slope:.1g} standard errors is left"
        )
    theta = log_parameters(result.x)
    parameters = tuple(float(value) for value in np.exp(theta))
    return _Fit(
        parameters,
        -float(result.fun) * float(customers.sum()),
        tuple(
            f"{model}: {name} went to {value:.3g}, the limit of the search; "
            "the data can't tell it from a more extreme one"
            for name, value, distance in zip(names, parameters, theta - middle, strict=True)
            if abs(distance) > 0.95 * limit
        ),
    )


def _mean(parts: Sequence[LogLikelihood], customers: float) -> LogLikelihood:
    def mean_log_likelihood(theta: Floats) -> tuple[float, Floats]:
        values, gradients = zip(*(part(theta) for part in parts), strict=True)
        return sum(values) / customers, np.sum(gradients, axis=0) / customers

    return mean_log_likelihood


def _positive_definite(matrix: Floats) -> Floats | None:
    symmetric = (matrix + matrix.T) / 2
    return symmetric if np.linalg.eigvalsh(symmetric).min() > 0 else None


def _bg_nbd_likelihood(x: Floats, t_x: Floats, t_now: Floats, customers: Floats) -> LogLikelihood:
    """Build equation 6 of the paper over a grouped table, with its gradient by log parameters.

    Survivors' term A3 is taken out of the sum, and what is left is 1 + the odds of being gone.
    """
    distinct_x, place = np.unique(x, return_inverse=True)
    customers_by_x = _sums(place, customers, len(distinct_x))
    survived = np.maximum(distinct_x - 1, 0)
    purchases = _dot(customers, x)
    once, again = x == 0, x > 0
    once_now, once_customers = t_now[once], customers[once]
    place, customers = place[again], customers[again]
    x, t_x, t_now = x[again], t_x[again], t_now[again]

    def log_likelihood(theta: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(theta)
        once_age, age, last = 1 + once_now / alpha, 1 + t_now / alpha, 1 + t_x / alpha
        once_log_age, log_age = np.log(once_age), np.log(age)
        shape, log_silence = r + x, log_age - np.log(last)
        log_odds = (np.log(a) - np.log(b + survived))[place] + shape * log_silence
        # log(1 + e^log_odds) and its slope, without overflow and with one exponential.
        small = np.exp(-np.abs(log_odds))
        gone = customers * np.where(log_odds > 0, 1, small) / (1 + small)

        value = (
            _dot(customers_by_x, gammaln(r + distinct_x) - gammaln(r))
            + _dot(customers_by_x, betaln(a, b + distinct_x) - betaln(a, b))
            - r * _dot(once_customers, once_log_age)
            - _dot(customers, shape * log_age)
            - purchases * theta[1]
            + _dot(customers, np.maximum(log_odds, 0) + np.log(1 + small))
        )
        by_r = (
            _dot(customers_by_x, digamma(r + distinct_x) - digamma(r))
            - _dot(once_customers, once_log_age)
            - _dot(customers, log_age)
            + _dot(gone, log_silence)
        )
        by_log_alpha = (
            r * _dot(once_customers, 1 - 1 / once_age)
            + _dot(customers, shape * (1 - 1 / age))
            - purchases
            - _dot(gone, shape * (1 / last - 1 / age))
        )
        digamma_a_b = digamma(a + b) - digamma(a + b + distinct_x)
        by_a = _dot(customers_by_x, digamma_a_b) + gone.sum() / a
        gone_by_x = _sums(place, gone, len(distinct_x))
        by_b = _dot(customers_by_x, digamma_a_b + digamma(b + distinct_x) - digamma(b))
        by_b -= _dot(gone_by_x, 1 / (b + survived))
        return float(value), np.array([by_r * r, by_log_alpha, by_a * a, by_b * b])

    return log_likelihood


def _gamma_gamma_likelihood(x: Floats, mean: Floats, customers: Floats) -> LogLikelihood:
    """Build equation 1a of the note over a grouped table, with its gradient by log parameters."""
    distinct_x, place = np.unique(x, return_inverse=True)
    customers_by_x = _sums(place, customers, len(distinct_x))
    spent = x * mean
    purchases = customers * x
    total = customers.sum()
    log_mean = _dot(customers, np.log(mean))

    def log_likelihood(theta: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(theta)
        ratio = spent / v
        log_share = -_dot(purchases, np.log1p(1 / ratio))
        log_rest = -_dot(customers, np.log1p(ratio))
        shapes = p * distinct_x
        value = -_dot(customers_by_x, betaln(shapes, q)) + p * log_share + q * log_rest - log_mean
        digamma_sum = digamma(shapes + q)
        by_p = _dot(customers_by_x * distinct_x, digamma_sum - digamma(shapes)) + log_share
        by_q = _dot(customers_by_x, digamma_sum - digamma(q)) + log_rest
        rest = 1 / (1 + ratio)
        by_log_v = q * (total - _dot(customers, rest)) - p * _dot(purchases, rest)
        return float(value), np.array([by_p * p, by_q * q, by_log_v])

    return log_likelihood


def _shifted_beta_geometric_likelihood(lost: Floats, active: Floats) -> LogLikelihood:
    """Build the likelihood of renewals 1, 2, ... with its gradient by log parameters."""
    renewal = np.arange(1, len(lost) + 1)

    def log_likelihood(theta: Floats) -> tuple[float, Floats]:
        alpha, beta = np.exp(theta)
        left = betaln(alpha + 1, beta + renewal - 1) - betaln(alpha, beta)
        stayed = betaln(alpha, beta + renewal) - betaln(alpha, beta)
        both = digamma(alpha + beta) - digamma(alpha + beta + renewal)
        by_alpha = lost @ (both + 1 / alpha) + active @ both
        by_beta = lost @ (both + digamma(beta + renewal - 1) - digamma(beta)) + active @ (
            both + digamma(beta + renewal) - digamma(beta)
        )
        return float(lost @ left + active @ stayed), np.array([by_alpha * alpha, by_beta * beta])

    return log_likelihood


def _beta_average(a: float, b: float) -> tuple[Floats, Floats]:
    """Return points in (0, 1) and weights of sum 1 that average a function over Beta(a, b).

    The trapezoidal rule in v, where log(p / (1 - p)) = centre + scale x sinh(v): it reaches the
    ends within a few hundred points for any a and b, and has all digits for functions of p that
    vary on the scale of p's magnitude, as (1 + p u)^-s does for every u.
    """
    centre, mode, spread = np.log((a + 1) / (b + 1)), np.log(a / b), np.sqrt(1 / a + 1 / b)
    scale = min(1.0, spread)
    # The density falls like exp(-a distance) to the left, exp(-b distance) to the right and, near
    # the mode, like a normal one: beyond this it is below e^-40 of its height.
    below = 40 / a + 9 * spread + max(centre - mode, 0)
    above = 40 / b + 9 * spread + max(mode - centre, 0)
    v = np.arange(-np.arcsinh(below / scale), np.arcsinh(above / scale), 0.05)
    logit = centre + scale * np.sinh(v)
    log_p, log_rest = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    log_weight = a * log_p + b * log_rest + np.log(np.cosh(v))
    weight = np.exp(log_weight - log_weight.max())
    # Functions of p are constant below this, and division by it stays finite.
    return np.maximum(np.exp(log_p), 1e-200), weight / weight.sum()


def _rows_by_value(values: Floats) -> Iterator[tuple[float, Integers]]:
    order = np.argsort(values)
    ordered = values[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, values.size)
    start = 0
    for end in ends[ends > 0]:
        yield float(ordered[start]), order[start:end]
        start = end


def _dot(weights: Floats, values: Floats) -> float:
    # Not `@`: BLAS splits long sums by the machine's threads, so that the digits depend on them,
    # and waiting for the threads takes longer than the sum.
    return float((weights * values).sum())


def _sums(place: Integers, values: Floats, size: int) -> Floats:
    return np.bincount(place, values, size).astype(np.float64, copy=False)


def _distinct(*columns: NDArray[Any]) -> tuple[tuple[NDArray[Any], ...], Integers]:
    """Return the distinct rows and, for each row, the place of its like among them.

    Their order depends on the values alone, not on the order of the rows.
    """
    key = _mixed(columns)
    order = np.argsort(key)
    ordered = key[order]
    is_first = np.ones(len(order), dtype=np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(is_first) - 1
    distinct = tuple(column[order[is_first]] for column in columns)
    if all(
        np.array_equal(found[place], column)
        for found, column in zip(distinct, columns, strict=True)
    ):
        return distinct, place
    # Different rows met in one key: once in millions of tables, and then the slow way.
    rows, place = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    return tuple(rows.T), place


def _mixed(columns: Sequence[NDArray[Any]]) -> NDArray[np.uint64]:
    # Sorting a million rows by one number takes a quarter of the time of sorting by each column.
    # The steps are those of SplitMix64, which spread every bit over the whole number.
    key = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        key ^= (column + 0.0).view(np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            key ^= key >> np.uint64(shift)
            key *= np.uint64(factor)
        key ^= key >> np.uint64(31)
    return key


def _counted(
    columns: tuple[Floats, ...], count: ArrayLike | None
) -> tuple[tuple[Floats, ...], Floats]:
    """Return the distinct rows and how many customers each stands for."""
    weight = _counts(count, columns[0].shape)
    distinct, place = _distinct(*(column.ravel() for column in columns))
    return distinct, _sums(place, weight.ravel(), len(distinct[0]))


def _counts(count: ArrayLike | None, shape: tuple[int, ...]) -> Floats:
    if count is None:
        return np.ones(shape)
    weight = np.broadcast_to(_numbers("count", count), shape)
    _refuse((weight < 1) | (weight % 1 != 0), "count must be 1, 2, ...", count=weight)
    return weight


def _histories(
    frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, may_be_empty: bool = False
) -> tuple[Floats, Floats, Floats]:
    x, t_x, t_now = np.broadcast_arrays(
        _numbers("frequency", frequency, may_be_empty),
        _numbers("recency", recency, may_be_empty),
        _numbers("age", age, may_be_empty),
    )
    _check_frequency(x)
    _refuse(t_x < 0, "recency must not be negative", recency=t_x)
    _refuse(t_x > t_now, "recency must not be above age", recency=t_x, age=t_now)
    _refuse((x == 0) & (t_x != 0), "recency is 0 without a repeat purchase", recency=t_x)
    return x, t_x, t_now


def _check_frequency(x: Floats) -> None:
    _refuse((x < 0) | (x != np.floor(x)), "frequency must be 0, 1, 2, ...", frequency=x)


def _purchases(customer: ArrayLike, day: ArrayLike) -> tuple[Integers, Integers]:
    ids, days = np.asarray(customer), np.asarray(day)
    for name, values in (("customer", ids), ("day", days)):
        if values.dtype.kind not in "iu" or values.ndim != 1 or values.size == 0:
            raise ValueError(
                f"{name} needs one whole number per purchase, and at least one, "
                f"not {values.dtype} of shape {values.shape}"
            )
    if len(ids) != len(days):
        raise ValueError(f"customer has {len(ids)} rows and day has {len(days)}")
    return ids.astype(np.int64), days.astype(np.int64)


def _numbers(name: str, values: ArrayLike, may_be_empty: bool = False) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.size == 0 and not may_be_empty:
        raise ValueError(f"{name} is empty")
    _refuse(~np.isfinite(numbers), f"{name} must be a finite number", **{name: numbers})
    return numbers


def _refuse(is_wrong: NDArray[np.bool_], rule: str, **columns: Floats) -> None:
    if np.any(is_wrong):
        row = int(np.flatnonzero(is_wrong)[0])
        found = ", ".join(f"{name} {column.ravel()[row]:g}" for name, column in columns.items())
        raise ValueError(f"{rule}; row {row} has {found}")


def _check_parameters(model: str, **parameters: float) -> None:
    for name, value in parameters.items():
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{model}: {name} must be positive and finite, not {value}")


def _check_discount(yearly_discount_rate: float) -> None:
    if not (np.isfinite(yearly_discount_rate) and yearly_discount_rate >= 0):
        raise ValueError(f"yearly_discount_rate must be 0 or more, not {yearly_discount_rate}")


def _check_plausible(what: str, expected: float, observed: float) -> None:
    if not 1 / PLAUSIBLE_FACTOR <= expected / observed <= PLAUSIBLE_FACTOR:
        raise NoForecastError(
            f"{what}: {observed:.4g} seen, {expected:.4g} by the fitted model, "
            f"which is off by more than {PLAUSIBLE_FACTOR:g} times"
        )
