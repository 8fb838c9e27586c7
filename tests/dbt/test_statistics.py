"""The statistics macros against SciPy and the published values, in plain DuckDB."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros"
Z_95 = 1.959964
NPS_COUNTS = "promoters, detractors, n"
NPS_CHANGE_COUNTS = f"{NPS_COUNTS}, promoters_before, detractors_before, n_before"


@pytest.fixture(scope="module")
def macros() -> SimpleNamespace:
    """The macros as functions that return SQL, without dbt."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["return"] = lambda value: value
    source = "".join(path.read_text() for path in sorted(MACROS.glob("statistics*.sql")))
    namespace: dict[str, Any] = {}
    environment.globals["adapter"] = SimpleNamespace(
        dispatch=lambda name: namespace[f"default__{name}"]
    )
    namespace.update(vars(environment.from_string(source).module))
    return SimpleNamespace(**namespace)


def computed(
    expressions: Mapping[str, str], columns: Mapping[str, Sequence[Any] | np.ndarray]
) -> dict[str, np.ndarray]:
    """Evaluate SQL expressions over the given columns; NULL becomes NaN."""
    rows = pa.table({name: pa.array(values) for name, values in columns.items()})
    selected = ", ".join(f"cast({sql} as double) as {name}" for name, sql in expressions.items())
    with duckdb.connect() as connection:
        connection.register("counts", rows)
        found = connection.sql(f"select {selected} from counts").to_arrow_table()
    return {name: found[name].to_numpy().astype(float) for name in expressions}


def call(macro: Any, arguments: str) -> str:
    """The macro's SQL for a list of column names."""
    return str(macro(*arguments.split(", ")))


