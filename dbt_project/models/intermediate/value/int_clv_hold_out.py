"""One row per class of customers: BG/NBD fitted to the first 75 % of the time against the rest."""

import pyarrow as pa

from pipelines.hold_out import hold_out_errors
from pipelines.likelihoods import NoForecastError

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
    """Compare; no rows where the first part of the time doesn't determine the model."""
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
    try:
        errors = hold_out_errors(
            customer.to_numpy(), purchases["day"].to_numpy(), as_of.fetchone()[0]
        )
    except NoForecastError:
        errors = ()
    return pa.Table.from_pylist([hold_out_row(error) for error in errors], schema=SCHEMA)


def hold_out_row(error):
    """Return the row of one class; what nobody was there to show is NULL."""

    def known(number):
        return None if number != number else round(number, DECIMALS)

    return {
        "model": "bg_nbd",
        "segment": "all",
        "frequency_class": error.frequency_class,
        "customers": error.customers,
        "actual_purchases": error.actual_purchases,
        "predicted_purchases": known(error.predicted_purchases),
        "mean_absolute_error": known(error.mean_absolute_error),
        "bias": known(error.bias),
    }
