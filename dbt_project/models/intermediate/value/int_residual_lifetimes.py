"""One row per segment and period that a subscription in force is in: months expected to come.

Segments as in `int_subscription_renewals`, each by its own sBG model; none where that couldn't be
fitted. Renewals are discounted, and counted as the months that each of them pays for.
"""

import numpy as np
import pyarrow as pa

from pipelines.lifetime_value import ShiftedBetaGeometric

DECIMALS = 6


def model(dbt, session):
    """Value the renewals ahead, once per distinct age."""
    dbt.config(materialized="table")
    yearly_discount_rate = float(dbt.config.meta_get("yearly_discount_rate"))
    in_force = dbt.ref("int_subscription_terms").filter("is_in_force")
    ages = (
        in_force.project(
            "billing_interval as segment, interval_months, renewal_count + 1 as period_number"
        )
        .union(
            in_force.project(
                "'all' as segment, cast(1 as double) as interval_months, "
                "month_count + 1 as period_number"
            )
        )
        .distinct()
        .order("segment, period_number")
        .fetchnumpy()
    )
    expected = np.full(len(ages["period_number"]), np.nan)
    for segment, alpha, beta in (
        dbt.ref("int_clv_models")
        .filter("model = 'sbg' and reason is null")
        .project("segment, alpha, beta")
        .fetchall()
    ):
        rows = ages["segment"] == segment
        if rows.any():
            months = ages["interval_months"][rows][0]
            renewals = ShiftedBetaGeometric(alpha, beta).discounted_expected_residual_lifetime(
                ages["period_number"][rows], (1 + yearly_discount_rate) ** (months / 12) - 1
            )
            expected[rows] = renewals * months
    return pa.table(
        {
            "segment": pa.array(ages["segment"], pa.string()),
            "period_number": pa.array(ages["period_number"], pa.int64()),
            "expected_months": pa.array(np.round(expected, DECIMALS), from_pandas=True),
        }
    )
