{{ config(meta={
    'description': 'The last day of nps_rolling_90d is what survey_responses marks as the latest',
    'dagster': {'ref': {'name': 'nps_rolling_90d'}},
}) }}

-- The running sums against a plain ranking of the last 90 days' answers.
with rolling as (

    select
        rolling.promoter_count,
        rolling.passive_count,
        rolling.detractor_count
    from {{ ref('nps_rolling_90d') }} as rolling
    inner join {{ ref('int_as_of') }} as as_of on rolling.day = as_of.as_of
    where rolling.dimension = 'all'

),

latest as (

    select
        count(case when band = 'promoter' then 1 end) as promoter_count,
        count(case when band = 'passive' then 1 end) as passive_count,
        count(case when band = 'detractor' then 1 end) as detractor_count
    from {{ ref('survey_responses') }}
    where metric = 'nps' and is_latest_in_90_days

)

select
    latest.*,
    rolling.promoter_count as rolling_promoter_count,
    rolling.passive_count as rolling_passive_count,
    rolling.detractor_count as rolling_detractor_count
from latest
left join rolling on true
where
    latest.promoter_count <> coalesce(rolling.promoter_count, 0)
    or latest.passive_count <> coalesce(rolling.passive_count, 0)
    or latest.detractor_count <> coalesce(rolling.detractor_count, 0)
