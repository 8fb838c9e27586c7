-- One row per subscription and span of time with one price and quantity: [valid_from, valid_to).
-- Billers export no history: a change holds from the first delivery that shows it, so that a month
-- already reported never changes. What the first delivery shows has held since the start.
with subscriptions as (

    select
        {{ surrogate_key('stripe', 'subscription', 'subscription_id') }} as subscription_key,
        started_at,
        trial_end_at
    from {{ ref('stg_stripe__subscriptions') }}
    union all
    select
        {{ surrogate_key('chargebee', 'subscription', 'subscription_id') }} as subscription_key,
        started_at,
        trial_end_at
    from {{ ref('stg_chargebee__subscriptions') }}

),

stripe_deliveries as (

    select * from {{ ref('stg_stripe__subscription_versions') }}

),

chargebee_deliveries as (

    select * from {{ ref('stg_chargebee__subscription_versions') }}

),

plan_prices as (

    select * from {{ ref('stg_reference__plan_prices') }}

),

-- A stated amount is all of the subscription's, and goes before the price list. A plan that is not
-- on the list has no price, and a test names it.
deliveries as (

    select
        {{ surrogate_key('stripe', 'subscription', 'subscription_id') }} as subscription_key,
        subscription_id,
        delivered_on,
        plan,
        currency,
        status,
        amount * quantity as interval_amount,
        billing_interval
    from stripe_deliveries
    union all
    select
        {{ surrogate_key('chargebee', 'subscription', 'chargebee_deliveries.subscription_id') }}
            as subscription_key,
        chargebee_deliveries.subscription_id,
        chargebee_deliveries.delivered_on,
        chargebee_deliveries.plan,
        case
            when chargebee_deliveries.stated_mrr is not null then chargebee_deliveries.currency
            else plan_prices.currency
        end as currency,
        chargebee_deliveries.status,
        cast(
            coalesce(
                chargebee_deliveries.stated_mrr
                * coalesce({{ months_per_interval('plan_prices.billing_interval') }}, 1),
                plan_prices.amount * chargebee_deliveries.quantity
            ) as decimal(18, 4)
        ) as interval_amount,
        case
            when chargebee_deliveries.stated_mrr is null then plan_prices.billing_interval
            else coalesce(plan_prices.billing_interval, 'month')
        end as billing_interval
    from chargebee_deliveries
    left join plan_prices
        on
            chargebee_deliveries.plan = plan_prices.plan
            and {{ within(
                'chargebee_deliveries.delivered_on', 'plan_prices.valid_from', 'plan_prices.valid_to'
            ) }}

),

lives as (

    select
        subscription_key,
        cast(
            case when trial_end_at > started_at then trial_end_at else started_at end as date
        ) as paid_from
    from subscriptions

),

numbered as (

    select
        *,
        row_number() over (
            partition by subscription_key
            order by delivered_on
        ) as delivery_number,
        max(case when status not in {{ ended_statuses() }} then delivered_on end) over (
            partition by subscription_key
        ) as last_going_on
    from deliveries

),

prices as (

    select
        numbered.subscription_key,
        numbered.subscription_id,
        numbered.delivered_on,
        numbered.plan,
        lives.paid_from,
        numbered.currency,
        numbered.status,
        case
            when numbered.status in ('incomplete', 'incomplete_expired', 'unpaid', 'paused')
                then 0
            -- Over for a while: its months were reported without it, and stay so.
            when
                numbered.status = 'canceled'
                and numbered.delivery_number > 1
                and numbered.delivered_on < numbered.last_going_on
                then 0
            else numbered.interval_amount
        end as interval_amount,
        numbered.billing_interval,
        numbered.delivery_number
    from numbered
    inner join lives on numbered.subscription_key = lives.subscription_key

),

compared as (

    select
        *,
        lag(interval_amount) over (
            partition by subscription_key order by delivered_on
        ) as last_interval_amount,
        lag(billing_interval) over (
            partition by subscription_key order by delivered_on
        ) as last_billing_interval,
        lag(currency) over (
            partition by subscription_key order by delivered_on
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
            partition by subscription_key, valid_from
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
        rated.subscription_key,
        rated.subscription_id,
        rated.valid_from,
        rated.plan,
        rated.currency,
        rated.billing_interval,
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
        subscription_key,
        subscription_id,
        valid_from,
        lead(valid_from) over (
            partition by subscription_key
            order by valid_from
        ) as valid_to,
        plan,
        currency as original_currency,
        billing_interval,
        interval_amount,
        mrr
    from converted

)

select * from final
