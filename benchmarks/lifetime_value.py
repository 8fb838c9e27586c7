"""Customer lifetime value of simulated customers: this pipeline beside the library `lifetimes`.

    python benchmarks/lifetime_value.py [--customers 1000000]

Customers are drawn from BG/NBD and Gamma-Gamma with the parameters published for CDNOW, on days of
up to three years. Both sides get the same arrays, one row per customer, and fit both models and
forecast every customer: P(alive), purchases in 12 months and the value of an order.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.lifetime_value import fit_bg_nbd, fit_gamma_gamma, forecast_lifetime_value

Floats = NDArray[np.float64]

SEED = 20250101
PURCHASES = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
VALUES = {"p": 6.25, "q": 3.74, "v": 15.44}
LONGEST_AGE_DAYS = 3 * 365
YEAR_WEEKS = 365.25 / 7


def simulate(customers: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return frequency, recency and age in weeks, and the mean value of repeats (0 without)."""
    random = np.random.default_rng(SEED)
    rate_per_day = random.gamma(PURCHASES["r"], 1 / PURCHASES["alpha"], customers) / 7
    drop_out = random.beta(PURCHASES["a"], PURCHASES["b"], customers)
    age = random.integers(0, LONGEST_AGE_DAYS, customers, endpoint=True)
    frequency = np.zeros(customers)
    last_day = np.zeros(customers)
    moment = np.zeros(customers)
    alive = np.arange(customers)
    while alive.size:
        moment[alive] += random.exponential(size=alive.size) / np.maximum(rate_per_day[alive], 1e-9)
        alive = alive[moment[alive] <= age[alive]]
        day = np.floor(moment[alive])
        frequency[alive] += day > last_day[alive]
        last_day[alive] = day
        alive = alive[random.random(alive.size) >= drop_out[alive]]
    repeats = np.maximum(frequency, 1)
    rate_of_value = random.gamma(VALUES["q"], 1 / VALUES["v"], customers)
    mean_value = random.gamma(VALUES["p"] * repeats, 1 / rate_of_value) / repeats
    cents = np.maximum(np.rint(100 * mean_value), 1) / 100
    return frequency, last_day / 7, age / 7, np.where(frequency > 0, cents, 0.0)


def run(customers: int) -> list[dict[str, Any]]:
    """Time both sides; one row per step: `step`, `ours_seconds`, `lifetimes_seconds`, `ratio`.

    Rows of a fit also have `ours_log_likelihood` and `lifetimes_log_likelihood`; the row
    "forecast_lifetime_value" is ours alone, with 36 months and both discounted values.
    """
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    warnings.simplefilter("ignore")
    frequency, recency, age, value = simulate(customers)
    again = frequency > 0
    rows: list[dict[str, Any]] = []

    def compare(step: str, ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[Any, Any]:
        ours_seconds, our_result = _timed(ours)
        lifetimes_seconds, their_result = _timed(theirs)
        rows.append(
            {
                "step": step,
                "ours_seconds": ours_seconds,
                "lifetimes_seconds": lifetimes_seconds,
                "ratio": lifetimes_seconds / ours_seconds,
            }
        )
        return our_result, their_result

    bg_nbd, beta_geo = compare(
        "fit BG/NBD",
        lambda: fit_bg_nbd(frequency, recency, age),
        lambda: BetaGeoFitter().fit(frequency, recency, age),
    )
    # It reports the likelihood for the time it has scaled, less by a constant.
    rows[-1] |= {
        "ours_log_likelihood": bg_nbd.log_likelihood,
        "lifetimes_log_likelihood": -beta_geo._negative_log_likelihood_ * customers
        + frequency.sum() * np.log(beta_geo._scale),
    }
    compare(
        "P(alive)",
        lambda: bg_nbd.probability_alive(frequency, recency, age),
        lambda: beta_geo.conditional_probability_alive(frequency, recency, age),
    )
    compare(
        "purchases in 12 months",
        lambda: bg_nbd.expected_purchases(YEAR_WEEKS, frequency, recency, age),
        lambda: beta_geo.conditional_expected_number_of_purchases_up_to_time(
            YEAR_WEEKS, frequency, recency, age
        ),
    )
    gamma_gamma, their_gamma_gamma = compare(
        "fit Gamma-Gamma",
        lambda: fit_gamma_gamma(frequency, value),
        lambda: GammaGammaFitter().fit(frequency[again], value[again]),
    )
    rows[-1] |= {
        "ours_log_likelihood": gamma_gamma.log_likelihood,
        "lifetimes_log_likelihood": -their_gamma_gamma._negative_log_likelihood_ * again.sum(),
    }
    compare(
        "value of an order",
        lambda: gamma_gamma.expected_value(frequency, value),
        lambda: their_gamma_gamma.conditional_expected_average_profit(frequency, value),
    )
    ours_seconds = sum(row["ours_seconds"] for row in rows)
    lifetimes_seconds = sum(row["lifetimes_seconds"] for row in rows)
    rows.append(
        {
            "step": "all of these",
            "ours_seconds": ours_seconds,
            "lifetimes_seconds": lifetimes_seconds,
            "ratio": lifetimes_seconds / ours_seconds,
        }
    )
    seconds, _ = _timed(lambda: forecast_lifetime_value(frequency, recency, age, value, 0.3, 0.1))
    rows.append({"step": "forecast_lifetime_value", "ours_seconds": seconds})
    return rows


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def _print(rows: list[dict[str, Any]], customers: int) -> None:
    print(f"{customers:,} customers; parameters {PURCHASES | VALUES}, seed {SEED}")
    print(
        f"{'':26}{'ours':>10}{'lifetimes':>12}{'ratio':>9}{'ours ln L':>18}{'lifetimes ln L':>18}"
    )
    for row in rows:
        cells = [f"{row['step']:26}", f"{row['ours_seconds']:8.3f} s"]
        if "ratio" in row:
            cells += [f"{row['lifetimes_seconds']:10.3f} s", f"{row['ratio']:8.1f}x"]
        if "ours_log_likelihood" in row:
            cells += [
                f"{row['ours_log_likelihood']:18.3f}",
                f"{row['lifetimes_log_likelihood']:18.3f}",
            ]
        print("".join(cells))


def main() -> None:
    """Read the number of customers, run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=1_000_000)
    customers = parser.parse_args().customers
    _print(run(customers), customers)


if __name__ == "__main__":
    main()
