-- One row per month and agent or team with enough ratings, best first: by what satisfaction is at
-- least, so that one lucky answer wins nothing.
with {{ latest_ratings() }},

months as (

    select * from {{ ref('int_months') }}

),

counted as (

    select
        month,
        'agent' as recognised_kind,
        agent_key as recognised,
        count(*) as response_count,
        count(case when band = 'satisfied' then 1 end) as satisfied_count
    from ratings
    where score is not null and agent_key is not null
    group by month, agent_key
    union all
    select
        month,
        'team' as recognised_kind,
        team as recognised,
        count(*) as response_count,
        count(case when band = 'satisfied' then 1 end) as satisfied_count
    from ratings
    where score is not null and agent_key is not null and team is not null
    group by month, team

),

measured as (

    select
        *,
        {{ ratio('satisfied_count', 'response_count') }} as csat,
        {{ wilson_low('satisfied_count', 'response_count') }} as csat_low,
        {{ wilson_high('satisfied_count', 'response_count') }} as csat_high
    from counted
    where response_count >= {{ var('least_recognition_answers') }}

),

final as (

    select
        measured.month,
        measured.recognised_kind,
        measured.recognised,
        rank() over (
            partition by measured.month, measured.recognised_kind
            order by measured.csat_low desc
        ) as recognition_rank,
        measured.response_count,
        measured.satisfied_count,
        measured.csat,
        measured.csat_low,
        measured.csat_high,
        months.is_partial_month
    from measured
    inner join months on measured.month = months.month

)

select * from final
