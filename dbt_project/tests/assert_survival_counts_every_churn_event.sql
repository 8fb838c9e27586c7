{{ config(meta={
    'description': 'Each group loses as many lives as churn_events has, and begins with all of them',
    'dagster': {'ref': {'name': 'customer_survival'}},
}) }}

with counted as (

    select
        dimension,
        sum(churned) as churned,
        sum(case when months = 0 then at_risk else 0 end) as life_count
    from {{ ref('customer_survival') }}
    group by dimension

)

select *
from counted
where
    churned <> (select count(*) from {{ ref('churn_events') }})
    or life_count <> (select count(*) from {{ ref('int_subscription_lives') }})
