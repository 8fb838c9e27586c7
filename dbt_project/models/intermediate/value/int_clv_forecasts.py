"""One row per customer with orders: what BG/NBD and Gamma-Gamma expect; NULL without a model.

Rounded, so that the last bits of a fit don't show: probabilities and orders to 6 decimals, money
to 2.
"""

import numpy as np
import pyarrow as pa

from pipelines.lifetime_value import forecast_lifetime_value

MONEY = pa.decimal128(18, 4)


def model(dbt, session):
    """Fit and forecast all customers in one go."""
    dbt.config(materialized="table")
    customers = (
        dbt.ref("int_clv_inputs")
        .order("customer_key")
        .project(
            "customer_key, frequency, recency_weeks, age_weeks, mean_repeat_value, "
            "cast(present_margin as double) as present_margin"
        )
        .to_arrow_table()
    )
    forecast = forecast_lifetime_value(
        *(
            customers[name].to_numpy()
            for name in (
                "frequency",
                "recency_weeks",
                "age_weeks",
                "mean_repeat_value",
                "present_margin",
            )
        ),
        yearly_discount_rate=float(dbt.config.meta_get("yearly_discount_rate")),
    )
    return pa.table(
        {
            "customer_key": customers["customer_key"],
            "probability_alive": rounded(forecast.probability_alive, 6),
            "expected_orders_12m": rounded(forecast.expected_orders_12m, 6),
            "expected_order_value": rounded(forecast.expected_order_value, 2).cast(MONEY),
            "predicted_clv_12m": rounded(forecast.predicted_clv_12m, 2).cast(MONEY),
            "predicted_clv_36m": rounded(forecast.predicted_clv_36m, 2).cast(MONEY),
        }
    )


def rounded(values, decimals):
    """Round; NaN becomes NULL."""
    return pa.array(np.round(values, decimals), from_pandas=True)
