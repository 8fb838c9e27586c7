with final as (

    select
        id as subscription_id,
        plan,
        quantity,
        upper(currency) as currency,
        interval as billing_interval,
        amount,
        status,
        delivered_on
    from {{ source('stripe', 'subscriptions') }}
    where
        delivered_on <= {{ as_of() }}
        and created < {{ as_of_end() }}

)

select * from final
