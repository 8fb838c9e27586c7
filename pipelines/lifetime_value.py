"""How many orders customers will still place, what those are worth, and how long subscribers stay.

Belongs here: the BG/NBD, MBG/NBD, Gamma-Gamma and shifted-beta-geometric (sBG) models on plain
NumPy arrays, their fits and their forecasts; `forecast_lifetime_value` is what a dbt model calls.
Does not belong here: which orders count, margins, currencies and tables, which are settled in SQL
before; the checks of the input (`histories.py`); likelihoods and how they are maximised
(`likelihoods.py`); how good a forecast was (`hold_out.py`).

Sources, by the names used below:

- Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way: BG/NBD.
- Batislam, Denizel & Filiztekin (2007), Empirical Validation and Comparison of Models for Customer
  Base Analysis: MBG/NBD; as CBG/NBD in Hoppe & Wagner (2007).
- Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value.
- Fader & Hardie (2007), How to Project Customer Retention: sBG.
- Fader & Hardie (2010), Customer-Base Valuation in a Contractual Setting: residual lifetime.

A model never returns a number it can't stand behind: input that contradicts itself raises
`ValueError`, and data that don't determine a model raise `NoForecastError`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike
from scipy.special import betaln, expit

from pipelines.histories import (
    Floats,
    check_frequency,
    checked_counts,
    checked_histories,
    checked_numbers,
    counted_rows,
    distinct_rows,
    refuse,
    rows_by_value,
)
from pipelines.likelihoods import (
    LogLikelihood,
    NoForecastError,
    beta_average,
    bg_nbd_likelihood,
    dot,
    gamma_gamma_likelihood,
    maximise,
    mbg_nbd_likelihood,
    shifted_beta_geometric_likelihood,
)

WEEKS_PER_MONTH = 365.25 / 7 / 12
HORIZONS = (12, 36)
MINIMUM_CUSTOMERS = 50
STRONG_CORRELATION = 0.3
# A model whose mean is this many times off the data's own mean doesn't describe the data.
PLAUSIBLE_FACTOR = 3.0
# Rows x 36 months that are in memory at a time: 19 MB.
ROWS_PER_BLOCK = 65_536


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

    name: ClassVar[str] = "BG/NBD"
    # Chances to drop out that a customer has had before the first repeat.
    early_chances: ClassVar[int] = 0

    def __post_init__(self) -> None:
        """Refuse parameters that aren't positive and finite."""
        _check_parameters(self.name, r=self.r, alpha=self.alpha, a=self.a, b=self.b)

    def probability_alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the probability that the customer hasn't dropped out.

        1 without a repeat: BG/NBD lets nobody drop out before the first, which is no sign of
        loyalty. MBG/NBD does.
        """
        x, t_x, t_now = checked_histories(frequency, recency, age)
        chances = x + self.early_chances
        log_odds_of_death = (
            np.log(self.a)
            - np.log(self.b + np.maximum(chances, 1) - 1)
            + (self.r + x) * np.log1p((t_now - t_x) / (self.alpha + t_x))
        )
        return np.where(chances > 0, expit(-log_odds_of_death), 1.0)

    def purchases_while_alive(self, t: ArrayLike, frequency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the purchases expected in the next `t` of a customer known to be alive now.

        Recency doesn't matter then, so that a population has few distinct rows. Computed as the
        mean of (1 - (1 + p u)^-(r + x)) / p over the drop-out probability p ~ Beta(a, b + chances
        it had, x or x + 1), with u = t / (alpha + age). This is the paper's equation 10 without
        2F1, in which digits cancel near a = 1, for small t and for large b; here every term is
        positive.
        """
        horizon, x, t_now = np.broadcast_arrays(
            checked_numbers("t", t),
            checked_numbers("frequency", frequency),
            checked_numbers("age", age),
        )
        check_frequency(x)
        refuse(horizon < 0, "t must not be negative", t=horizon)
        refuse(t_now < 0, "age must not be negative", age=t_now)
        elapsed = horizon / (self.alpha + t_now)
        purchases = np.zeros(elapsed.shape)
        flat_elapsed, flat_purchases = elapsed.ravel(), purchases.ravel()
        for value, rows in rows_by_value(x.ravel()):
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
        return self.expected_purchases(t, 0, 0, 0)

    def expected_purchases_by_month(
        self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, months: int = 36
    ) -> Floats:
        """Return purchases expected within 1 to `months` months: shape (customers, months).

        Cumulative, for one-dimensional histories in weeks. Only distinct (frequency, age) are
        evaluated; a million customers still fill 288 MB, which `forecast_lifetime_value` avoids.
        """
        x, t_x, t_now = checked_histories(
            np.atleast_1d(frequency), np.atleast_1d(recency), np.atleast_1d(age)
        )
        (distinct_x, distinct_now), row = distinct_rows(x, t_now)
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
        p, weight = beta_average(self.a, self.b + frequency + self.early_chances)
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
class MBGNBD(BGNBD):
    """BG/NBD in which a customer may drop out after the first purchase too (Batislam et al. 2007).

    So that who hasn't bought again is the less likely to, the longer ago the first purchase is.
    """

    name: ClassVar[str] = "MBG/NBD"
    early_chances: ClassVar[int] = 1


