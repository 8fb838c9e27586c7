-- One row per subscription that was ever paid for: how many renewals it came to (ends of a billing
-- interval), and how many months it lasted.
with subscriptions as (

    select * from {{ ref('int_subscriptions') }}
    where is_paying

),

customers as (

    select * from {{ ref('int_customers') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

lives as (

    select
        subscriptions.*,
        as_of.as_of,
        subscriptions.ended_on is null or subscriptions.ended_on > as_of.as_of as is_in_force,
        -- It ended at the renewal after its last day; on that renewal's own day, at that one.
        case
            when subscriptions.ended_on <= as_of.as_of
                then cast({{ dbt.dateadd('day', -1, 'subscriptions.ended_on') }} as date)
            else as_of.as_of
        end as last_day_in_force
    from subscriptions
    cross join as_of

),

counted as (

    select
        *,
        {{ whole_intervals('billing_interval', 'paid_from', 'last_day_in_force') }}
            as renewal_count,
        {{ whole_months('paid_from', 'last_day_in_force') }} as month_count
    from lives

),

final as (

    select
        counted.subscription_key,
        counted.customer_key,
        counted.billing_interval,
        counted.paid_from,
        counted.ended_on,
        counted.is_in_force,
        counted.is_cancel_at_period_end,
        counted.renewal_count,
        counted.month_count,
        {{ months_per_interval('counted.billing_interval') }} as interval_months,
        counted.mrr,
        {{ margin_then() }} as present_margin
    from counted
    left join customers on counted.customer_key = customers.customer_key
    {{ join_margin('customers.segment', 'counted.as_of') }}

)

select * from final