def random_nps_groups(size: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(20_240_229)
    promoters, passives, detractors = random.integers(0, [[3], [300], [40]], size=(3, size))
    promoters = promoters * random.integers(1, 2_000, size)
    return {
        "promoters": promoters,
        "detractors": detractors,
        "n": promoters + passives + detractors,
        "promoters_before": np.roll(promoters, 1),
        "detractors_before": np.roll(detractors, 1),
        "n_before": np.roll(promoters + passives + detractors, 1),
    }


def adjusted(promoters: np.ndarray, detractors: np.ndarray, n: np.ndarray) -> tuple[Any, Any]:
    """The adjusted score as a share and its variance, written as in Lewis & Sauro."""
    p, d, size = promoters + 0.75, detractors + 0.75, n + 3
    share = (p - d) / size
    return share, (p / size + d / size - share**2) / size


def test_the_p_value_is_twice_the_upper_tail_of_the_normal_distribution(macros):
    z = np.concatenate([np.linspace(-9, 9, 36_001), [-38.0, 20.0, 40.0]])
    found = computed({"p": call(macros.two_sided_p_value, "z")}, {"z": z})["p"]
    np.testing.assert_allclose(found, 2 * stats.norm.sf(np.abs(z)), rtol=0, atol=1e-15)
    near = np.abs(z) < 7
    np.testing.assert_allclose(found[near], 2 * stats.norm.sf(np.abs(z[near])), rtol=1e-8)


def test_nps_and_its_interval_have_the_published_values(macros):
    found = computed(
        {
            "nps": call(macros.nps, NPS_COUNTS),
            "low": call(macros.nps_low, NPS_COUNTS),
            "high": call(macros.nps_high, NPS_COUNTS),
        },
        {"promoters": [162, 5, 0], "detractors": [54, 0, 0], "n": [324, 5, 0]},
    )
    np.testing.assert_allclose(found["nps"], [100 / 3, 100, np.nan], atol=1e-12)
    np.testing.assert_allclose(found["low"], [24.945, 17.491, np.nan], atol=5e-4)
    np.testing.assert_allclose(found["high"], [41.110, 100, np.nan], atol=5e-4)


def test_the_nps_interval_and_change_are_those_of_the_adjusted_score(macros):
    groups = random_nps_groups(5_000)
    found = computed(
        {
            "low": call(macros.nps_low, NPS_COUNTS),
            "high": call(macros.nps_high, NPS_COUNTS),
            "z": call(macros.nps_change_z, NPS_CHANGE_COUNTS),
        },
        groups,
    )
    empty = groups["n"] == 0
    share, variance = adjusted(groups["promoters"], groups["detractors"], groups["n"])
    before, variance_before = (np.roll(part, 1) for part in (share, variance))
    half_width = Z_95 * np.sqrt(variance)
    low, high = 100 * (share - half_width), 100 * (share + half_width)
    change = (share - before) / np.sqrt(variance + variance_before)
    np.testing.assert_allclose(found["low"], np.where(empty, np.nan, np.maximum(low, -100)))
    np.testing.assert_allclose(found["high"], np.where(empty, np.nan, np.minimum(high, 100)))
    np.testing.assert_allclose(
        found["z"], np.where(empty | np.roll(empty, 1), np.nan, change), atol=1e-12
    )


def test_the_wilson_interval_has_the_published_values(macros):
    found = computed(
        {
            "low": call(macros.wilson_low, "satisfied, n"),
            "high": call(macros.wilson_high, "satisfied, n"),
        },
        {"satisfied": [8, 0, 5, 0], "n": [10, 5, 5, 0]},
    )
    np.testing.assert_allclose(found["low"], [0.490162, 0, 0.565518, np.nan], atol=5e-7)
    np.testing.assert_allclose(found["high"], [0.943318, 0.434482, 1, np.nan], atol=5e-7)
    assert found["low"][1] == 0
    assert found["high"][2] == 1


def test_the_wilson_interval_is_scipys(macros):
    random = np.random.default_rng(20_240_301)
    n = random.integers(1, 400, 500) * random.choice([1, 10_000], 500)
    satisfied = random.integers(0, n + 1)
    found = computed(
        {
            "low": call(macros.wilson_low, "satisfied, n"),
            "high": call(macros.wilson_high, "satisfied, n"),
        },
        {"satisfied": satisfied, "n": n},
    )
    level = 1 - 2 * stats.norm.sf(Z_95)
    expected = [
        stats.binomtest(int(k), int(size)).proportion_ci(level, method="wilson")
        for k, size in zip(satisfied, n, strict=True)
    ]
    np.testing.assert_allclose(found["low"], [bound.low for bound in expected], atol=1e-12)
    np.testing.assert_allclose(found["high"], [bound.high for bound in expected], atol=1e-12)


def test_a_change_of_share_has_the_p_value_of_the_chi_squared_test(macros):
    random = np.random.default_rng(20_240_302)
    n, n_before = random.integers(1, 5_000, (2, 500))
    satisfied, satisfied_before = random.integers(0, [n + 1, n_before + 1])
    z = computed(
        {"z": call(macros.share_change_z, "satisfied, n, satisfied_before, n_before")},
        {
            "satisfied": satisfied,
            "n": n,
            "satisfied_before": satisfied_before,
            "n_before": n_before,
        },
    )["z"]
    satisfied_ever = satisfied + satisfied_before
    varied = (satisfied_ever > 0) & (satisfied_ever < n + n_before)
    expected = [
        stats.chi2_contingency([[a, b], [c - a, d - b]], correction=False).pvalue
        for a, b, c, d in zip(
            satisfied[varied], satisfied_before[varied], n[varied], n_before[varied], strict=True
        )
    ]
    found = computed({"p": call(macros.two_sided_p_value, "z")}, {"z": z[varied]})["p"]
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-13)


def test_two_groups_that_are_wholly_satisfied_have_not_changed_and_an_empty_one_says_nothing(
    macros,
):
    z = computed(
        {"z": call(macros.share_change_z, "satisfied, n, satisfied_before, n_before")},
        {
            "satisfied": [7, 0, 7, 0],
            "n": [7, 7, 7, 0],
            "satisfied_before": [3, 0, 0, 3],
            "n_before": [3, 3, 0, 3],
        },
    )["z"]
    np.testing.assert_array_equal(z, [0, 0, np.nan, np.nan])


