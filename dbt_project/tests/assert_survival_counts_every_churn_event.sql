{{ config(meta={
    'description': 'Each group loses the lives of churn_events whose last month is over, and begins with all',
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
    churned <> (
        select count(*)
        from {{ ref('churn_events') }} as events
        inner join {{ ref('int_subscription_lives') }} as lives
            on events.subscription_key = lives.subscription_key
        where events.life_months <= lives.watched_months
    )
    or life_count <> (select count(*) from {{ ref('int_subscription_lives') }})
