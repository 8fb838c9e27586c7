-- One row per order, its amounts in the reporting currency.
with orders as (

    select
        *,
        cast(ordered_at as date) as ordered_on
    from {{ ref('stg_shopify__orders') }}

),

links as (

    select *
    from {{ ref('int_customer_links') }}
    where source = 'shopify' and id_kind = 'order_id'

),

margins as (

    select * from {{ ref('int_margins') }}

),

with_customers as (

    select
        orders.*,
        links.customer_key
    from orders
    left join links on orders.order_id = links.id_value

),

-- What the customer was when the order was placed.
with_history as (

    select
        with_customers.*,
        {{ held_then('segment') }} as segment,
        {{ held_then('country') }} as customer_country
    from with_customers
    {{ join_customer_then('with_customers', 'with_customers.ordered_at') }}

),

converted as (

    select
        with_history.*,
        {{ in_reporting_currency(
            'with_history.subtotal_amount', 'with_history.currency', 'exchange_rates.rate'
        ) }} as gross_reported,
        {{ in_reporting_currency(
            'with_history.refunded_amount', 'with_history.currency', 'exchange_rates.rate'
        ) }} as refunded_reported
    from with_history
    {{ join_exchange_rate('with_history.currency', 'with_history.ordered_on') }}

),

final as (

    select
        {{ surrogate_key('shopify', 'order', 'converted.order_id') }} as order_key,
        converted.customer_key,
        'shopify' as source,
        converted.order_id,
        converted.order_number,
        converted.ordered_at,
        converted.ordered_on,
        cast({{ dbt.date_trunc('month', 'converted.ordered_on') }} as date) as ordered_month,
        converted.currency as original_currency,
        '{{ var("reporting_currency") }}' as currency,
        converted.gross_reported as gross_amount,
        converted.refunded_reported as refunded_amount,
        cast(
            converted.gross_reported - converted.refunded_reported as decimal(18, 4)
        ) as net_amount,
        -- An order that waits for its money stands until it is voided, expired or cancelled.
        converted.cancelled_at is null
        and converted.financial_status not in ('voided', 'expired') as is_countable,
        converted.financial_status,
        converted.cancelled_at,
        converted.channel,
        converted.segment,
        coalesce(converted.customer_country, converted.country) as country,
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
