{{ config(meta={
    'description': 'Orders and their net revenue are the same in staging, by order and by month',
    'dagster': {'ref': {'name': 'customer_months'}},
}) }}

with delivered as (

    select
        (select count(*) from {{ ref('stg_shopify__orders') }})
        + (
            select count(*) from {{ ref('int_payments') }}
            where purpose = 'order' and is_collected
        ) as order_count,
        (select count(*) from {{ ref('stg_stripe__payments') }}) as payment_count

),

payments as (

    select count(*) as payment_count
    from {{ ref('int_payments') }}

),

orders as (

    select
        count(*) as order_count,
        count(case when is_countable and customer_key is not null then 1 end)
            as attributed_order_count,
        coalesce(sum(case when is_countable and customer_key is not null then net_amount end), 0)
            as attributed_revenue
    from {{ ref('int_orders') }}

),

months as (

    select
        coalesce(sum(order_count), 0) as order_count,
        coalesce(sum(order_revenue), 0) as order_revenue
    from {{ ref('customer_months') }}

)

select
    delivered.order_count as delivered_order_count,
    delivered.payment_count as delivered_payment_count,
    payments.payment_count,
    orders.*,
    months.order_count as month_order_count,
    months.order_revenue as month_order_revenue
from delivered
cross join payments
cross join orders
cross join months
where
    delivered.order_count <> orders.order_count
    or delivered.payment_count <> payments.payment_count
    or orders.attributed_order_count <> months.order_count
    or orders.attributed_revenue <> months.order_revenue
