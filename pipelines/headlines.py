"""The headline numbers of the current release, for the terminal.

Belongs here: which numbers make the first screen. Does not belong here: how they are computed
(the marts), nor any other reading of the release.
"""

from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines import releases
from pipelines.settings import Home

_MONTHLY = """
select
    nps.month,
    nps.response_count, nps.nps, nps.nps_low, nps.nps_high,
    csat.response_count, csat.csat, csat.csat_low, csat.csat_high,
    retention.starting_customers, retention.logo_retention, retention.grr, retention.nrr,
    nps.is_partial_month
from nps_monthly as nps
left join csat_monthly as csat using (month, dimension, dimension_value)
left join retention_monthly as retention using (month, dimension, dimension_value)
where nps.dimension = 'all'
order by nps.month desc
limit 6
"""

_VALUE = """
select
    count(*), count(*) filter (where order_count > 0),
    sum(historic_revenue),
    -- A sum over some of the customers would look like one over all.
    case
        when count(predicted_clv_12m) = count(*) filter (where order_count > 0)
            then sum(predicted_clv_12m)
    end,
    case when count(subscription_residual_value) = count(*)
        then sum(subscription_residual_value) end,
    case when count(total_clv) = count(*) then sum(total_clv) end,
    sum(total_clv) filter (where clv_decile = 1)
from customer_lifetime_value
"""


def show(home: Home, console: Console) -> None:
    """Print the last months' NPS, CSAT and retention, and what the customers are worth."""
    with releases.open_release(home.path) as connection:
        months = connection.execute(_MONTHLY).fetchall()
        value = connection.execute(_VALUE).fetchone()
    table = Table(
        "month",
        "NPS (95 %)",
        "answers",
        "CSAT (95 %)",
        "ratings",
        "retention",
        "GRR",
        "NRR",
        box=None,
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for row in reversed(months):
        table.add_row(
            f"{row[0]:%Y-%m}" + (" (partial)" if row[13] else ""),
            _interval(row[2], row[3], row[4], "{:.1f}"),
            _number(row[1], "{:,}"),
            _interval(row[6], row[7], row[8], "{:.1%}"),
            _number(row[5], "{:,}"),
            *(_number(row[position], "{:.1%}") for position in (10, 11, 12)),
        )
    console.print(table)
    assert value is not None
    customers, buyers, revenue, predicted, residual, total, top = value
    console.print(
        f"Customers {customers:,}, of whom {buyers:,} have ordered for "
        f"{_number(revenue, '{:,.0f}')}. "
        f"Next 12 months' orders are worth {_number(predicted, '{:,.0f}')} in margin, "
        f"subscriptions in force {_number(residual, '{:,.0f}')}; the top tenth of customers holds "
        f"{_number(top / total if top and total else None, '{:.0%}')} of total CLV.",
        soft_wrap=True,
    )


def _interval(point: Any, low: Any, high: Any, form: str) -> str:
    if point is None:
        return "–"
    return f"{form.format(point)} ({form.format(low)} … {form.format(high)})"


def _number(value: Any, form: str) -> str:
    return "–" if value is None else form.format(value)
