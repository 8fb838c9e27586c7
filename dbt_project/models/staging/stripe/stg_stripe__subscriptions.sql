with {{ latest_version(source('stripe', 'subscriptions'), 'id') }},

final as (

    select
        id as subscription_id,
        customer_id as stripe_customer_id,
        customer_email_pseudonym as email_pseudonym,
        account_id,
        plan,
        product,
        quantity,
        upper(currency) as currency,
        interval as billing_interval,
        amount,
        status,
        created as created_at,
        start as started_at,
        current_period_start as current_period_start_at,
        current_period_end as current_period_end_at,
        trial_start as trial_start_at,
        trial_end as trial_end_at,
        canceled_at as cancel_requested_at,
        coalesce(cancel_at_period_end, false) as is_cancel_at_period_end,
        case when ended_at < {{ as_of_end() }} then ended_at end as ended_at,
        cancellation_reason as cancel_reason,
        missing_since is not null as is_deleted,
        missing_since as deleted_on,
        delivered_on
    from latest
    where created < {{ as_of_end() }}

)

select * from final
