-- One row per subscription that was ever paid for: how long it lasted, or has lasted so far.
with subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

versions as (

    select
        subscription_key,
        plan,
        row_number() over (
            partition by subscription_key
            order by valid_from
        ) as version_number
    from {{ ref('int_subscription_versions') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

lives as (

    select
        subscriptions.*,
        subscriptions.ended_on is not null and subscriptions.ended_on <= as_of.as_of as is_ended,
        cast({{ dbt.dateadd('day', 1, 'as_of.as_of') }} as date) as seen_until
    from subscriptions
    cross join as_of
    where subscriptions.is_paying

),

final as (

    select
        lives.subscription_key,
        lives.customer_key,
        coalesce(versions.plan, lives.plan) as first_plan,
        lives.plan,
        lives.product,
        lives.paid_from,
        case when lives.is_ended then lives.ended_on end as ended_on,
        lives.is_ended,
        -- Of a subscription in force only the months that are over have been seen.
        cast(
            case
                when lives.is_ended then {{ begun_months('lives.paid_from', 'lives.ended_on') }}
                else {{ completed_months('lives.paid_from', 'lives.seen_until') }}
            end as integer
        ) as life_months,
        cast({{ completed_months('lives.paid_from', 'lives.seen_until') }} as integer)
            as watched_months,
        lives.mrr,
        lives.currency,
        lives.cancel_requested_at,
        lives.cancel_reason,
        lives.is_voluntary,
        {{ held_then('segment') }} as segment,
        {{ held_then('country') }} as country
    from lives
    left join versions
        on lives.subscription_key = versions.subscription_key and versions.version_number = 1
    {{ join_customer_then('lives', 'cast(lives.paid_from as timestamptz)') }}

)

select * from final
