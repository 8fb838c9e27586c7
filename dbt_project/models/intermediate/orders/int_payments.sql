-- One row per payment that Stripe took or tried to take: whose it is, and what it is for.
with payments as (

    select
        *,
        lower(trim(status)) as payment_status
    from {{ ref('stg_stripe__payments') }}

),

shop_orders as (

    select order_number as document from {{ ref('stg_shopify__orders') }}
    union
    select order_id as document from {{ ref('stg_shopify__orders') }}

),

links as (

    select * from {{ ref('int_customer_links') }}

),

-- Chargebee collects through Stripe without an invoice of Stripe's.
subscribers_elsewhere as (

    select distinct customer_key
    from links
    where source = 'chargebee' and id_kind = 'customer_id'

),

with_customers as (

    select
        payments.*,
        coalesce(customers.customer_key, guests.customer_key) as customer_key
    from payments
    left join links as customers
        on
            payments.stripe_customer_id = customers.id_value
            and customers.source = 'stripe'
            and customers.id_kind = 'customer_id'
    left join links as guests
        on
            payments.payment_id = guests.id_value
            and guests.source = 'stripe'
            and guests.id_kind = 'payment_id'

),

final as (

    select
        {{ surrogate_key('stripe', 'payment', 'with_customers.payment_id') }} as payment_key,
        with_customers.payment_id,
        with_customers.customer_key,
        with_customers.order_number,
        with_customers.paid_at,
        cast(with_customers.paid_at as date) as paid_on,
        with_customers.amount,
        with_customers.refunded_amount,
        with_customers.currency,
        case
            when shop_orders.document is not null then 'shop_order'
            when with_customers.order_number is not null then 'order'
            when with_customers.invoice_id is not null then 'subscription'
            when subscribers_elsewhere.customer_key is not null then 'subscription'
            else 'order'
        end as purpose,
        -- A status that neither list knows stays NULL, and fails a test.
        case
            when with_customers.payment_status in {{ collected_statuses() }} then true
            when with_customers.payment_status in {{ uncollected_statuses() }} then false
        end as is_collected
    from with_customers
    left join shop_orders on with_customers.order_number = shop_orders.document
    left join subscribers_elsewhere
        on with_customers.customer_key = subscribers_elsewhere.customer_key

)

select * from final
