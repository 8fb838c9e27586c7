with {{ latest_version(source('chargebee', 'subscriptions'), 'subscription_id') }},

final as (

    select
        subscription_id,
        customer_id as chargebee_customer_id,
        customer_email_pseudonym as email_pseudonym,
        account_id,
        plan,
        coalesce(quantity, 1) as quantity,
        {{ chargebee_status('status') }} as status,
        created_at,
        -- What has not begun has no start yet, only a date of it.
        coalesce(started_at, start_date, created_at) as started_at,
        trial_end as trial_end_at,
        cancel_requested_at,
        replace(lower(trim(status)), '_', ' ') = 'non renewing' as is_cancel_at_period_end,
        -- Of what is not to be renewed it is the day to come.
        case
            when {{ chargebee_status('status') }} = 'canceled' and cancelled_at < {{ as_of_end() }}
                then cancelled_at
        end as ended_at,
        replace(lower(trim(cancel_reason)), ' ', '_') as cancel_reason,
        missing_since is not null as is_deleted,
        missing_since as deleted_on,
        delivered_on
    from latest
    where created_at < {{ as_of_end() }}

)

select * from final
