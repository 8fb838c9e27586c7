{{ config(meta={
    'description': 'Revenue of the subscriptions in force on as_of is that of the current month',
    'dagster': {'ref': {'name': 'customer_months'}},
}) }}

with as_of as (

    select * from {{ ref('int_as_of') }}

),

in_force as (

    select
        subscriptions.customer_key,
        sum(subscriptions.mrr) as mrr,
        count(*) as subscription_count
    from {{ ref('int_subscriptions') }} as subscriptions
    cross join as_of
    where
        subscriptions.is_paying
        and subscriptions.mrr > 0
        and subscriptions.paid_from <= as_of.as_of
        and (subscriptions.ended_on is null or as_of.as_of < subscriptions.ended_on)
    group by subscriptions.customer_key

),

reported as (

    select
        customer_months.customer_key,
        customer_months.mrr,
        customer_months.subscription_count
    from {{ ref('customer_months') }} as customer_months
    inner join as_of on customer_months.month = as_of.current_month
    where customer_months.is_subscriber

)

select
    in_force.customer_key as customer_in_force,
    reported.customer_key as customer_reported,
    in_force.mrr as mrr_in_force,
    reported.mrr as mrr_reported
from in_force
full outer join reported on in_force.customer_key = reported.customer_key
where
    in_force.mrr is distinct from reported.mrr
    or in_force.subscription_count is distinct from reported.subscription_count
