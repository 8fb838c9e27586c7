"""The headline numbers of the current release, for the terminal.

Belongs here: which numbers make the first screen. Does not belong here: how they are computed
(the marts), nor any other reading of the release.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines import releases
from pipelines.settings import Home

BEYOND_DOUBT = 0.05
"""The p-value below which a change on the month before is shown."""

NAMES_SHOWN = 3

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

_NPS = """
select nps, nps_low, nps_high, response_count, nps_change, nps_change_p_value
from nps_monthly
where dimension = 'all' and month = ?
"""

_CSAT = """
select csat, csat_low, csat_high, response_count, csat_change, csat_change_p_value
from csat_monthly
where dimension = 'all' and month = ?
"""

_CES = """
select ces, ces_low, ces_high, response_count, ces_change, ces_change_p_value, scale
from ces_monthly
where dimension = 'all' and month = ? and response_count > 0
-- Scales are never mixed: the one that most answered on makes the screen.
order by response_count desc, scale
limit 1
"""

_RETENTION = """
select starting_customers, logo_retention, grr, nrr, churned_customers
from retention_monthly
where dimension = 'all' and month = ?
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

_SERVICE = """
select
    first_reply_minutes_median, first_reply_business_minutes_median, fcr_rate, fcr_low, fcr_high,
    escalation_rate, escalation_known_count, closed_count, backlog_count
from service_monthly
where dimension = 'all' and month = ?
"""

_TARGETS = """
select leader, list(distinct kpi order by kpi) filter (where target_status = 'missed')
from leader_scorecard
where
    month = ? and leader not in ('all', '(not set)')
    and target_status in ('met', 'missed', 'not_distinguishable')
group by leader
order by leader
"""

_RECOGNISED = """
select recognised, csat, csat_low, csat_high, response_count, recognition_rank
from recognition_monthly
where month = ? and recognised_kind = 'team'
order by recognition_rank, recognised
"""

_WORTH = """
select
    promoter.retention_12m, passive.retention_12m, promoter.retention_difference,
    promoter.retention_difference_low, promoter.retention_difference_high
from cx_value as promoter
inner join cx_value as passive on promoter.metric = passive.metric
where promoter.metric = 'nps' and promoter.band = 'promoter' and passive.band = 'passive'
"""

_AT_STAKE = """
select present_customer_count, present_mrr
from cx_value
where metric = 'nps' and band = 'detractor'
"""


def show(home: Home, console: Console) -> None:
    """Print the last months' NPS, CSAT and retention, then where each group of marts stands."""
    current = releases.current_release(home.path)
    assert current is not None
    with releases.open_release(home.path) as connection:
        months = connection.execute(_MONTHLY).fetchall()
        month = last_whole_month(current.as_of)
        standing = list(standing_lines(connection, month))
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
    console.print(f" {month:%Y-%m} by group (95 % intervals; changes only where beyond doubt)")
    for group, text in standing:
        console.print(f" {group:<10} {escape(text)}", soft_wrap=True)


def last_whole_month(as_of: date) -> date:
    """The first day of the last month that was over on the day."""
    return ((as_of + timedelta(days=1)).replace(day=1) - timedelta(days=1)).replace(day=1)


def standing_lines(connection: duckdb.DuckDBPyConnection, month: date) -> Iterator[tuple[str, str]]:
    """One line after another: the group, blank where it goes on, and what its marts say.

    Args:
        connection: a release.
        month: the first day of the month to tell of; the value of customers is that of now.
    """

    def rows(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query, [month] if "?" in query else []).fetchall()

    def row(query: str, columns: int) -> tuple[Any, ...]:
        return next(iter(rows(query)), (None,) * columns)

    yield "feedback", "NPS  " + _score(row(_NPS, 6), "{:.1f}", 1, ("answer", "answers"))
    yield "", "CSAT " + _score(row(_CSAT, 6), "{:.1%}", 100, ("rating", "ratings"))
    *effort, scale = row(_CES, 7)
    yield (
        "",
        "CES  "
        + _score(effort, "{:.1%}", 100, ("answer", "answers"))
        + (f", scale {scale}" if scale else ""),
    )
    starting, stayed, grr, nrr, churned = row(_RETENTION, 5)
    yield (
        "retention",
        f"{_number(stayed, '{:.1%}')} of {_counted(starting, 'customer', 'customers')} stayed, "
        f"{_number(churned, '{:,}')} left; GRR {_number(grr, '{:.1%}')}, "
        f"NRR {_number(nrr, '{:.1%}')}",
    )
    customers, buyers, revenue, predicted, residual, total, top = rows(_VALUE)[0]
    yield (
        "value",
        f"{_counted(customers, 'customer', 'customers')}, of whom {buyers:,} "
        f"{'has' if buyers == 1 else 'have'} ordered for {_number(revenue, '{:,.0f}')}; "
        f"the top tenth holds {_number(top / total if top and total else None, '{:.0%}')} of CLV",
    )
    yield (
        "",
        f"next 12 months' orders are worth {_number(predicted, '{:,.0f}')} in margin, "
        f"subscriptions in force {_number(residual, '{:,.0f}')}",
    )
    reply, in_hours, solved, low, high, escalated, known, closed, backlog = row(_SERVICE, 9)
    yield (
        "service",
        f"first reply after {_waiting(reply, in_hours)}, "
        f"{_interval(solved, low, high, '{:.1%}')} solved at first contact",
    )
    yield (
        "",
        f"{_number(escalated, '{:.1%}')} of {_counted(known, 'case', 'cases')} escalated; "
        f"{_number(closed, '{:,}')} closed, {_number(backlog, '{:,}')} open at the month's end",
    )
    yield "people", _targets(rows(_TARGETS))
    yield "", _recognised(rows(_RECOGNISED))
    yield "worth", _worth(row(_WORTH, 5))
    detractors, mrr = row(_AT_STAKE, 2)
    yield (
        "",
        f"{_counted(detractors, 'detractor', 'detractors')} of the last 12 months "
        f"{'pays' if detractors == 1 else 'pay'} {_number(mrr, '{:,.0f}')} a month",
    )


