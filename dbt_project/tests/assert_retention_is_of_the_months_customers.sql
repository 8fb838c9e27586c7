{{ config(meta={
    'description': 'Subscribers and revenue are the same by customer, movement, cohort, month and year',
    'dagster': {'ref': {'name': 'retention_monthly'}},
}) }}

with customer_months as (

    select
        month,
        count(case when is_subscriber then 1 end) as subscribers,
        sum(mrr) as mrr,
        count(case when order_count > 0 then 1 end) as buyers,
        sum(order_revenue) as order_revenue
    from {{ ref('customer_months') }}
    group by month

),

everybody as (

    select *
    from {{ ref('retention_monthly') }}
    where dimension = 'all'

),

shown as (

    select
        'ending in retention_monthly' as what,
        month,
        ending_customers as customers,
        ending_mrr as revenue
    from everybody
    union all
    select
        'starting in retention_monthly the month after' as what,
        {{ month_after('month', -1) }} as month,
        starting_customers as customers,
        starting_mrr as revenue
    from everybody
    where month > (select min(first.month) from everybody as first)
    union all
    select
        'ending in retention_yearly' as what,
        month,
        ending_customers as customers,
        ending_mrr as revenue
    from {{ ref('retention_yearly') }}
    where dimension = 'all'
    union all
    select
        'ending in customer_movements' as what,
        month,
        count(case when ending_mrr > 0 then 1 end) as customers,
        sum(ending_mrr) as revenue
    from {{ ref('customer_movements') }}
    group by month
    union all
    select
        'subscriptions in retention_cohorts' as what,
        month,
        sum(active_customers) as customers,
        sum(revenue) as revenue
    from {{ ref('retention_cohorts') }}
    where basis = 'subscriptions' and active_customers is not null
    group by month

),

purchases as (

    select
        'purchases in retention_cohorts' as what,
        month,
        sum(active_customers) as customers,
        sum(revenue) as revenue
    from {{ ref('retention_cohorts') }}
    where basis = 'purchases' and active_customers is not null
    group by month

)

select
    shown.*,
    customer_months.subscribers as expected_customers,
    customer_months.mrr as expected_revenue
from shown
left join customer_months on shown.month = customer_months.month
where
    shown.customers <> coalesce(customer_months.subscribers, 0)
    or shown.revenue <> coalesce(customer_months.mrr, 0)
union all
select
    purchases.*,
    customer_months.buyers as expected_customers,
    customer_months.order_revenue as expected_revenue
from purchases
left join customer_months on purchases.month = customer_months.month
where
    purchases.customers <> coalesce(customer_months.buyers, 0)
    or purchases.revenue <> coalesce(customer_months.order_revenue, 0)
