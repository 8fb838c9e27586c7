{#- Only warns: a customer may buy for the same amount in two places on one day. -#}
{{ config(
    severity='warn',
    meta={
        'description': 'No payment that names no order looks like an order of the shop',
        'dagster': {'ref': {'name': 'int_orders'}},
    },
) }}

select
    payments.payment_key,
    orders.order_key
from {{ ref('int_payments') }} as payments
inner join {{ ref('int_orders') }} as orders
    on
        payments.customer_key = orders.customer_key
        and payments.paid_on = orders.ordered_on
inner join {{ ref('stg_shopify__orders') }} as shop_orders
    on
        orders.order_id = shop_orders.order_id
        and payments.currency = shop_orders.currency
        and payments.amount = shop_orders.total_amount
where
    payments.purpose = 'order'
    and payments.is_collected
    and orders.source = 'shopify'
    and orders.is_countable