def _score(row: Sequence[Any], form: str, points: int, noun: tuple[str, str]) -> str:
    """A score with its interval, how many answered, and its change where that is beyond doubt."""
    point, low, high, answers, change, p_value = row
    changed = (
        f", {change * points:+.1f} points on the month before"
        if change is not None and p_value is not None and p_value < BEYOND_DOUBT
        else ""
    )
    return f"{_interval(point, low, high, form)}, {_counted(answers, *noun)}{changed}"


def _targets(leaders: Sequence[tuple[Any, ...]]) -> str:
    """Who misses which target, of those leaders who have one and a value to hold against it."""
    if not leaders:
        return "leaders who miss a target: –"
    missing = [
        f"{leader} ({', '.join(kpis).replace('_', ' ')})" for leader, kpis in leaders if kpis
    ]
    of = f"of {_counted(len(leaders), 'leader', 'leaders')} with targets"
    if not missing:
        return f"none {of} misses one beyond doubt"
    verb = "misses" if len(missing) == 1 else "miss"
    return f"{len(missing):,} {of} {verb} one beyond doubt: {_first_few(missing)}"


def _recognised(teams: Sequence[tuple[Any, ...]]) -> str:
    """The first team by the lower end of its CSAT, of those with ratings enough."""
    if not teams:
        return "teams recognised: –"
    names = [team[0] for team in teams if team[5] == 1]
    _, csat, low, high, *_ = teams[0]
    return (
        f"recognised first of {_counted(len(teams), 'team', 'teams')}: {_first_few(names)}, "
        f"CSAT {_interval(csat, low, high, '{:.1%}')}"
    )


def _worth(row: Sequence[Any]) -> str:
    promoters, passives, difference, low, high = row
    both = (
        f"of promoters {_number(promoters, '{:.1%}')} still subscribe after 12 months, "
        f"of passives {_number(passives, '{:.1%}')}"
    )
    if difference is None or low is None or high is None:
        return both
    told = f"{difference * 100:+.1f} points ({low * 100:+.1f} … {high * 100:+.1f})"
    return f"{both}: {told}" + (", not beyond doubt" if low <= 0 <= high else "")


def _first_few(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _waiting(minutes: Any, business_minutes: Any) -> str:
    """How long half of them waited; in business hours as well where these are declared."""
    if business_minutes is None:
        return f"{_duration(minutes)} (median)"
    # Days of business hours have no length that all know.
    business = _duration(business_minutes, in_days=False)
    return f"{_duration(minutes)}, {business} in business hours (medians)"


def _duration(minutes: Any, *, in_days: bool = True) -> str:
    if minutes is None:
        return "–"
    if minutes < 60:
        return f"{minutes:.0f} min"
    if in_days and minutes >= 48 * 60:
        return f"{minutes / 1440:.1f} days"
    return f"{minutes / 60:.1f} h"


def _counted(count: Any, one: str, many: str) -> str:
    return f"{_number(count, '{:,}')} {one if count == 1 else many}"


def _interval(point: Any, low: Any, high: Any, form: str) -> str:
    if point is None:
        return "–"
    return f"{form.format(point)} ({form.format(low)} … {form.format(high)})"


def _number(value: Any, form: str) -> str:
    return "–" if value is None else form.format(value)