DropOutModel = TypeVar("DropOutModel", bound=BGNBD)


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
            checked_numbers("frequency", frequency), np.asarray(mean_value, dtype=np.float64)
        )
        check_frequency(x)
        mean = np.where(x > 0, mean, 0.0)
        refuse(~np.isfinite(mean), "mean_value must be a finite number", mean_value=mean)
        refuse(mean < 0, "mean_value must not be negative", mean_value=mean)
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
        periods = checked_numbers("t", t)
        refuse(periods < 0, "t must not be negative", t=periods)
        log_share = betaln(self.alpha, self.beta + periods) - betaln(self.alpha, self.beta)
        share: Floats = np.exp(log_share)
        return share

    def retention_rate(self, t: ArrayLike) -> Floats:
        """Return the share of those still there before renewal `t` (1, 2, ...) who renew."""
        periods = checked_numbers("t", t)
        refuse(periods < 1, "t counts renewals from 1", t=periods)
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
        periods = checked_numbers("active_periods", active_periods)
        refuse(periods < 1, "active_periods counts from 1", active_periods=periods)
        if not (np.isfinite(discount_rate) and discount_rate > 0):
            raise ValueError(f"discount_rate must be above 0 per period, not {discount_rate!r}")
        residual = np.zeros(periods.shape)
        flat = residual.ravel()
        for value, rows in rows_by_value(periods.ravel()):
            # The refusal probability theta of survivors is Beta(alpha, beta + periods - 1), and
            # the geometric sum over renewals is (1 - theta)(1 + d) / (theta + d).
            theta, weight = beta_average(self.alpha, self.beta + value - 1)
            lifetime = (1 - theta) * (1 + discount_rate) / (theta + discount_rate)
            flat[rows] = dot(weight, lifetime)
        return residual


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
    return _fit_drop_out_model(BGNBD, bg_nbd_likelihood, (frequency, recency, age), count)


def fit_mbg_nbd(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    count: ArrayLike | None = None,
) -> MBGNBD:
    """Fit MBG/NBD by maximum likelihood; arguments and errors are those of `fit_bg_nbd`."""
    return _fit_drop_out_model(MBGNBD, mbg_nbd_likelihood, (frequency, recency, age), count)


