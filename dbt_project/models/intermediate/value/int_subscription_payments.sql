-- One row per payment for a subscription.
with payments as (

    select * from {{ ref('int_payments') }}
    where purpose = 'subscription'

),

with_history as (

    select
        payments.*,
        {{ held_then('segment') }} as segment
    from payments
    {{ join_customer_then('payments', 'payments.paid_at') }}

),

final as (

    select
        with_history.payment_key,
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
