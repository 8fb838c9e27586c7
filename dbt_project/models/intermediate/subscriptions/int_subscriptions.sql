-- One row per subscription life.
with subscriptions as (

    select
        'stripe' as source,
        {{ surrogate_key('stripe', 'subscription', 'subscription_id') }} as subscription_key,
        subscription_id,
        stripe_customer_id as customer_id,
        plan,
        product,
        quantity,
        status,
        started_at,
        trial_end_at,
        cancel_requested_at,
        is_cancel_at_period_end,
        ended_at,
        cancel_reason,
        is_deleted,
        deleted_on
    from {{ ref('stg_stripe__subscriptions') }}
    union all
    select
        'chargebee' as source,
        {{ surrogate_key('chargebee', 'subscription', 'subscription_id') }} as subscription_key,
        subscription_id,
        chargebee_customer_id as customer_id,
        plan,
        cast(null as varchar) as product,
        quantity,
        status,
        started_at,
        trial_end_at,
        cancel_requested_at,
        is_cancel_at_period_end,
        ended_at,
        cancel_reason,
        is_deleted,
        deleted_on
    from {{ ref('stg_chargebee__subscriptions') }}

),

deliveries as (

    select
        {{ surrogate_key('stripe', 'subscription', 'subscription_id') }} as subscription_key,
        status,
        delivered_on
    from {{ ref('stg_stripe__subscription_versions') }}
    union all
    select
        {{ surrogate_key('chargebee', 'subscription', 'subscription_id') }} as subscription_key,
        status,
        delivered_on
    from {{ ref('stg_chargebee__subscription_versions') }}

),

versions as (

    select * from {{ ref('int_subscription_versions') }}

),

links as (

    select *
    from {{ ref('int_customer_links') }}
    where id_kind = 'customer_id'

),

last_seen_going_on as (

    select
        subscription_key,
        max(delivered_on) as last_on
    from deliveries
    where status not in {{ ended_statuses() }}
    group by subscription_key

),

-- A biller may call it over without saying when: then it was when a delivery first showed it so.
-- What was taken up again since is not over, or over anew.
first_seen_over as (

    select
        deliveries.subscription_key,
        min(deliveries.delivered_on) as over_on
    from deliveries
    left join last_seen_going_on
        on deliveries.subscription_key = last_seen_going_on.subscription_key
    where
        deliveries.status in {{ ended_statuses() }}
        and (
            last_seen_going_on.last_on is null
            or last_seen_going_on.last_on < deliveries.delivered_on
        )
    group by deliveries.subscription_key

),

lives as (

    select
        subscriptions.*,
        cast(subscriptions.started_at as date) as started_on,
        cast(subscriptions.trial_end_at as date) as trial_end_on,
        cast(
            case
                when subscriptions.trial_end_at > subscriptions.started_at
                    then subscriptions.trial_end_at
                else subscriptions.started_at
            end as date
        ) as paid_from,
        -- What the biller dropped without an end ended when it was first missing.
        coalesce(
            cast(subscriptions.ended_at as date),
            first_seen_over.over_on,
            subscriptions.deleted_on
        ) as ended_on
    from subscriptions
    left join first_seen_over
        on subscriptions.subscription_key = first_seen_over.subscription_key

),

prices as (

    select
        subscription_key,
        max(case when valid_to is null then mrr end) as mrr,
        max(case when valid_to is null then billing_interval end) as billing_interval,
        max(case when valid_to is null then original_currency end) as original_currency,
        max(interval_amount) as highest_interval_amount
    from versions
    group by subscription_key

),

final as (

    select
        lives.subscription_key,
        links.customer_key,
        lives.source,
        lives.subscription_id,
        lives.plan,
        lives.product,
        lives.quantity,
        prices.billing_interval,
        prices.original_currency,
        '{{ var("reporting_currency") }}' as currency,
        lives.started_on,
        lives.trial_end_on,
        lives.paid_from,
        lives.ended_on,
        prices.mrr,
        lives.status,
        -- Ever past its trial at a price, and not given up before the first payment.
        lives.status not in ('incomplete', 'incomplete_expired', 'future')
        and prices.highest_interval_amount > 0
        and (lives.status <> 'trialing' or lives.trial_end_on is not null)
        and lives.paid_from < {{ as_of_end() }}
        and (lives.ended_on is null or lives.ended_on > lives.paid_from) as is_paying,
        lives.cancel_requested_at,
        lives.is_cancel_at_period_end,
        lives.cancel_reason,
        -- A failed or disputed payment ends a subscription that nobody meant to end. A reason
        -- that is not listed stays NULL, and a test names it.
        case
            when lives.ended_on is null then cast(null as boolean)
            when lives.cancel_reason in {{ involuntary_cancel_reasons() }} then false
            when lives.cancel_reason in {{ voluntary_cancel_reasons() }} then true
            when lives.status in ('unpaid', 'past_due') then false
        end as is_voluntary,
        lives.is_deleted
    from lives
    left join links on lives.source = links.source and lives.customer_id = links.id_value
    left join prices on lives.subscription_key = prices.subscription_key

)

select * from final
