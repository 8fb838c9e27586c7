{{ config(meta={
    'description': 'Bad answers by month are the detractors and the hard answers of their marts',
    'dagster': {'ref': {'name': 'closed_loop_monthly'}},
}) }}

with monthly as (

    select
        dimension_value as metric,
        sum(bad_answer_count) as count_monthly
    from {{ ref('closed_loop_monthly') }}
    where dimension = 'metric' and dimension_value in ('nps', 'ces')
    group by dimension_value

),

counted as (

    select
        'nps' as metric,
        sum(detractor_count) as bad_count
    from {{ ref('nps_monthly') }}
    where dimension = 'all'
    union all
    select
        'ces' as metric,
        sum(hard_count) as bad_count
    from {{ ref('ces_monthly') }}
    where dimension = 'all'

)

select
    counted.metric,
    counted.bad_count,
    monthly.count_monthly
from counted
left join monthly on counted.metric = monthly.metric
where coalesce(counted.bad_count, 0) <> coalesce(monthly.count_monthly, 0)
