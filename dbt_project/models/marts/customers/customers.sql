-- One row per customer.
with customers as (

    select * from {{ ref('int_customers') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

subscriber_months as (

    select * from {{ ref('int_subscriber_months') }}

),

cases as (

    select * from {{ ref('int_cases') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

customer_orders as (

    select
        customer_key,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on,
        count(*) as order_count,
        sum(net_amount) as order_revenue
    from orders
    where is_countable and customer_key is not null
    group by customer_key

),

customer_subscriptions as (

    select
        customer_key,
        min(paid_from) as first_subscribed_on,
        count(*) as subscription_count
    from subscriptions
    where is_paying
    group by customer_key

),

present_subscribers as (

    select
        subscriber_months.customer_key,
        subscriber_months.mrr
    from subscriber_months
    inner join as_of on subscriber_months.month = as_of.current_month

),

customer_cases as (

    select
        customer_key,
        count(*) as case_count,
        count(case when not is_closed then 1 end) as open_case_count
    from cases
    where not is_deleted and customer_key is not null
    group by customer_key

),

final as (

    select
        customers.customer_key,
        customers.customer_kind,
        customers.salesforce_account_id,
        customers.stripe_customer_id,
        customers.first_seen_on,
        customers.segment,
        customers.country,
        customers.industry,
        {{ agent_key('customers.owner_agent_id') }} as owner_agent_key,
        customers.team,
        customers.leader,
        customer_orders.first_order_on,
        customer_orders.last_order_on,
        coalesce(customer_orders.order_count, 0) as order_count,
        cast(coalesce(customer_orders.order_revenue, 0) as decimal(18, 4)) as order_revenue,
        customer_subscriptions.first_subscribed_on,
        coalesce(customer_subscriptions.subscription_count, 0) as subscription_count,
        cast(coalesce(present_subscribers.mrr, 0) as decimal(18, 4)) as mrr,
        present_subscribers.customer_key is not null as is_subscriber,
        coalesce(customer_cases.case_count, 0) as case_count,
        coalesce(customer_cases.open_case_count, 0) as open_case_count,
        customers.is_deleted,
        customers.deleted_on
    from customers
    left join customer_orders on customers.customer_key = customer_orders.customer_key
    left join customer_subscriptions
        on customers.customer_key = customer_subscriptions.customer_key
    left join present_subscribers on customers.customer_key = present_subscribers.customer_key
    left join customer_cases on customers.customer_key = customer_cases.customer_key

)

select * from final
