"""The models against the papers' own numbers, exact arithmetic, brute force and laws."""

import re
import subprocess
import sys
from datetime import date
from decimal import Decimal, localcontext
from pathlib import Path

import lifetimes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.histories import purchase_summary
from pipelines.hold_out import hold_out_errors
from pipelines.lifetime_value import (
    BGNBD,
    MBGNBD,
    WEEKS_PER_MONTH,
    GammaGamma,
    ShiftedBetaGeometric,
    discounted_value,
    fit_bg_nbd,
    fit_gamma_gamma,
    fit_mbg_nbd,
    fit_shifted_beta_geometric,
    forecast_lifetime_value,
    value_frequency_correlation,
)
from pipelines.likelihoods import NoForecastError

DATASETS = Path(lifetimes.__file__).parent / "datasets"
CDNOW_X, CDNOW_T_X, CDNOW_T, CDNOW_VALUE = np.loadtxt(
    DATASETS / "cdnow_customers_summary_with_transactions.csv", delimiter=",", skiprows=1
).T[1:]
# The paper's parameters (Fader, Hardie & Lee 2005, table 2), and where its calibration ends.
CDNOW_MODEL = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
CDNOW_START, CDNOW_SPLIT, CDNOW_END = date(1997, 1, 1), date(1997, 9, 30), date(1998, 6, 30)
CDNOW_SPLIT_DAY = (CDNOW_SPLIT - CDNOW_START).days
CDNOW_END_DAY = (CDNOW_END - CDNOW_START).days
# Percent still there after 0 to 7 years, of 1,000 (Fader & Hardie 2007, table 1).
HIGH_END = (100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1)
REGULAR = (100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1)

positive = st.floats(0.01, 50)
models = st.sampled_from([BGNBD, MBGNBD]).flatmap(
    lambda kind: st.builds(kind, r=positive, alpha=positive, a=positive, b=positive)
)


@st.composite
def histories(draw):
    age = draw(st.floats(0, 300))
    frequency = draw(st.integers(0, 300))
    return frequency, draw(st.floats(0, 1)) * age if frequency else 0.0, age


def read_cdnow_transactions():
    """Return customer and day number of each transaction of the 1/10 sample."""
    rows = [line.split() for line in (DATASETS / "CDNOW_sample.txt").read_text().splitlines()]
    days = [date(int(row[2][:4]), int(row[2][4:6]), int(row[2][6:])) for row in rows if row]
    customer = np.array([int(row[1]) for row in rows if row])
    return customer, np.array([(day - CDNOW_START).days for day in days])


