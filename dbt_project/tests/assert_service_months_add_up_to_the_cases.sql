{{ config(meta={
    'description': 'Each dimension opens and closes every case once, and ends with the open ones',
    'dagster': {'ref': {'name': 'service_monthly'}},
}) }}

with summed as (

    select
        dimension,
        sum(opened_count) as opened_count,
        sum(closed_count) as closed_count,
        sum(
            case
                when month = (select max(months.month) from {{ ref('int_months') }} as months)
                    then backlog_count
            end
        ) as backlog_count
    from {{ ref('service_monthly') }}
    group by dimension

),

cases as (

    select
        count(*) as opened_count,
        count(closed_on) as closed_count,
        count(case when not is_closed then 1 end) as open_count
    from {{ ref('support_cases') }}

)

select summed.*
from summed
cross join cases
where
    summed.opened_count <> cases.opened_count
    or summed.closed_count <> cases.closed_count
    or summed.backlog_count <> cases.open_count
