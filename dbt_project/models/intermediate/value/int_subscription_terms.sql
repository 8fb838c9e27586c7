-- One row per subscription that was ever paid for: how many renewals it came to (ends of a billing
-- interval), how many months it lasted, and at which of both it was lost.
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
        {{ whole_months('paid_from', 'last_day_in_force') }} as month_count,
        {{ whole_intervals('billing_interval', 'paid_from', 'as_of') }} as renewals_due,
        {{ whole_months('paid_from', 'as_of') }} as months_due,
        -- Who ends one goes at the next renewal. A payment that failed was of the last, if there
        -- was one: billers try for some days before they give up.
        case when is_voluntary = false then 0 else 1 end as renewals_to_go
    from lives

),

-- A renewal that isn't due yet has lost nobody: those in force haven't come to it either.
lost as (

    select
        *,
        case when renewal_count = 0 then 1 else renewal_count + renewals_to_go end
            as next_renewal,
        case when month_count = 0 then 1 else month_count + renewals_to_go end as next_month
    from counted

),

final as (

    select
        lost.subscription_key,
        lost.customer_key,
        lost.billing_interval,
        lost.paid_from,
        lost.ended_on,
        lost.is_in_force,
        lost.is_cancel_at_period_end,
        lost.renewal_count,
        lost.month_count,
        case
            when not lost.is_in_force and lost.next_renewal <= lost.renewals_due
                then lost.next_renewal
        end as lost_renewal,
        case
            when not lost.is_in_force and lost.next_month <= lost.months_due then lost.next_month
        end as lost_month,
        {{ months_per_interval('lost.billing_interval') }} as interval_months,
        lost.mrr,
        {{ margin_then() }} as present_margin
    from lost
    left join customers on lost.customer_key = customers.customer_key
    {{ join_margin('customers.segment', 'lost.as_of') }}

)

select * from final
