{%- set shown = "('all', 'leader')" -%}
-- One row per month, leader and KPI: the value with its interval against the target that held.
with csat as (

    select * from {{ ref('csat_monthly') }}
    where dimension in {{ shown }}

),

nps as (

    select * from {{ ref('nps_monthly') }}
    where dimension in {{ shown }}

),

ces as (

    select * from {{ ref('ces_monthly') }}
    where dimension in {{ shown }}

),

enps as (

    select * from {{ ref('enps_monthly') }}
    where dimension in {{ shown }}

),

service as (

    select * from {{ ref('service_monthly') }}
    where dimension in {{ shown }}

),

closed_loop as (

    select * from {{ ref('closed_loop_monthly') }}
    where dimension in {{ shown }}

),

retention as (

    select * from {{ ref('retention_monthly') }}
    where dimension in {{ shown }}

),

cases as (

    select * from {{ ref('support_cases') }}
    where first_reply_minutes is not null

),

agent_teams as (

    select * from {{ ref('int_agent_teams') }}

),

completions as (

    select * from {{ ref('int_course_completions') }}

),

targets as (

    select * from {{ ref('stg_reference__kpi_targets') }}

),

months as (

    select * from {{ ref('int_months') }}

),

replies as (

    select
        cast({{ dbt.date_trunc('month', 'first_reply_at') }} as date) as month,
        {{ not_set('first_reply_leader') }} as leader,
        first_reply_minutes
    from cases
    union all
    select
        cast({{ dbt.date_trunc('month', 'first_reply_at') }} as date) as month,
        'all' as leader,
        first_reply_minutes
    from cases

),

placed as (

    select
        *,
        row_number() over (partition by month, leader order by first_reply_minutes) as place,
        count(*) over (partition by month, leader) as reply_count
    from replies

),

-- The interval of a median is two of the values, by the binomial distribution of their places.
reply_intervals as (

    select
        month,
        leader,
        max(
            case
                when place = floor((reply_count - {{ z_95() }} * sqrt(reply_count)) / 2)
                    then first_reply_minutes
            end
        ) as low,
        max(
            case
                when place = ceil(1 + (reply_count + {{ z_95() }} * sqrt(reply_count)) / 2)
                    then first_reply_minutes
            end
        ) as high
    from placed
    group by month, leader

),

learnt as (

    select
        agent_id,
        min(completed_on) as first_completed_on
    from completions
    where agent_id is not null
    group by agent_id

),

first_course as (

    select min(first_completed_on) as completed_on
    from learnt

),

-- Whose agents they are on the month's last day; before the first course nobody was to take one.
led as (

    select
        months.month,
        agent_teams.leader,
        learnt.first_completed_on <= months.month_end as is_trained
    from months
    inner join agent_teams
        on {{ within('months.month_end', 'agent_teams.valid_from', 'agent_teams.valid_to') }}
    inner join first_course on months.month_end >= first_course.completed_on
    left join learnt on agent_teams.agent_id = learnt.agent_id

),

trained as (

    select
        month,
        {{ not_set('leader') }} as leader,
        count(*) as agent_count,
        count(case when is_trained then 1 end) as trained_count
    from led
    group by month, leader
    union all
    select
        month,
        'all' as leader,
        count(*) as agent_count,
        count(case when is_trained then 1 end) as trained_count
    from led
    group by month

),