def test_the_interval_of_a_difference_of_shares_has_newcombes_published_values(macros):
    """Newcombe, Statistics in Medicine 17, 1998, table II, method 10."""
    columns = {
        "a": [56, 9, 6, 5, 0, 0, 10, 10, 1],
        "m": [70, 10, 7, 56, 10, 10, 10, 10, 1],
        "b": [48, 3, 2, 0, 0, 0, 0, 0, 0],
        "n": [80, 10, 7, 29, 20, 10, 20, 10, 0],
    }
    shares = {"share": ("a", "m"), "other": ("b", "n")}
    parts = []
    for count, n in shares.values():
        parts += [
            f"(cast({count} as double) / nullif({n}, 0))",
            f"({macros.wilson_low(count, n)})",
            f"({macros.wilson_high(count, n)})",
        ]
    found = computed({end: macros.difference_end(end, *parts) for end in ("low", "high")}, columns)
    low = [0.0524, 0.1705, 0.0582, -0.0381, -0.1611, -0.2775, 0.6791, 0.6075, np.nan]
    high = [0.3339, 0.8090, 0.8062, 0.1926, 0.2775, 0.2775, 1, 1, np.nan]
    np.testing.assert_allclose(found["low"], low, atol=6e-5)
    np.testing.assert_allclose(found["high"], high, atol=6e-5)


def test_the_variance_of_a_mean_is_numpys(macros):
    random = np.random.default_rng(20_240_303)
    groups = [random.integers(0, 10**6, size).astype(float) / 100 for size in range(2, 40)]
    groups += [np.full(7, 0.1), np.array([3.0])]
    found = computed(
        {"variance": macros.variance_of_mean("total", "squares", "n")},
        {
            "total": [group.sum() for group in groups],
            "squares": [(group**2).sum() for group in groups],
            "n": [len(group) for group in groups],
        },
    )["variance"]
    expected = [np.var(group, ddof=1) / len(group) for group in groups[:-1]]
    np.testing.assert_allclose(found[:-1], expected, rtol=1e-9, atol=1e-15)
    assert np.isnan(found[-1])


def test_the_interval_of_a_difference_of_changes_is_welchs(macros):
    random = np.random.default_rng(20_240_304)
    sizes = random.integers(5, 60, (60, 2))
    groups = [(random.normal(0.1, 0.2, a), random.normal(0, 0.4, b)) for a, b in sizes]
    columns = {
        f"{name}{side}": [sum_of(pair[side]) for pair in groups]
        for name, sum_of in (("n", len), ("total", np.sum), ("squares", lambda x: (x**2).sum()))
        for side in (0, 1)
    }
    variances = [
        f"({macros.variance_of_mean(f'total{side}', f'squares{side}', f'n{side}')})"
        for side in (0, 1)
    ]
    degrees = macros.welch_degrees(variances[0], "n0", variances[1], "n1")
    half_width = f"{macros.t_95(f'({degrees})')} * sqrt({variances[0]} + {variances[1]})"
    effect = "total0 / n0 - total1 / n1"
    found = computed(
        {
            "degrees": degrees,
            "low": f"{effect} - {half_width}",
            "high": f"{effect} + {half_width}",
        },
        columns,
    )
    tests = [stats.ttest_ind(took, others, equal_var=False) for took, others in groups]
    intervals = [test.confidence_interval(0.95) for test in tests]
    np.testing.assert_allclose(found["degrees"], [test.df for test in tests], rtol=1e-9)
    np.testing.assert_allclose(found["low"], [each.low for each in intervals], atol=2e-4)
    np.testing.assert_allclose(found["high"], [each.high for each in intervals], atol=2e-4)


def test_students_t_is_near_that_of_scipy_from_four_degrees_of_freedom_on(macros):
    degrees = np.array([4, 4.5, 6, 10, 20, 100, 1e6])
    found = computed({"t": macros.t_95("degrees")}, {"degrees": degrees})["t"]
    errors = found - stats.t.ppf(0.975, degrees)
    assert (np.abs(errors) < [1e-3, 1e-3, 2e-4, 1e-5, 1e-6, 1e-7, 1e-7]).all()


def test_equal_changes_have_no_degrees_of_freedom(macros):
    found = computed(
        {"degrees": macros.welch_degrees("v", "n", "w", "m")},
        {"v": [0.0, 0.0], "n": [5, 5], "w": [0.0, 0.1], "m": [5, 7]},
    )["degrees"]
    np.testing.assert_array_equal(found[:1], [np.nan])
    np.testing.assert_allclose(found[1], 6)
