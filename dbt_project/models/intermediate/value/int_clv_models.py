"""One row per forecasting model and segment: its parameters, or why there are none."""

import numpy as np
import pyarrow as pa

from pipelines.lifetime_value import (
    STRONG_CORRELATION,
    fit_bg_nbd,
    fit_gamma_gamma,
    fit_mbg_nbd,
    fit_shifted_beta_geometric,
    value_frequency_correlation,
)
from pipelines.likelihoods import NoForecastError

PARAMETERS = ("r", "alpha", "a", "b", "p", "q", "v", "beta")
SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("segment", pa.string()),
        *((name, pa.float64()) for name in PARAMETERS),
        ("log_likelihood", pa.float64()),
        ("customers", pa.int64()),
        ("value_frequency_correlation", pa.float64()),
        ("reason", pa.string()),
        ("warnings", pa.string()),
    ]
)


def model(dbt, session):
    """Fit BG/NBD, MBG/NBD and Gamma-Gamma to the customers, sBG to each kind of subscription."""
    dbt.config(materialized="table")
    customers = dbt.ref("int_clv_inputs").order("customer_key")
    renewals = dbt.ref("int_subscription_renewals").order("segment, renewal")
    rows = [*purchase_models(customers.fetchnumpy()), *subscription_models(renewals.fetchnumpy())]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def purchase_models(customers):
    """Return the rows of BG/NBD, MBG/NBD and Gamma-Gamma; none without customers."""
    frequency = customers["frequency"]
    if not len(frequency):
        return
    mean_value = np.ma.filled(customers["mean_repeat_value"], np.nan)
    history = frequency, customers["recency_weeks"], customers["age_weeks"]
    yield fitted("bg_nbd", "all", len(frequency), lambda: fit_bg_nbd(*history))
    yield fitted("mbg_nbd", "all", len(frequency), lambda: fit_mbg_nbd(*history))
    correlation = value_frequency_correlation(frequency, mean_value)
    row = fitted(
        "gamma_gamma",
        "all",
        int((mean_value > 0).sum()),
        lambda: fit_gamma_gamma(frequency, mean_value),
    )
    warnings = [row["warnings"]] if row["warnings"] else []
    if abs(correlation) > STRONG_CORRELATION:
        warnings.append(
            f"Gamma-Gamma: order value and frequency correlate by {correlation:.2f}, beyond "
            f"{STRONG_CORRELATION}; it takes them to be independent"
        )
    yield row | {
        "value_frequency_correlation": None if np.isnan(correlation) else correlation,
        "warnings": "; ".join(warnings) or None,
    }


def subscription_models(renewals):
    """Return one row of sBG per segment of the renewals."""
    for segment in dict.fromkeys(renewals["segment"]):
        of_segment = renewals["segment"] == segment
        renewal = renewals["renewal"][of_segment] - 1
        lost, active = np.zeros((2, renewal.max() + 1))
        lost[renewal] = renewals["lost_count"][of_segment]
        active[renewal] = renewals["active_count"][of_segment]
        yield fitted(
            "sbg",
            str(segment),
            int(lost.sum() + active.sum()),
            lambda lost=lost, active=active: fit_shifted_beta_geometric(lost, active),
        )


def fitted(name, segment, customers, fit):
    """Return the row of one fit: parameters, or the reason for none."""
    row = dict.fromkeys(SCHEMA.names) | {
        "model": name,
        "segment": segment,
        "customers": customers,
    }
    try:
        found = fit()
    except NoForecastError as error:
        return row | {"reason": error.reason}
    return row | {
        **{name: getattr(found, name) for name in PARAMETERS if hasattr(found, name)},
        "log_likelihood": found.log_likelihood,
        "customers": found.customers,
        "warnings": "; ".join(found.warnings) or None,
    }
