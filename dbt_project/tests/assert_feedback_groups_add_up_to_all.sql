{{ config(meta={
    'description': 'Buckets add up to the answers, and the groups of each dimension to the whole',
    'dagster': {'ref': {'name': 'nps_monthly'}},
}) }}

with counts as (

    select
        'nps_monthly' as mart,
        month as period,
        dimension,
        response_count,
        promoter_count,
        passive_count,
        detractor_count,
        anonymous_count
    from {{ ref('nps_monthly') }}
    union all
    select
        'nps_rolling_90d' as mart,
        day as period,
        dimension,
        response_count,
        promoter_count,
        passive_count,
        detractor_count,
        anonymous_count
    from {{ ref('nps_rolling_90d') }}
    union all
    -- Of CSAT: asked, satisfied and the others, so that the buckets are its too.
    select
        'csat_monthly' as mart,
        month as period,
        dimension,
        response_count,
        satisfied_count as promoter_count,
        0 as passive_count,
        response_count - satisfied_count as detractor_count,
        asked_count as anonymous_count
    from {{ ref('csat_monthly') }}
    union all
    -- Of CES by scale, so that each adds up for itself.
    select
        'ces_monthly ' || scale as mart,
        month as period,
        dimension,
        response_count,
        easy_count as promoter_count,
        neutral_count as passive_count,
        hard_count as detractor_count,
        0 as anonymous_count
    from {{ ref('ces_monthly') }}

),

summed as (

    select
        mart,
        period,
        dimension,
        sum(response_count) as response_count,
        sum(promoter_count) as promoter_count,
        sum(passive_count) as passive_count,
        sum(detractor_count) as detractor_count,
        sum(anonymous_count) as anonymous_count
    from counts
    group by mart, period, dimension

)

select summed.*
from summed
left join summed as whole
    on
        summed.mart = whole.mart
        and summed.period = whole.period
        and whole.dimension = 'all'
where
    summed.promoter_count + summed.passive_count + summed.detractor_count
    <> summed.response_count
    or summed.response_count is distinct from whole.response_count
    or summed.promoter_count is distinct from whole.promoter_count
    or summed.detractor_count is distinct from whole.detractor_count
    or summed.anonymous_count is distinct from whole.anonymous_count
