"""One row per model and class of customers: a fit to the first 75 % of the time and the rest."""

import pyarrow as pa

from pipelines.hold_out import hold_out_errors
from pipelines.lifetime_value import fit_bg_nbd, fit_mbg_nbd
from pipelines.likelihoods import NoForecastError

MODELS = {"bg_nbd": fit_bg_nbd, "mbg_nbd": fit_mbg_nbd}
SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("segment", pa.string()),
        ("frequency_class", pa.string()),
        ("customers", pa.int64()),
        ("actual_purchases", pa.int64()),
        ("predicted_purchases", pa.float64()),
        ("mean_absolute_error", pa.float64()),
        ("bias", pa.float64()),
    ]
)
DECIMALS = 6


def model(dbt, session):
    """Compare; no rows of a model that the first part of the time doesn't determine."""
    dbt.config(materialized="table")
    as_of = dbt.ref("int_as_of").project("datediff('day', date '1970-01-01', as_of)")
    # Forecasts are added up in this order, so that the sums are the same in every run.
    purchases = (
        dbt.ref("int_purchase_days")
        .order("customer_key, ordered_on")
        .project("customer_key, datediff('day', date '1970-01-01', ordered_on) as day")
        .to_arrow_table()
    )
    if not purchases.num_rows:
        return pa.Table.from_pylist([], schema=SCHEMA)
    customer = purchases["customer_key"].combine_chunks().dictionary_encode().indices
    history = customer.to_numpy(), purchases["day"].to_numpy(), as_of.fetchone()[0]
    rows = []
    for name, fit in MODELS.items():
        try:
            rows += [hold_out_row(name, error) for error in hold_out_errors(*history, fit=fit)]
        except NoForecastError:
            continue
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def hold_out_row(model, error):
    """Return the row of one class; what nobody was there to show is NULL."""

    def known(number):
        return None if number != number else round(number, DECIMALS)

    return {
        "model": model,
        "segment": "all",
        "frequency_class": error.frequency_class,
        "customers": error.customers,
        "actual_purchases": error.actual_purchases,
        "predicted_purchases": known(error.predicted_purchases),
        "mean_absolute_error": known(error.mean_absolute_error),
        "bias": known(error.bias),
    }
