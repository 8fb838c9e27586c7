-- One row per order, its amounts in the reporting currency: the shop's, and what was paid through
-- Stripe for neither an order of the shop nor a subscription.
with shop_orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

payments as (

    select * from {{ ref('int_payments') }}
    where purpose = 'order' and is_collected

),

links as (

    select *
    from {{ ref('int_customer_links') }}
    where source = 'shopify' and id_kind = 'order_id'

),

margins as (

    select * from {{ ref('int_margins') }}

),

orders as (

    select
        {{ surrogate_key('shopify', 'order', 'shop_orders.order_id') }} as order_key,
        links.customer_key,
        'shopify' as source,
        shop_orders.order_id,
        shop_orders.order_number,
        shop_orders.ordered_at,
        shop_orders.currency as original_currency,
        shop_orders.subtotal_amount as original_gross_amount,
        shop_orders.refunded_amount as original_refunded_amount,
        -- An order that waits for its money stands until it is voided, expired or cancelled.
        shop_orders.cancelled_at is null
        and shop_orders.financial_status not in ('voided', 'expired') as is_countable,
        shop_orders.financial_status,
        shop_orders.cancelled_at,
        shop_orders.channel,
        shop_orders.country as order_country
    from shop_orders
    left join links on shop_orders.order_id = links.id_value
    union all
    select
        payment_key as order_key,
        customer_key,
        'stripe' as source,
        payment_id as order_id,
        order_number,
        paid_at as ordered_at,
        currency as original_currency,
        amount as original_gross_amount,
        refunded_amount as original_refunded_amount,
        true as is_countable,
        case
            when refunded_amount = 0 then 'paid'
            when refunded_amount < amount then 'partially_refunded'
            else 'refunded'
        end as financial_status,
        cast(null as timestamptz) as cancelled_at,
        cast(null as varchar) as channel,
        cast(null as varchar) as order_country
    from payments

),

dated as (

    select
        *,
        cast(ordered_at as date) as ordered_on
    from orders

),

-- What the customer was when the order was placed.
with_history as (

    select
        dated.*,
        {{ held_then('segment') }} as segment,
        {{ held_then('country') }} as customer_country
    from dated
    {{ join_customer_then('dated', 'dated.ordered_at') }}

),

converted as (

    select
        with_history.*,
        {{ in_reporting_currency(
            'with_history.original_gross_amount',
            'with_history.original_currency',
            'exchange_rates.rate'
        ) }} as gross_reported,
        {{ in_reporting_currency(
            'with_history.original_refunded_amount',
            'with_history.original_currency',
            'exchange_rates.rate'
        ) }} as refunded_reported
    from with_history
    {{ join_exchange_rate('with_history.original_currency', 'with_history.ordered_on') }}

),

final as (

    select
        converted.order_key,
        converted.customer_key,
        converted.source,
        converted.order_id,
        converted.order_number,
        converted.ordered_at,
        converted.ordered_on,
        cast({{ dbt.date_trunc('month', 'converted.ordered_on') }} as date) as ordered_month,
        converted.original_currency,
        '{{ var("reporting_currency") }}' as currency,
        converted.gross_reported as gross_amount,
        converted.refunded_reported as refunded_amount,
        cast(
            converted.gross_reported - converted.refunded_reported as decimal(18, 4)
        ) as net_amount,
        converted.is_countable,
        converted.financial_status,
        converted.cancelled_at,
        converted.channel,
        converted.segment,
        coalesce(converted.customer_country, converted.order_country) as country,
        coalesce(segment_margins.margin, default_margins.margin) as margin
    from converted
    left join margins as segment_margins
        on
            converted.segment = segment_margins.segment
            and {{ within(
                'converted.ordered_on', 'segment_margins.valid_from', 'segment_margins.valid_to'
            ) }}
    left join margins as default_margins
        on
            default_margins.segment is null
            and {{ within(
                'converted.ordered_on', 'default_margins.valid_from', 'default_margins.valid_to'
            ) }}

)

select * from final
