{%- set dimensions = ['segment', 'country', 'channel', 'priority', 'team', 'leader'] -%}

-- One row per month, dimension and dimension value from the group's first case on.
with cases as (

    select * from {{ ref('support_cases') }}

),

months as (

    select * from {{ ref('int_months') }}

),

-- Each thing counts in the month in which it happened: a January number is what was known when
-- January was over.
happenings as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'opened_on') }} as date) as month,
        'opened' as happening
    from cases
    union all
    select
        *,
        cast({{ dbt.date_trunc('month', 'first_reply_at') }} as date) as month,
        'replied' as happening
    from cases
    where first_reply_at is not null
    union all
    select
        *,
        cast({{ dbt.date_trunc('month', 'closed_on') }} as date) as month,
        'closed' as happening
    from cases
    where closed_on is not null

),

measured as (

    select
        *,
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
        count(case when happening = 'opened' and is_closed and closed_on is null then 1 end)
            as undated_count,
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

-- A group goes on having a backlog in a month in which nothing happens.
every_month as (

    select
        months.month,
        months.is_partial_month,
        groups.dimension,
        groups.dimension_value,
        coalesce(counted.opened_count, 0) as opened_count,
        coalesce(counted.closed_count, 0) as closed_count,
        coalesce(counted.undated_count, 0) as undated_count,
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
        cast(
            -- What is closed, nobody knows since when, would be in it for ever.
            sum(opened_count - closed_count - undated_count) over (
                partition by dimension, dimension_value
                order by month
                rows between unbounded preceding and current row
            ) as bigint
        ) as backlog_count,
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
