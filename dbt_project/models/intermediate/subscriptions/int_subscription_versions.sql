-- One row per subscription and span of time with one price and quantity: [valid_from, valid_to).
-- Stripe keeps no history: a change holds from the first delivery that shows it, so that a month
-- already reported never changes. What the first delivery shows has held since the start.
with subscriptions as (

    select * from {{ ref('stg_stripe__subscriptions') }}

),

deliveries as (

    select * from {{ ref('stg_stripe__subscription_versions') }}

),

lives as (

    select
        subscription_id,
        cast(
            case when trial_end_at > started_at then trial_end_at else started_at end as date
        ) as paid_from
    from subscriptions

),

prices as (

    select
        deliveries.subscription_id,
        deliveries.delivered_on,
        lives.paid_from,
        deliveries.currency,
        deliveries.status,
        case
            when deliveries.status in ('incomplete', 'incomplete_expired', 'unpaid', 'paused')
                then 0
            else deliveries.amount * deliveries.quantity
        end as interval_amount,
        deliveries.billing_interval,
        row_number() over (
            partition by deliveries.subscription_id
            order by deliveries.delivered_on
        ) as delivery_number
    from deliveries
    inner join lives on deliveries.subscription_id = lives.subscription_id

),

compared as (

    select
        *,
        lag(interval_amount) over (
            partition by subscription_id order by delivered_on
        ) as last_interval_amount,
        lag(billing_interval) over (
            partition by subscription_id order by delivered_on
        ) as last_billing_interval,
        lag(currency) over (
            partition by subscription_id order by delivered_on
        ) as last_currency
    from prices

),

changes as (

    select
        *,
        -- A price seen before the trial's end holds from the first paid day.
        case
            when delivery_number = 1 or delivered_on < paid_from then paid_from
            else delivered_on
        end as valid_from
    from compared
    where
        delivery_number = 1
        or interval_amount is distinct from last_interval_amount
        or billing_interval is distinct from last_billing_interval
        or currency is distinct from last_currency

),

-- Of several prices before the first paid day the last one is what was paid.
ranked as (

    select
        *,
        row_number() over (
            partition by subscription_id, valid_from
            order by delivered_on desc
        ) as start_rank
    from changes

),

rated as (

    select
        *,
        -- A trial that still runs is paid for after as_of: no later rate is known.
        least(valid_from, {{ as_of() }}) as rated_on
    from ranked
    where start_rank = 1

),

converted as (

    select
        rated.subscription_id,
        rated.valid_from,
        rated.currency,
        rated.interval_amount,
        {{ in_reporting_currency(
            monthly_amount('rated.interval_amount', 'rated.billing_interval'),
            'rated.currency',
            'exchange_rates.rate'
        ) }} as mrr
    from rated
    {{ join_exchange_rate('rated.currency', 'rated.rated_on') }}

),

final as (

    select
        {{ surrogate_key('stripe', 'subscription', 'subscription_id') }} as subscription_key,
        subscription_id,
        valid_from,
        lead(valid_from) over (
            partition by subscription_id
            order by valid_from
        ) as valid_to,
        currency as original_currency,
        interval_amount,
        mrr
    from converted

)

select * from final