def simulate_customers(count, model, seed=1):
    """Draw histories of up to three years from the model, one customer after the other."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        age = random.uniform(1, 156)
        rate, drop_out = random.gamma(model.r, 1 / model.alpha), random.beta(model.a, model.b)
        x, t_x, moment = 0, 0.0, random.exponential(1 / max(rate, 1e-12))
        if model.early_chances and random.random() < drop_out:
            moment = np.inf
        while moment <= age:
            x, t_x = x + 1, moment
            if random.random() < drop_out:
                break
            moment += random.exponential(1 / max(rate, 1e-12))
        rows.append((x, t_x, age))
    return np.array(rows).T


def simulate_values(count, p, q, v, seed=1):
    random = np.random.default_rng(seed)
    x = 1 + random.poisson(2, count)
    return x, random.gamma(p * x, 1 / random.gamma(q, 1 / v, count)) / x


def survivors_to_counts(percent):
    still_there = np.rint(10 * np.array(percent))
    active = np.zeros(len(percent) - 1)
    active[-1] = still_there[-1]
    return -np.diff(still_there), active


# BG/NBD


def test_bg_nbd_meets_the_published_fit_to_cdnow():
    model = fit_bg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T)
    assert model.customers == 2357
    assert [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)] == [
        0.243,
        4.414,
        0.793,
        2.426,
    ]
    assert round(model.log_likelihood, 1) == -9582.4
    assert model.warnings == ()


def test_bg_nbd_meets_the_published_forecast_for_one_cdnow_customer():
    fitted = fit_bg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T)
    assert fitted.expected_purchases(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=0.0005)
    assert CDNOW_MODEL.expected_purchases(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=0.0005)


def test_raw_cdnow_transactions_summarise_to_the_published_table_and_fit():
    summary = purchase_summary(*read_cdnow_transactions(), as_of_day=CDNOW_SPLIT_DAY)
    assert len(summary.customer) == 2357
    np.testing.assert_array_equal(summary.frequency, CDNOW_X)
    np.testing.assert_allclose(summary.recency_weeks, CDNOW_T_X, atol=0.005)
    np.testing.assert_allclose(summary.age_weeks, CDNOW_T, atol=0.005)
    model = fit_bg_nbd(summary.frequency, summary.recency_weeks, summary.age_weeks)
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx(
        (0.243, 4.414, 0.793, 2.426), abs=0.0005
    )
    assert round(model.log_likelihood, 1) == -9582.4


def test_bg_nbd_finds_a_likelihood_no_worse_than_lifetimes():
    x, t_x, age = simulate_customers(3000, BGNBD(1.2, 9.0, 0.4, 3.0))
    theirs = lifetimes.BetaGeoFitter().fit(x, t_x, age)
    log_likelihood = -theirs._negative_log_likelihood_ * len(x) + x.sum() * np.log(theirs._scale)
    assert fit_bg_nbd(x, t_x, age).log_likelihood >= log_likelihood - 1e-6


def test_bg_nbd_finds_the_parameters_customers_were_drawn_from():
    truth = BGNBD(r=0.8, alpha=6.0, a=0.6, b=2.0)
    model = fit_bg_nbd(*simulate_customers(20_000, truth))
    assert (model.r, model.alpha) == pytest.approx((truth.r, truth.alpha), rel=0.05)
    assert (model.a, model.b) == pytest.approx((truth.a, truth.b), rel=0.1)


def test_mbg_nbd_meets_the_published_fit_to_cdnow():
    model = fit_mbg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T)
    assert model.customers == 2357
    # Batislam, Denizel & Filiztekin (2007), table 2.
    assert [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)] == [
        0.525,
        6.183,
        0.891,
        1.614,
    ]
    assert model.warnings == ()


def test_mbg_nbd_fits_and_forecasts_as_lifetimes_does():
    theirs = lifetimes.ModifiedBetaGeoFitter().fit(CDNOW_X, CDNOW_T_X, CDNOW_T)
    log_likelihood = -theirs._negative_log_likelihood_ * len(CDNOW_X)
    log_likelihood += CDNOW_X.sum() * np.log(theirs._scale)
    assert fit_mbg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T).log_likelihood == pytest.approx(
        log_likelihood, abs=1e-6
    )
    ours = MBGNBD(*theirs.params_[["r", "alpha", "a", "b"]])
    np.testing.assert_allclose(
        ours.probability_alive(CDNOW_X, CDNOW_T_X, CDNOW_T),
        theirs.conditional_probability_alive(CDNOW_X, CDNOW_T_X, CDNOW_T),
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        ours.expected_purchases(39, CDNOW_X, CDNOW_T_X, CDNOW_T),
        theirs.conditional_expected_number_of_purchases_up_to_time(39, CDNOW_X, CDNOW_T_X, CDNOW_T),
        rtol=1e-10,
    )
    weeks = np.array([1.0, 39.0, 156.0])
    np.testing.assert_allclose(
        ours.expected_purchases_new(weeks),
        theirs.expected_number_of_purchases_up_to_time(weeks),
        rtol=1e-10,
    )


def test_mbg_nbd_finds_the_parameters_customers_were_drawn_from():
    truth = MBGNBD(r=0.8, alpha=6.0, a=0.6, b=2.0)
    model = fit_mbg_nbd(*simulate_customers(20_000, truth))
    assert (model.r, model.alpha) == pytest.approx((truth.r, truth.alpha), rel=0.05)
    assert (model.a, model.b) == pytest.approx((truth.a, truth.b), rel=0.1)


def test_only_mbg_nbd_gives_up_on_customers_who_never_came_back():
    silent = np.zeros(3), np.zeros(3), np.array([1.0, 52.0, 156.0])
    np.testing.assert_array_equal(
        fit_bg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T).probability_alive(*silent), [1, 1, 1]
    )
    alive = fit_mbg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T).probability_alive(*silent)
    assert 1 > alive[0] > alive[1] > alive[2] > 0


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_customers_changes_no_digit_of_the_fit(seed):
    order = np.random.default_rng(seed).permutation(len(CDNOW_X))
    assert fit_bg_nbd(CDNOW_X[order], CDNOW_T_X[order], CDNOW_T[order]) == fit_bg_nbd(
        CDNOW_X, CDNOW_T_X, CDNOW_T
    )
    assert fit_gamma_gamma(CDNOW_X[order], CDNOW_VALUE[order]) == fit_gamma_gamma(
        CDNOW_X, CDNOW_VALUE
    )


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_count_is_the_same_as_that_many_equal_rows(seed):
    count = np.random.default_rng(seed).integers(1, 4, len(CDNOW_X))
    x, t_x, age = (np.repeat(column, count) for column in (CDNOW_X, CDNOW_T_X, CDNOW_T))
    assert fit_bg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T, count) == fit_bg_nbd(x, t_x, age)
    value = np.repeat(CDNOW_VALUE, count)
    assert fit_gamma_gamma(CDNOW_X, CDNOW_VALUE, count) == fit_gamma_gamma(x, value)


@settings(max_examples=5, deadline=None)
@given(st.floats(1e-3, 1e3))
def test_another_unit_of_time_changes_alpha_alone(factor):
    weeks = fit_bg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T)
    other = fit_bg_nbd(CDNOW_X, CDNOW_T_X * factor, CDNOW_T * factor)
    assert other.alpha / factor == pytest.approx(weeks.alpha, rel=1e-5)
    assert (other.r, other.a, other.b) == pytest.approx((weeks.r, weeks.a, weeks.b), rel=1e-5)


def expected_purchases_in_exact_arithmetic(model, t, x, t_x, age):
    """Equation 10 of the paper as printed, 2F1 by its series, in 60 digits."""
    with localcontext() as context:
        context.prec = 60
        r, alpha, a, b = (Decimal(value) for value in (model.r, model.alpha, model.a, model.b))
        b += model.early_chances  # each of them survived, as each repeat adds 1
        t, x, t_x, age = (Decimal(value) for value in (t, x, t_x, age))
        z = t / (alpha + age + t)
        term = series = Decimal(1)
        k = 0
        while term > series * Decimal("1e-40"):
            term *= (r + x + k) * (b + x + k) / ((a + b + x - 1 + k) * (k + 1)) * z
            series += term
            k += 1
        shrinking = ((alpha + age) / (alpha + age + t)).ln() * (r + x)
        while_alive = (a + b + x - 1) / (a - 1) * (1 - shrinking.exp() * series)
        odds_of_death = Decimal(0)
        if x + model.early_chances:
            odds_of_death = a / (b + x - 1) * (((alpha + age) / (alpha + t_x)).ln() * (r + x)).exp()
        return float(while_alive / (1 + odds_of_death))


@pytest.mark.parametrize(
    ("model", "t", "history"),
    [
        pytest.param(CDNOW_MODEL, 39.0, (2, 30.43, 38.86), id="the paper's customer"),
        pytest.param(CDNOW_MODEL, 156.0, (500, 155.0, 156.0), id="500 purchases"),
        pytest.param(CDNOW_MODEL, 5000.0, (500, 10.0, 10.0), id="500 purchases, a century"),
        pytest.param(CDNOW_MODEL, 1000.0, (0, 0.0, 0.0), id="new, twenty years"),
        pytest.param(CDNOW_MODEL, 1e-6, (3, 20.0, 25.0), id="half a second"),
        pytest.param(BGNBD(0.2, 0.01, 0.5, 0.6), 5.0, (0, 0.0, 0.0), id="tiny alpha"),
        pytest.param(BGNBD(0.2, 4.0, 0.01, 2.0), 150.0, (40, 90.0, 100.0), id="a near 0"),
        pytest.param(BGNBD(0.2, 4.0, 1 - 1e-12, 2.0), 52.0, (4, 30.0, 40.0), id="a below 1"),
        pytest.param(BGNBD(0.2, 4.0, 1 + 1e-12, 2.0), 52.0, (4, 30.0, 40.0), id="a above 1"),
        pytest.param(BGNBD(0.2, 4.0, 0.8, 1e4), 52.0, (4, 30.0, 40.0), id="b large"),
        pytest.param(BGNBD(0.2, 4.0, 3e3, 9e3), 52.0, (4, 30.0, 40.0), id="a and b large"),
        pytest.param(BGNBD(0.2, 4.0, 5e3, 0.01), 52.0, (1, 30.0, 31.0), id="all leave at once"),
        pytest.param(BGNBD(9e3, 9e4, 0.8, 2.4), 52.0, (9, 80.0, 90.0), id="one rate for all"),
        pytest.param(MBGNBD(0.5, 6.2, 0.9, 1.6), 39.0, (2, 30.0, 38.0), id="MBG/NBD"),
        pytest.param(MBGNBD(0.5, 6.2, 0.9, 1.6), 39.0, (0, 0.0, 38.0), id="MBG/NBD, silent"),
        pytest.param(MBGNBD(0.2, 4.0, 5e3, 0.01), 52.0, (0, 0.0, 31.0), id="MBG/NBD, all leave"),
    ],
)
def test_expected_purchases_have_all_digits_at_the_edges(model, t, history):
    exact = expected_purchases_in_exact_arithmetic(model, t, *history)
    assert model.expected_purchases(t, *history) == pytest.approx(exact, rel=1e-11)
    # Many horizons at once are interpolated, one alone is not.
    many = np.append(np.linspace(0, t, 1000), t)
    assert model.expected_purchases(many, *history)[-1] == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("history", [(0, 0.0, 20.0), (1, 3.0, 20.0), (6, 18.0, 20.0)])
@pytest.mark.parametrize(("kind", "early"), [(BGNBD, 0), (MBGNBD, 1)])
def test_forecasts_agree_with_integrating_over_every_kind_of_customer(kind, early, history):
    x, t_x, age = history
    chances = x + early
    model, t = kind(r=2, alpha=6.0, a=2, b=3), 30.0
    nodes, weights = np.polynomial.legendre.leggauss(150)
    # Drop-out probabilities of 0 to 1 and rates of 0 to 12, which are e^-72 rare.
    p, rate = (nodes[:, None] + 1) / 2, (nodes[None, :] + 1) * 6
    share = np.outer(weights, weights) * rate * np.exp(-6 * rate) * p * (1 - p) ** 2
    alive = share * (1 - p) ** chances * rate**x * np.exp(-rate * age)
    dead = 0 * share
    if chances:
        dead = share * p * (1 - p) ** (chances - 1) * rate**x * np.exp(-rate * t_x)
    everyone = alive.sum() + dead.sum()
    purchases = (alive * (1 - np.exp(-rate * p * t)) / p).sum()
    assert model.probability_alive(*history) == pytest.approx(alive.sum() / everyone, rel=1e-10)
    assert model.expected_purchases(t, *history) == pytest.approx(purchases / everyone, rel=1e-10)


@settings(max_examples=100, deadline=None)
@given(models, histories())
def test_the_probability_of_being_alive_is_a_probability(model, history):
    alive = model.probability_alive(*history)
    assert 0 <= alive <= 1
    if history[0] + model.early_chances == 0:
        assert alive == 1


@settings(max_examples=100, deadline=None)
@given(models, histories(), st.lists(st.floats(0, 1000), min_size=2, max_size=40))
def test_expected_purchases_grow_with_time_from_nothing(model, history, horizons):
    horizons = np.sort(horizons)
    expected = model.expected_purchases(horizons, *history)
    assert (expected >= 0).all()
    assert (np.diff(expected) >= -1e-12 * expected[1:]).all()
    assert model.expected_purchases(0, *history) == 0
    monthly = model.expected_purchases_by_month(*history)
    assert (np.diff(monthly, axis=1) >= 0).all()


@settings(max_examples=50, deadline=None)
@given(models, histories(), st.floats(0.01, 500))
def test_nobody_is_expected_to_buy_more_than_at_their_rate_for_ever(model, history, t):
    frequency, _, age = history
    without_drop_out = (model.r + frequency) * t / (model.alpha + age)
    assert model.expected_purchases(t, *history) <= without_drop_out * (1 + 1e-12)


@settings(max_examples=25, deadline=None)
@given(models, st.lists(histories(), min_size=1, max_size=60), st.floats(0.1, 200))
def test_a_forecast_for_many_is_the_forecast_for_each(model, rows, t):
    x, t_x, age = np.array(rows).T
    each = [model.expected_purchases(t, *row) for row in rows]
    np.testing.assert_allclose(model.expected_purchases(t, x, t_x, age), each, rtol=1e-10)
    by_month = model.expected_purchases_by_month(x, t_x, age, months=3)
    assert by_month.shape == (len(rows), 3)
    months = WEEKS_PER_MONTH * np.arange(1, 4)
    for row, found in zip(rows, by_month, strict=True):
        np.testing.assert_allclose(found, model.expected_purchases(months, *row), rtol=1e-10)


def test_monthly_forecasts_never_step_back_where_purchases_have_run_out():
    model = BGNBD(r=4.75, alpha=0.03, a=214.0, b=154.0)
    monthly = model.expected_purchases_by_month(np.full(500, 40), 0.1, np.linspace(0.1, 100, 500))
    assert (np.diff(monthly, axis=1) >= 0).all()
    assert (monthly > 0).all()


def test_no_time_brings_no_purchases_however_many_ask():
    with np.errstate(divide="raise", invalid="raise"):
        purchases = CDNOW_MODEL.expected_purchases(np.zeros(1000), 2, 30.43, 38.86)
    assert purchases.tolist() == [0] * 1000


def test_a_new_customer_is_one_without_history():
    assert CDNOW_MODEL.expected_purchases_new(52) == CDNOW_MODEL.expected_purchases(52, 0, 0, 0)


def test_a_month_is_a_twelfth_of_a_year_of_365_and_a_quarter_days():
    yearly = CDNOW_MODEL.expected_purchases(365.25 / 7, 2, 30.43, 38.86)
    by_month = CDNOW_MODEL.expected_purchases_by_month(2, 30.43, 38.86)
    assert by_month.shape == (1, 36)
    assert by_month[0, 11] == pytest.approx(yearly, rel=1e-10)


# Gamma-Gamma


def test_gamma_gamma_meets_the_published_fit_to_cdnow():
    model = fit_gamma_gamma(CDNOW_X, CDNOW_VALUE)
    assert model.customers == 946
    assert [round(value, 2) for value in (model.p, model.q)] == [6.25, 3.74]
    assert model.v == pytest.approx(15.44, abs=0.01)
    assert round(value_frequency_correlation(CDNOW_X, CDNOW_VALUE), 2) == 0.11


def test_the_expected_value_weighs_the_customers_own_mean_against_everybodys():
    model = GammaGamma(p=6.0, q=4.0, v=15.0)
    # 6 x 15 / (4 - 1) = 30; with 2 repeats of mean 50 the weight is 12 / (12 + 3) = 0.8.
    assert model.population_mean == 30
    assert model.expected_value([0, 2, 2], [np.nan, 50, 0]).tolist() == pytest.approx([30, 46, 6])


def test_gamma_gamma_finds_a_likelihood_no_worse_than_lifetimes():
    x, mean = simulate_values(2000, p=4.0, q=3.0, v=20.0)
    theirs = lifetimes.GammaGammaFitter().fit(x, mean)
    ours = fit_gamma_gamma(x, mean)
    assert ours.log_likelihood >= -theirs._negative_log_likelihood_ * len(x) - 1e-6
    assert (ours.p, ours.q) == pytest.approx((4.0, 3.0), rel=0.15)


def test_customers_without_repeats_of_positive_value_take_no_part_in_the_value_fit():
    x, mean = simulate_values(500, p=4.0, q=3.0, v=20.0)
    more_x, more_mean = np.append(x, [0, 0, 3, 3]), np.append(mean, [np.nan, 99, 0, -5])
    assert fit_gamma_gamma(more_x, more_mean) == fit_gamma_gamma(x, mean)


def test_customers_who_all_pay_one_price_are_expected_to_pay_it():
    model = fit_gamma_gamma(np.tile([1, 2, 5], 40), np.full(120, 9.99))
    assert model.expected_value([0, 3], [0, 9.99]) == pytest.approx(9.99, rel=1e-3)
    assert any("the limit of the search" in warning for warning in model.warnings)


def test_values_without_a_finite_mean_are_refused():
    x, mean = simulate_values(3000, p=6.0, q=0.7, v=15.0)
    with pytest.raises(NoForecastError, match=r"q is 0\.[67].* no finite mean"):
        fit_gamma_gamma(x, mean)
    with pytest.raises(ValueError, match="q must be above 1"):
        GammaGamma(p=6.0, q=1.0, v=15.0)


def test_a_fit_that_misses_the_mean_value_of_the_data_is_refused():
    mean = np.append(np.full(99, 1.0), 1e6)
    with pytest.raises(NoForecastError, match=r"mean order value: 1e\+04 seen"):
        fit_gamma_gamma(np.tile([1, 3], 50), mean)


def test_a_correlation_needs_something_that_varies():
    assert np.isnan(value_frequency_correlation([1, 1, 1], [5, 6, 7]))
    assert value_frequency_correlation([1, 2, 0, 3], [10, 20, 99, 30]) == pytest.approx(1)


# sBG


@pytest.mark.parametrize(
    ("percent", "alpha", "beta", "log_likelihood"),
    [(HIGH_END, 0.668, 3.806, -1611.2), (REGULAR, 0.704, 1.182, -1680.3)],
    ids=["high end", "regular"],
)
def test_sbg_meets_the_published_fits(percent, alpha, beta, log_likelihood):
    model = fit_shifted_beta_geometric(*survivors_to_counts(percent))
    assert model.customers == 1000
    assert (round(model.alpha, 3), round(model.beta, 3)) == (alpha, beta)
    assert round(model.log_likelihood, 1) == log_likelihood
    assert 100 * model.survival(range(8)) == pytest.approx(percent, abs=2)


def test_sbg_reads_cohorts_that_can_be_seen_for_different_times():
    truth = ShiftedBetaGeometric(alpha=0.668, beta=3.806)
    lost, active = np.zeros(8), np.zeros(8)
    for seen in (3, 5, 8):
        survivors = np.rint(1e6 * truth.survival(range(seen + 1)))
        lost[:seen] -= np.diff(survivors)
        active[seen - 1] += survivors[-1]
    model = fit_shifted_beta_geometric(lost, active)
    assert (model.alpha, model.beta) == pytest.approx((0.668, 3.806), rel=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.builds(ShiftedBetaGeometric, alpha=positive, beta=positive))
def test_survival_is_the_product_of_retention(model):
    product = np.cumprod(model.retention_rate(range(1, 31)))
    np.testing.assert_allclose(model.survival(range(1, 31)), product, rtol=1e-10)
    assert model.survival(0) == 1


@settings(max_examples=50, deadline=None)
@given(
    st.builds(ShiftedBetaGeometric, alpha=positive, beta=positive),
    st.integers(1, 20),
    st.floats(0.05, 1),
)
def test_residual_lifetime_is_the_discounted_sum_of_renewals_to_come(model, period, discount):
    to_come = np.arange(1000)
    renewed = model.survival(period + to_come) / model.survival(period - 1)
    by_hand = (renewed / (1 + discount) ** to_come).sum()
    found = model.discounted_expected_residual_lifetime([1, period], discount)
    assert found[1] == pytest.approx(by_hand, rel=1e-10)


def test_residual_lifetime_without_discount_is_refused():
    with pytest.raises(ValueError, match="discount_rate must be above 0"):
        ShiftedBetaGeometric(0.7, 1.2).discounted_expected_residual_lifetime(1, 0.0)


@pytest.mark.parametrize(
    ("lost", "active", "reason"),
    [
        ([10, 5], [0, 34], "49 customers came to a renewal; at least 50"),
        ([0, 0, 0], [0, 0, 90], "no customer was lost"),
        ([40], [60], "one renewal alone"),
        ([40, 0], [60, 0], "one renewal alone"),
    ],
)
def test_sbg_without_enough_to_go_by_gives_no_forecast(lost, active, reason):
    with pytest.raises(NoForecastError, match=reason):
        fit_shifted_beta_geometric(lost, active)


# What the fits share


def test_steady_customers_are_forecast_at_their_rate_with_a_warning():
    random = np.random.default_rng(4)
    age = random.uniform(50, 150, 2000)
    x = random.poisson(0.1 * age)
    t_x = np.where(x > 0, age * random.beta(np.maximum(x, 1), 1), 0)
    model = fit_bg_nbd(x, t_x, age)
    assert model.expected_purchases_new(52) == pytest.approx(5.2, rel=0.02)
    assert any("a went to 0.0001, the limit of the search" in text for text in model.warnings)


def test_fewer_than_fifty_repeat_customers_give_no_forecast():
    x = np.append(np.arange(1, 50), np.zeros(500))
    t_x = np.where(x > 0, 10.0, 0.0)
    with pytest.raises(NoForecastError, match="49 customers bought again; at least 50 are needed"):
        fit_bg_nbd(x, t_x, np.full(549, 20.0))
    with pytest.raises(NoForecastError, match="49 customers have repeat orders of positive value"):
        fit_gamma_gamma(x, np.full(549, 20.0))


def test_fifty_repeat_customers_are_enough():
    x, t_x, age = simulate_customers(500, CDNOW_MODEL)
    repeat = np.flatnonzero(x > 0)[:50]
    rows = np.append(repeat, np.flatnonzero(x == 0))
    assert fit_bg_nbd(x[rows], t_x[rows], age[rows]).customers == len(rows)
    assert fit_gamma_gamma(*simulate_values(50, p=4.0, q=3.0, v=20.0)).customers == 50


def test_customers_who_all_bought_at_most_twice_give_no_forecast():
    x = np.repeat([0.0, 1.0], 100)
    with pytest.raises(NoForecastError, match="nobody bought again twice"):
        fit_bg_nbd(x, 5 * x, np.full(200, 10.0))


def test_a_fit_that_misses_the_purchases_of_the_data_is_refused():
    # Sixty customers with a thousand purchases in four days are no customers of this model.
    x = np.repeat([0.0, 1000.0], [1000, 60])
    with pytest.raises(NoForecastError, match=r"repeat purchases in the data: 6e\+04 seen"):
        fit_bg_nbd(x, np.where(x > 0, 0.5, 0), np.full(1060, 150.0))


@pytest.mark.parametrize(
    ("history", "message"),
    [
        (([1, -1], [2, 0], [5, 5]), "frequency must be 0, 1, 2, ...; row 1 has frequency -1"),
        (([1, 1.5], [2, 2], [5, 5]), "frequency must be 0, 1, 2, ...; row 1 has frequency 1.5"),
        (([1, 1], [2, 6], [5, 5]), "recency must not be above age; row 1 has recency 6, age 5"),
        (([1, 1], [-2, 2], [5, 5]), "recency must not be negative; row 0 has recency -2"),
        (([0, 1], [2, 2], [5, 5]), "recency is 0 without a repeat purchase; row 0 has recency 2"),
        (([1, 1], [2, np.nan], [5, 5]), "recency must be a finite number; row 1 has recency nan"),
        (([1, 1], [2, 2], [np.inf, 5]), "age must be a finite number; row 0 has age inf"),
        (([], [], []), "frequency is empty"),
    ],
)
def test_impossible_histories_are_refused_with_their_row(history, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        fit_bg_nbd(*history)
    if history[0]:
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            CDNOW_MODEL.expected_purchases(52, *history)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_bg_nbd([1], [2], [5], [0]), "count must be 1, 2, ...; row 0 has count 0"),
        (lambda: fit_gamma_gamma([1], [np.nan]), "mean_value must be a finite number; row 0"),
        (lambda: GammaGamma(6, 4, 15).expected_value(1, -1), "mean_value must not be negative"),
        (lambda: BGNBD(0.2, 4.4, float("nan"), 2.4), "a must be positive and finite, not nan"),
        (lambda: CDNOW_MODEL.expected_purchases_new(-1), "t must not be negative; row 0 has t -1"),
        (lambda: CDNOW_MODEL.purchases_while_alive(1, 1, -1), "age must not be negative"),
        (lambda: ShiftedBetaGeometric(1, 0), "beta must be positive and finite, not 0"),
        (lambda: ShiftedBetaGeometric(1, 1).survival(-1), "t must not be negative"),
        (lambda: ShiftedBetaGeometric(1, 1).retention_rate(0), "t counts renewals from 1"),
        (lambda: fit_shifted_beta_geometric([1, 2], [3]), "one number per renewal each"),
        (lambda: fit_shifted_beta_geometric([1.5, 2], [0, 3]), "lost must be whole; row 0"),
        (lambda: hold_out_errors([1], [3], 9, 1.0), "calibration_share must lie between 0 and 1"),
    ],
)
def test_impossible_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


# Discounting, hold-out and the whole


def test_each_months_purchases_are_discounted_by_its_own_months():
    # 1 % a month. 1 order in month 1, a half in month 2, worth 40 x 0.25 = 10 each.
    yearly = 1.01**12 - 1
    value = discounted_value([[1.0, 1.5]], 40, 0.25, yearly, horizons=(1, 2))
    assert value.tolist() == [pytest.approx([10 / 1.01, 10 / 1.01 + 5 / 1.01**2])]


def test_without_discount_the_value_is_that_of_all_purchases_up_to_the_horizon():
    cumulative = CDNOW_MODEL.expected_purchases_by_month([2, 0], [30.43, 0], [38.86, 10])
    value = discounted_value(cumulative, [50, 80], [0.5, 0.2], 0)
    expected = np.array([[25], [16]]) * cumulative[:, [11, 35]]
    np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_discounting_needs_a_column_for_every_month():
    with pytest.raises(ValueError, match="one column for each of 36 months"):
        discounted_value(np.ones((1, 12)), 1, 1, 0.1)


def test_a_discount_rate_below_zero_is_refused():
    with pytest.raises(ValueError, match="yearly_discount_rate must be 0 or more"):
        discounted_value(np.ones((1, 36)), 1, 1, -0.1)


def test_the_hold_out_error_is_that_of_forecasting_cdnows_second_half_from_its_first():
    customer, day = read_cdnow_transactions()
    # Half of the 545 days is 272, 1997-09-30, the paper's own split: 39 weeks each.
    rows = hold_out_errors(customer, day, as_of_day=CDNOW_END_DAY, calibration_share=0.5)
    later = {}
    for who, when in set(zip(customer.tolist(), day.tolist(), strict=True)):
        later[who] = later.get(who, 0) + (CDNOW_SPLIT_DAY < when <= CDNOW_END_DAY)
    actual = np.array([later[who] for who in sorted(later)])
    predicted = fit_bg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T).expected_purchases(
        39, CDNOW_X, CDNOW_T_X, CDNOW_T
    )
    everyone = rows[0]
    assert everyone.frequency_class == "all"
    assert everyone.customers == 2357
    assert everyone.actual_purchases == actual.sum()
    assert everyone.predicted_purchases == pytest.approx(predicted.sum(), rel=1e-3)
    assert everyone.mean_absolute_error == pytest.approx(abs(predicted - actual).mean(), rel=1e-3)
    assert everyone.bias == pytest.approx(predicted.sum() / actual.sum() - 1, rel=1e-2)


def test_the_hold_out_error_is_of_the_model_that_is_asked_for():
    customer, day = read_cdnow_transactions()
    predicted = fit_mbg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T).expected_purchases(
        39, CDNOW_X, CDNOW_T_X, CDNOW_T
    )
    everyone, silent, *_ = hold_out_errors(customer, day, CDNOW_END_DAY, 0.5, fit=fit_mbg_nbd)
    assert everyone.predicted_purchases == pytest.approx(predicted.sum(), rel=1e-3)
    assert silent.frequency_class == "0"
    assert silent.predicted_purchases == pytest.approx(predicted[CDNOW_X == 0].sum(), rel=1e-3)


def test_customers_who_first_buy_after_the_split_are_no_part_of_the_hold_out():
    customer, day = read_cdnow_transactions()
    with_others = hold_out_errors(
        np.append(customer, [-1, -1, 99_999]), np.append(day, [500, 510, 520]), CDNOW_END_DAY, 0.5
    )
    assert with_others == hold_out_errors(customer, day, CDNOW_END_DAY, 0.5)


def test_the_hold_out_classes_add_up_to_everybody():
    everyone, *classes = hold_out_errors(*read_cdnow_transactions(), as_of_day=CDNOW_END_DAY)
    assert [row.frequency_class for row in classes] == ["0", "1", "2", "3-4", "5-9", "10+"]
    assert sum(row.customers for row in classes) == everyone.customers == 2357
    assert sum(row.actual_purchases for row in classes) == everyone.actual_purchases
    assert sum(row.predicted_purchases for row in classes) == pytest.approx(
        everyone.predicted_purchases
    )
    assert sum(row.mean_absolute_error * row.customers for row in classes) == pytest.approx(
        everyone.mean_absolute_error * everyone.customers
    )


def test_a_forecast_is_margin_times_value_times_discounted_purchases():
    forecast = forecast_lifetime_value(CDNOW_X, CDNOW_T_X, CDNOW_T, CDNOW_VALUE, 0.3, 0.15)
    assert forecast.reason is None
    assert forecast.warnings == ()
    bg_nbd = fit_bg_nbd(CDNOW_X, CDNOW_T_X, CDNOW_T)
    gamma_gamma = fit_gamma_gamma(CDNOW_X, CDNOW_VALUE)
    assert (forecast.bg_nbd, forecast.gamma_gamma) == (bg_nbd, gamma_gamma)
    for customer in (0, 2, 5):
        history = CDNOW_X[customer], CDNOW_T_X[customer], CDNOW_T[customer]
        value = gamma_gamma.expected_value(CDNOW_X[customer], CDNOW_VALUE[customer])
        worth, before, at_12 = 0.0, 0.0, 0.0
        for month in range(1, 37):
            now = bg_nbd.expected_purchases(month * 365.25 / 7 / 12, *history)
            worth += 0.3 * value * (now - before) / 1.15 ** (month / 12)
            before = now
            if month == 12:
                at_12 = worth
                assert forecast.expected_orders_12m[customer] == pytest.approx(now, rel=1e-9)
        assert forecast.probability_alive[customer] == bg_nbd.probability_alive(*history)
        assert forecast.expected_order_value[customer] == value
        assert forecast.predicted_clv_12m[customer] == pytest.approx(at_12, rel=1e-9)
        assert forecast.predicted_clv_36m[customer] == pytest.approx(worth, rel=1e-9)


def test_a_value_model_that_fails_leaves_the_forecast_of_orders():
    x, mean = simulate_values(3000, p=6.0, q=0.7, v=15.0)
    age = np.full(3000, 60.0)
    forecast = forecast_lifetime_value(x, age * x / (x + 1), age, mean, 0.3, 0.1)
    assert forecast.reason is not None
    assert "no finite mean" in forecast.reason
    assert forecast.gamma_gamma is None
    assert np.isnan(forecast.predicted_clv_12m).all()
    assert np.isnan(forecast.predicted_clv_36m).all()
    assert np.isnan(forecast.expected_order_value).all()
    assert np.isfinite(forecast.expected_orders_12m).all()
    assert np.isfinite(forecast.probability_alive).all()


def test_too_few_customers_give_nothing_but_the_reasons():
    forecast = forecast_lifetime_value([0, 2, 3], [0, 4, 5], [9, 9, 9], [0, 20, 30], 0.3, 0.1)
    for name in (
        "probability_alive",
        "expected_orders_12m",
        "expected_order_value",
        "predicted_clv_12m",
        "predicted_clv_36m",
    ):
        column = getattr(forecast, name)
        assert column.shape == (3,)
        assert np.isnan(column).all()
    assert forecast.reason == (
        "BG/NBD: 2 customers bought again; at least 50 are needed; "
        "Gamma-Gamma: 2 customers have repeat orders of positive value; at least 50 are needed"
    )


def test_no_customers_give_empty_columns_and_a_reason():
    forecast = forecast_lifetime_value([], [], [], [], [], 0.1)
    assert forecast.predicted_clv_36m.shape == (0,)
    assert forecast.reason == "there are no customers"


def test_what_is_odd_about_the_customers_is_said_in_warnings():
    value = CDNOW_VALUE + 10 * CDNOW_X
    value[0] = -3.0
    margin = np.full(len(value), 0.3)
    margin[1] = np.nan
    forecast = forecast_lifetime_value(CDNOW_X, CDNOW_T_X, CDNOW_T, value, margin, 0.1)
    assert forecast.value_frequency_correlation > 0.3
    assert [warning.split(";")[0] for warning in forecast.warnings] == [
        "Gamma-Gamma: order value and frequency correlate by "
        f"{forecast.value_frequency_correlation:.2f}, beyond 0.3",
        "Gamma-Gamma: 1 customers with repeats of no value, taken as 0",
        "1 customers have no margin rate, hence no CLV",
    ]
    assert forecast.gamma_gamma is not None
    assert forecast.expected_order_value[0] == forecast.gamma_gamma.expected_value(CDNOW_X[0], 0)
    assert np.flatnonzero(np.isnan(forecast.predicted_clv_12m)).tolist() == [1]


def test_a_margin_in_percent_is_refused():
    with pytest.raises(ValueError, match="margin_rate must lie in 0 to 1; row 0 has margin_rate 3"):
        forecast_lifetime_value(CDNOW_X, CDNOW_T_X, CDNOW_T, CDNOW_VALUE, 30, 0.1)


def test_the_models_need_no_warehouse():
    script = (
        "import sys, pipelines.lifetime_value; "
        "sys.exit(bool({'dagster', 'dbt', 'duckdb', 'pandas', 'polars'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