measured as (

    select
        month,
        dimension_value as leader,
        'csat' as kpi,
        cast(null as varchar) as scale,
        true as is_higher_better,
        response_count as n,
        csat as kpi_value,
        csat_low as low,
        csat_high as high
    from csat
    union all
    select
        month,
        dimension_value as leader,
        'nps' as kpi,
        cast(null as varchar) as scale,
        true as is_higher_better,
        response_count as n,
        nps as kpi_value,
        nps_low as low,
        nps_high as high
    from nps
    union all
    select
        month,
        dimension_value as leader,
        'ces' as kpi,
        scale,
        true as is_higher_better,
        response_count as n,
        ces as kpi_value,
        ces_low as low,
        ces_high as high
    from ces
    union all
    select
        month,
        dimension_value as leader,
        'enps' as kpi,
        cast(null as varchar) as scale,
        true as is_higher_better,
        response_count as n,
        enps as kpi_value,
        enps_low as low,
        enps_high as high
    from enps
    union all
    select
        month,
        dimension_value as leader,
        'first_contact_resolution' as kpi,
        cast(null as varchar) as scale,
        true as is_higher_better,
        fcr_known_count as n,
        fcr_rate as kpi_value,
        fcr_low as low,
        fcr_high as high
    from service
    union all
    select
        month,
        dimension_value as leader,
        'escalation' as kpi,
        cast(null as varchar) as scale,
        false as is_higher_better,
        escalation_known_count as n,
        escalation_rate as kpi_value,
        {{ wilson_low('escalated_count', 'escalation_known_count') }} as low,
        {{ wilson_high('escalated_count', 'escalation_known_count') }} as high
    from service
    union all
    select
        month,
        dimension_value as leader,
        'closed_loop' as kpi,
        cast(null as varchar) as scale,
        true as is_higher_better,
        due_count as n,
        contacted_in_time_share as kpi_value,
        contacted_in_time_share_low as low,
        contacted_in_time_share_high as high
    from closed_loop
    union all
    select
        service.month,
        service.dimension_value as leader,
        'first_reply_hours' as kpi,
        cast(null as varchar) as scale,
        false as is_higher_better,
        service.first_reply_count as n,
        service.first_reply_minutes_median / 60 as kpi_value,
        reply_intervals.low / cast(60 as double) as low,
        reply_intervals.high / cast(60 as double) as high
    from service
    left join reply_intervals
        on
            service.month = reply_intervals.month
            and service.dimension_value = reply_intervals.leader
    union all
    select
        month,
        dimension_value as leader,
        'logo_retention' as kpi,
        cast(null as varchar) as scale,
        true as is_higher_better,
        starting_customers as n,
        logo_retention as kpi_value,
        {{ wilson_low('retained_customers', 'starting_customers') }} as low,
        {{ wilson_high('retained_customers', 'starting_customers') }} as high
    from retention
    union all
    -- All agents are counted, not a sample of them: there is nothing to be uncertain of.
    select
        month,
        leader,
        'training' as kpi,
        cast(null as varchar) as scale,
        true as is_higher_better,
        agent_count as n,
        {{ ratio('trained_count', 'agent_count') }} as kpi_value,
        {{ ratio('trained_count', 'agent_count') }} as low,
        {{ ratio('trained_count', 'agent_count') }} as high
    from trained

),

dated as (

    select
        measured.*,
        months.month_end,
        months.is_partial_month,
        cast({{ dbt.dateadd('month', -1, 'measured.month') }} as date) as month_before
    from measured
    inner join months on measured.month = months.month

),

measured_kpis as (

    select distinct
        month,
        month_end,
        leader,
        kpi
    from dated

),

-- A leader's own target goes before that for all; of two that hold, the younger one.
ranked_targets as (

    select
        measured_kpis.month,
        measured_kpis.leader,
        measured_kpis.kpi,
        cast(targets.target as double) as target,
        row_number() over (
            partition by measured_kpis.month, measured_kpis.leader, measured_kpis.kpi
            order by
                case when targets.leader is null then 1 else 0 end,
                targets.valid_from desc
        ) as target_rank
    from measured_kpis
    inner join targets
        on
            measured_kpis.kpi = targets.kpi
            and measured_kpis.leader = coalesce(targets.leader, measured_kpis.leader)
            and measured_kpis.month_end >= targets.valid_from
            and measured_kpis.month_end <= coalesce(targets.valid_through, measured_kpis.month_end)

),

compared as (

    select
        dated.*,
        ranked_targets.target,
        dated.kpi_value - before.kpi_value as change,
        {{ difference_end(
            'low',
            'dated.kpi_value', 'dated.low', 'dated.high',
            'before.kpi_value', 'before.low', 'before.high',
        ) }} as change_low,
        {{ difference_end(
            'high',
            'dated.kpi_value', 'dated.low', 'dated.high',
            'before.kpi_value', 'before.low', 'before.high',
        ) }} as change_high
    from dated
    left join dated as before
        on
            dated.month_before = before.month
            and dated.leader = before.leader
            and dated.kpi = before.kpi
            and coalesce(dated.scale, '') = coalesce(before.scale, '')
    left join ranked_targets
        on
            dated.month = ranked_targets.month
            and dated.leader = ranked_targets.leader
            and dated.kpi = ranked_targets.kpi
            and ranked_targets.target_rank = 1

),

final as (

    select
        month,
        leader,
        kpi,
        scale,
        is_higher_better,
        n,
        kpi_value,
        low as kpi_low,
        high as kpi_high,
        target,
        case
            when kpi_value is null then 'no_data'
            when target is null then 'no_target'
            when low is null or high is null then 'not_distinguishable'
            when target >= low and target <= high then 'not_distinguishable'
            when is_higher_better and kpi_value > target then 'met'
            when not is_higher_better and kpi_value < target then 'met'
            else 'missed'
        end as target_status,
        change,
        change_low,
        change_high,
        case
            when change_low is null or change_high is null then null
            when change_low <= 0 and change_high >= 0 then 'no_evidence'
            when is_higher_better and change > 0 then 'better'
            when not is_higher_better and change < 0 then 'better'
            else 'worse'
        end as trend,
        is_partial_month
    from compared

)

select * from final
