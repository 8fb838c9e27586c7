"""The likelihoods of the lifetime-value models, their maximum, and means over a beta distribution.

Belongs here: the numerics of the fits, on arrays that are checked and whose equal rows are one.
Does not belong here: checking and grouping (`histories.py`), what a model's parameters mean, where
its search starts and what it forecasts (`lifetime_value.py`).

"The paper" is Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way; "the note" is
Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from scipy.special import betaln, digamma, gammaln

from pipelines.histories import Floats, sums

LogLikelihood = Callable[[Floats], tuple[float, Floats]]
"""From log parameters to the log-likelihood and its gradient."""

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


class NoForecastError(Exception):
    """The data don't determine the model; `reason` says why, in a sentence for the reader."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class Fit(NamedTuple):
    """A maximum: the parameters themselves, the log-likelihood there, and what is odd about it."""

    parameters: tuple[float, ...]
    log_likelihood: float
    warnings: tuple[str, ...]


def maximise(
    model: str,
    names: Sequence[str],
    scales: Floats,
    starts: Sequence[Sequence[float]],
    likelihood: Callable[[slice], LogLikelihood],
    customers: Floats,
) -> Fit:
    """Climb from each start on a sample of the table, and from the best of their ends on the whole.

    `likelihood(rows)` gives, for some rows of the table, a function from log parameters to the log
    likelihood and its gradient; `customers` counts them by row. Starts are multiples of `scales`,
    and the search stays within `SEARCH_FACTOR` of those.

    Raises:
        NoForecastError: there is no maximum, or none that is finite.
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
    return Fit(
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


def bg_nbd_likelihood(x: Floats, t_x: Floats, t_now: Floats, customers: Floats) -> LogLikelihood:
    """Build equation 6 of the paper over a grouped table, with its gradient by log parameters."""
    return _drop_out_likelihood(x, t_x, t_now, customers, chances=x)


def mbg_nbd_likelihood(x: Floats, t_x: Floats, t_now: Floats, customers: Floats) -> LogLikelihood:
    """Build the likelihood of MBG/NBD likewise: the first purchase is a chance to drop out too."""
    return _drop_out_likelihood(x, t_x, t_now, customers, chances=x + 1)


def _drop_out_likelihood(
    x: Floats, t_x: Floats, t_now: Floats, customers: Floats, chances: Floats
) -> LogLikelihood:
    # A customer has dropped out at none of the chances, or at the last, which came at t_x. The
    # first of the two, A3 in the paper, is taken out of the sum, and what is left is 1 + the odds
    # of being gone. Who has had no chance is not gone.
    distinct_x, first_row, place = np.unique(x, return_index=True, return_inverse=True)
    chances_by_x = chances[first_row]
    customers_by_x = sums(place, customers, len(distinct_x))
    survived = np.maximum(chances_by_x - 1, 0)
    purchases = dot(customers, x)
    never, ever = chances == 0, chances > 0
    never_now, never_customers = t_now[never], customers[never]
    place, customers = place[ever], customers[ever]
    x, t_x, t_now = x[ever], t_x[ever], t_now[ever]

    def log_likelihood(theta: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(theta)
        never_age, age, last = 1 + never_now / alpha, 1 + t_now / alpha, 1 + t_x / alpha
        never_log_age, log_age = np.log(never_age), np.log(age)
        shape, log_silence = r + x, log_age - np.log(last)
        log_odds = (np.log(a) - np.log(b + survived))[place] + shape * log_silence
        # log(1 + e^log_odds) and its slope, without overflow and with one exponential.
        small = np.exp(-np.abs(log_odds))
        gone = customers * np.where(log_odds > 0, 1, small) / (1 + small)

        value = (
            dot(customers_by_x, gammaln(r + distinct_x) - gammaln(r))
            + dot(customers_by_x, betaln(a, b + chances_by_x) - betaln(a, b))
            - r * dot(never_customers, never_log_age)
            - dot(customers, shape * log_age)
            - purchases * theta[1]
            + dot(customers, np.maximum(log_odds, 0) + np.log(1 + small))
        )
        by_r = (
            dot(customers_by_x, digamma(r + distinct_x) - digamma(r))
            - dot(never_customers, never_log_age)
            - dot(customers, log_age)
            + dot(gone, log_silence)
        )
        by_log_alpha = (
            r * dot(never_customers, 1 - 1 / never_age)
            + dot(customers, shape * (1 - 1 / age))
            - purchases
            - dot(gone, shape * (1 / last - 1 / age))
        )
        digamma_a_b = digamma(a + b) - digamma(a + b + chances_by_x)
        by_a = dot(customers_by_x, digamma_a_b) + gone.sum() / a
        gone_by_x = sums(place, gone, len(distinct_x))
        by_b = dot(customers_by_x, digamma_a_b + digamma(b + chances_by_x) - digamma(b))
        by_b -= dot(gone_by_x, 1 / (b + survived))
        return float(value), np.array([by_r * r, by_log_alpha, by_a * a, by_b * b])

    return log_likelihood


def gamma_gamma_likelihood(x: Floats, mean: Floats, customers: Floats) -> LogLikelihood:
    """Build equation 1a of the note over a grouped table, with its gradient by log parameters."""
    distinct_x, place = np.unique(x, return_inverse=True)
    customers_by_x = sums(place, customers, len(distinct_x))
    spent = x * mean
    purchases = customers * x
    total = customers.sum()
    log_mean = dot(customers, np.log(mean))

    def log_likelihood(theta: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(theta)
        ratio = spent / v
        log_share = -dot(purchases, np.log1p(1 / ratio))
        log_rest = -dot(customers, np.log1p(ratio))
        shapes = p * distinct_x
        value = -dot(customers_by_x, betaln(shapes, q)) + p * log_share + q * log_rest - log_mean
        digamma_sum = digamma(shapes + q)
        by_p = dot(customers_by_x * distinct_x, digamma_sum - digamma(shapes)) + log_share
        by_q = dot(customers_by_x, digamma_sum - digamma(q)) + log_rest
        rest = 1 / (1 + ratio)
        by_log_v = q * (total - dot(customers, rest)) - p * dot(purchases, rest)
        return float(value), np.array([by_p * p, by_q * q, by_log_v])

    return log_likelihood


def shifted_beta_geometric_likelihood(lost: Floats, active: Floats) -> LogLikelihood:
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


def beta_average(a: float, b: float) -> tuple[Floats, Floats]:
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


def dot(weights: Floats, values: Floats) -> float:
    """Return the sum of the products."""
    # Not `@`: BLAS splits long sums by the machine's threads, so that the digits depend on them,
    # and waiting for the threads takes longer than the sum.
    return float((weights * values).sum())
