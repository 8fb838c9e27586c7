{%- set dimensions = ['segment', 'country', 'channel', 'priority', 'team', 'leader'] -%}

-- One row per month, dimension and dimension value from the group's first case on.
with cases as (

    select * from {{ ref('support_cases') }}

),

owners as (

    select * from {{ ref('int_case_owners') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- The current month is measured on as_of, its last day being unknown.
months as (

    select
        int_months.*,
        least(int_months.month_end, as_of.as_of) as measured_on
    from {{ ref('int_months') }} as int_months
    cross join as_of

),

-- What is open at a month's end. What is closed, nobody knows since when, would be so for ever.
left_open as (

    select
        cases.*,
        months.month,
        'left open' as happening,
        agent_teams.team as team_then,
        agent_teams.leader as leader_then
    from cases
    inner join months
        on {{ within('months.measured_on', 'cases.opened_on', 'cases.closed_on') }}
    left join owners
        on
            cases.case_key = owners.case_key
            and {{ within(
                last_moment_of('months.measured_on'), 'owners.valid_from', 'owners.valid_to'
            ) }}
    {{ join_agent_team_then('cases', 'owners.agent_id', 'months.measured_on') }}
    where cases.closed_on is not null or not cases.is_closed

),

-- Each thing counts in the month in which it happened, and for the team that had the case then.
happenings as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'opened_on') }} as date) as month,
        'opened' as happening,
        first_team as team_then,
        first_leader as leader_then
    from cases
    union all
    select
        *,
        cast({{ dbt.date_trunc('month', 'first_reply_at') }} as date) as month,
        'replied' as happening,
        first_reply_team as team_then,
        first_reply_leader as leader_then
    from cases
    where first_reply_at is not null
    union all
    select
        *,
        cast({{ dbt.date_trunc('month', 'closed_on') }} as date) as month,
        'closed' as happening,
        team as team_then,
        leader as leader_then
    from cases
    where closed_on is not null
    union all
    select * from left_open

),

measured as (

    select
        month,
        happening,
        segment,
        country,
        channel,
        priority,
        team_then as team,
        leader_then as leader,
        case when happening = 'replied' then first_reply_minutes end as reply_minutes,
        case when happening = 'replied' then first_reply_business_minutes end
            as reply_business_minutes,
        case when happening = 'closed' then resolution_minutes end as closing_minutes,
        case when happening = 'closed' then resolution_business_minutes end
            as closing_business_minutes,
        -- A desk that doesn't tell what came back could show failures alone, and no success.
        case
            when happening = 'closed' and reopen_count is not null and transfer_count is not null
                then is_first_contact_resolved
        end as is_resolved_at_once,
        case when happening = 'closed' then is_escalated end as was_escalated,
        case when happening = 'closed' then reopen_count > 0 end as was_reopened,
        case when happening = 'closed' then is_sla_met end as is_closed_in_time
    from happenings

),

counted as (

    select
        month,
        {{ dimension_columns(dimensions) }},
        count(case when happening = 'opened' then 1 end) as opened_count,
        count(case when happening = 'closed' then 1 end) as closed_count,
        count(case when happening = 'left open' then 1 end) as backlog_count,
        count(reply_minutes) as first_reply_count,
        {{ percentile('reply_minutes', 0.5) }} as first_reply_minutes_median,
        {{ percentile('reply_minutes', 0.9) }} as first_reply_minutes_p90,
        {{ percentile('reply_business_minutes', 0.5) }} as first_reply_business_minutes_median,
        {{ percentile('reply_business_minutes', 0.9) }} as first_reply_business_minutes_p90,
        {{ percentile('closing_minutes', 0.5) }} as resolution_minutes_median,
        {{ percentile('closing_minutes', 0.9) }} as resolution_minutes_p90,
        {{ percentile('closing_business_minutes', 0.5) }} as resolution_business_minutes_median,
        {{ percentile('closing_business_minutes', 0.9) }} as resolution_business_minutes_p90,
        count(is_resolved_at_once) as fcr_known_count,
        count(case when is_resolved_at_once then 1 end) as fcr_count,
        count(was_escalated) as escalation_known_count,
        count(case when was_escalated then 1 end) as escalated_count,
        count(was_reopened) as reopen_known_count,
        count(case when was_reopened then 1 end) as reopened_count,
        count(is_closed_in_time) as sla_known_count,
        count(case when is_closed_in_time then 1 end) as sla_met_count
    from measured
    group by {{ by_dimension(['month'], dimensions) }}

),

groups as (

    select
        dimension,
        dimension_value,
        min(month) as first_month
    from counted
    group by dimension, dimension_value

),

-- A group goes on having rows in months in which nothing happens.
every_month as (

    select
        months.month,
        months.is_partial_month,
        groups.dimension,
        groups.dimension_value,
        coalesce(counted.opened_count, 0) as opened_count,
        coalesce(counted.closed_count, 0) as closed_count,
        coalesce(counted.backlog_count, 0) as backlog_count,
        coalesce(counted.first_reply_count, 0) as first_reply_count,
        counted.first_reply_minutes_median,
        counted.first_reply_minutes_p90,
        counted.first_reply_business_minutes_median,
        counted.first_reply_business_minutes_p90,
        counted.resolution_minutes_median,
        counted.resolution_minutes_p90,
        counted.resolution_business_minutes_median,
        counted.resolution_business_minutes_p90,
        coalesce(counted.fcr_known_count, 0) as fcr_known_count,
        coalesce(counted.fcr_count, 0) as fcr_count,
        coalesce(counted.escalation_known_count, 0) as escalation_known_count,
        coalesce(counted.escalated_count, 0) as escalated_count,
        coalesce(counted.reopen_known_count, 0) as reopen_known_count,
        coalesce(counted.reopened_count, 0) as reopened_count,
        coalesce(counted.sla_known_count, 0) as sla_known_count,
        coalesce(counted.sla_met_count, 0) as sla_met_count
    from groups
    inner join months on groups.first_month <= months.month
    left join counted
        on
            months.month = counted.month
            and groups.dimension = counted.dimension
            and groups.dimension_value = counted.dimension_value

),

final as (

    select
        month,
        dimension,
        dimension_value,
        opened_count,
        closed_count,
        backlog_count,
        first_reply_count,
        first_reply_minutes_median,
        first_reply_minutes_p90,
        first_reply_business_minutes_median,
        first_reply_business_minutes_p90,
        resolution_minutes_median,
        resolution_minutes_p90,
        resolution_business_minutes_median,
        resolution_business_minutes_p90,
        fcr_known_count,
        fcr_count,
        {{ ratio('fcr_count', 'fcr_known_count') }} as fcr_rate,
        {{ wilson_low('fcr_count', 'fcr_known_count') }} as fcr_low,
        {{ wilson_high('fcr_count', 'fcr_known_count') }} as fcr_high,
        escalation_known_count,
        escalated_count,
        {{ ratio('escalated_count', 'escalation_known_count') }} as escalation_rate,
        reopen_known_count,
        reopened_count,
        {{ ratio('reopened_count', 'reopen_known_count') }} as reopen_rate,
        sla_known_count,
        sla_met_count,
        {{ ratio('sla_met_count', 'sla_known_count') }} as sla_rate,
        is_partial_month
    from every_month

)

select * from final