def _fit_drop_out_model(
    kind: type[DropOutModel],
    likelihood: Callable[[Floats, Floats, Floats, Floats], LogLikelihood],
    history: tuple[ArrayLike, ArrayLike, ArrayLike],
    count: ArrayLike | None,
) -> DropOutModel:
    x, t_x, t_now = checked_histories(*history)
    (x, t_x, t_now), customers = counted_rows((x, t_x, t_now), count)
    repeat_customers = int(customers[x > 0].sum())
    if repeat_customers < MINIMUM_CUSTOMERS:
        raise NoForecastError(
            f"{kind.name}: {repeat_customers} customers bought again; "
            f"at least {MINIMUM_CUSTOMERS} are needed"
        )
    if x.max() < 2:
        raise NoForecastError(
            f"{kind.name}: nobody bought again twice, so that drop-out can't be told"
        )
    total = int(customers.sum())
    fit = maximise(
        kind.name,
        ("r", "alpha", "a", "b"),
        scales=np.array([1.0, dot(customers, t_now) / total, 1.0, 1.0]),
        starts=((0.3, 0.2, 0.8, 2.5), (1.0, 1.0, 0.2, 2.0), (4.0, 4.0, 3.0, 10.0)),
        likelihood=lambda rows: likelihood(x[rows], t_x[rows], t_now[rows], customers[rows]),
        customers=customers,
    )
    r, alpha, a, b = fit.parameters
    model = kind(r, alpha, a, b, fit.log_likelihood, total, fit.warnings)
    _check_plausible(
        f"{kind.name}: repeat purchases in the data",
        expected=dot(customers, model.expected_purchases_new(t_now)),
        observed=dot(customers, x),
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
    x = checked_numbers("frequency", frequency)
    check_frequency(x)
    mean = np.where(x > 0, np.asarray(mean_value, dtype=np.float64), 1.0)
    refuse(~np.isfinite(mean), "mean_value must be a finite number", mean_value=mean)
    weight = checked_counts(count, x.shape)
    used = (x > 0) & (mean > 0)
    total = int(weight[used].sum())
    if total < MINIMUM_CUSTOMERS:
        raise NoForecastError(
            f"Gamma-Gamma: {total} customers have repeat orders of positive value; "
            f"at least {MINIMUM_CUSTOMERS} are needed"
        )
    (x, mean), customers = counted_rows((x[used], mean[used]), weight[used])
    observed = dot(customers, mean) / total
    fit = maximise(
        "Gamma-Gamma",
        ("p", "q", "v"),
        scales=np.array([1.0, 1.0, observed]),
        starts=((1.0, 3.0, 2.0), (6.0, 4.0, 0.5), (30.0, 2.0, 0.05)),
        likelihood=lambda rows: gamma_gamma_likelihood(x[rows], mean[rows], customers[rows]),
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
    left, stayed = checked_numbers("lost", lost), checked_numbers("active", active)
    if left.shape != stayed.shape or left.ndim != 1:
        raise ValueError(
            f"lost and active need one number per renewal each, not {left.shape} and {stayed.shape}"
        )
    for name, numbers in (("lost", left), ("active", stayed)):
        refuse((numbers < 0) | (numbers % 1 != 0), f"{name} must be whole", **{name: numbers})
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
    fit = maximise(
        "sBG",
        ("alpha", "beta"),
        scales=np.ones(2),
        starts=((1.0, 1.0), (0.5, 4.0), (5.0, 50.0)),
        likelihood=lambda rows: shifted_beta_geometric_likelihood(left, stayed),
        customers=left + stayed,
    )
    alpha, beta = fit.parameters
    return ShiftedBetaGeometric(alpha, beta, fit.log_likelihood, total, fit.warnings)


def value_frequency_correlation(frequency: ArrayLike, mean_value: ArrayLike) -> float:
    """Return Pearson's r of repeat purchases and their mean value, which Gamma-Gamma takes to be 0.

    Over customers with repeats of positive value; NaN where either doesn't vary.
    """
    x = checked_numbers("frequency", frequency, may_be_empty=True)
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
    x, t_x, t_now = checked_histories(frequency, recency_weeks, age_weeks, may_be_empty=True)
    if x.ndim != 1:
        raise ValueError(f"frequency needs one number per customer, not the shape {x.shape}")
    mean = np.where(x > 0, np.asarray(mean_repeat_value, dtype=np.float64), 0.0)
    refuse(~np.isfinite(mean), "mean_repeat_value must be finite", mean_repeat_value=mean)
    margin = np.broadcast_to(np.asarray(margin_rate, dtype=np.float64), x.shape)
    refuse((margin < 0) | (margin > 1), "margin_rate must lie in 0 to 1", margin_rate=margin)

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
        (distinct_x, distinct_now), row = distinct_rows(x, t_now)
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
