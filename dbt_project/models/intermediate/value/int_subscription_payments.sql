-- One row per payment that settled a subscription's invoice. What was paid for a shop order is in
-- the order already.
with payments as (

    select
        *,
        cast(paid_at as date) as paid_on,
        lower(trim(status)) as payment_status
    from {{ ref('stg_stripe__payments') }}
    where invoice_id is not null and order_number is null

),

links as (

    select *
    from {{ ref('int_customer_links') }}
    where source = 'stripe' and id_kind = 'customer_id'

),

judged as (

    select
        payments.*,
        links.customer_key,
        -- A status that neither list knows stays NULL, and fails a test.
        case
            when
                payment_status in (
                    'paid', 'succeeded', 'refunded', 'partially refunded', 'partial refund',
                    'disputed', 'inquiry', 'early fraud warning', 'needs response', 'under review',
                    'dispute won'
                )
                then true
            when
                payment_status in (
                    'failed', 'canceled', 'cancelled', 'incomplete', 'pending', 'processing',
                    'uncaptured', 'expired', 'blocked', 'requires payment method',
                    'requires confirmation', 'requires action', 'requires capture', 'dispute lost'
                )
                then false
        end as is_collected
    from payments
    left join links on payments.stripe_customer_id = links.id_value

),

with_history as (

    select
        judged.*,
        {{ held_then('segment') }} as segment
    from judged
    {{ join_customer_then('judged', 'judged.paid_at') }}

),

final as (

    select
        {{ surrogate_key('stripe', 'payment', 'with_history.payment_id') }} as payment_key,
        with_history.customer_key,
        with_history.paid_on,
        with_history.is_collected,
        {{ in_reporting_currency(
            'with_history.amount - with_history.refunded_amount',
            'with_history.currency',
            'exchange_rates.rate'
        ) }} as net_amount,
        {{ margin_then() }} as margin
    from with_history
    {{ join_exchange_rate('with_history.currency', 'with_history.paid_on') }}
    {{ join_margin('with_history.segment', 'with_history.paid_on') }}

)

select * from final
