"""The likelihoods against their slopes, and the search for their maximum where there is none."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from pipelines.likelihoods import (
    SEARCH_FACTOR,
    NoForecastError,
    bg_nbd_likelihood,
    gamma_gamma_likelihood,
    maximise,
    mbg_nbd_likelihood,
    shifted_beta_geometric_likelihood,
)


@pytest.mark.parametrize("seed", range(3))
def test_analytic_gradients_are_the_slopes_of_the_likelihoods(seed):
    random = np.random.default_rng(seed)
    age = random.uniform(1, 156, 200)
    x = random.poisson(0.02 * age).astype(float)
    t_x = np.where(x > 0, random.uniform(0, 1, 200) * age, 0)
    count = random.integers(1, 5, 200).astype(float)
    again = x > 0
    mean = random.gamma(2, 10, 200)
    for log_likelihood, parameters in (
        (bg_nbd_likelihood(x, t_x, age, count), 4),
        (mbg_nbd_likelihood(x, t_x, age, count), 4),
        (gamma_gamma_likelihood(x[again], mean[again], count[again]), 3),
        (shifted_beta_geometric_likelihood(count[:9], count[9:18]), 2),
    ):
        theta = random.normal(0, 1, parameters)
        numeric = approx_fprime(theta, lambda at, f=log_likelihood: f(at)[0], 1e-6)
        np.testing.assert_allclose(log_likelihood(theta)[1], numeric, rtol=1e-3, atol=1e-2)


def climb(log_likelihood):
    return maximise(
        "Model", ("a",), np.ones(1), ((2.0,), (0.5,)), lambda rows: log_likelihood, np.ones(100)
    )


def test_a_likelihood_without_a_smooth_maximum_is_not_taken_for_converged():
    with pytest.raises(NoForecastError, match="Model: the fit did not converge"):
        climb(lambda theta: (-100 * abs(theta[0] - 0.1), -100 * np.sign(theta - 0.1)))


def test_a_likelihood_that_is_not_finite_gives_no_forecast():
    with pytest.raises(NoForecastError, match="Model: the fit ended on parameters"):
        climb(lambda theta: (float("nan"), np.full(1, np.nan)))


def test_a_parameter_without_a_maximum_stops_at_the_limit_and_says_so():
    fit = climb(lambda theta: (theta[0], np.ones(1)))
    assert fit.parameters[0] == pytest.approx(SEARCH_FACTOR, rel=0.01)
    assert "a went to 1e+04, the limit of the search" in fit.warnings[0]
