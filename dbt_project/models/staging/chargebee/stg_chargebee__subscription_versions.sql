with final as (

    select
        subscription_id,
        plan,
        coalesce(quantity, 1) as quantity,
        -- A whole number may be cents or not, and says nothing unless it is 0.
        case
            when currency is not null and (contains(mrr, '.') or mrr = '0')
                then cast(mrr as decimal(18, 4))
        end as stated_mrr,
        upper(currency) as currency,
        {{ chargebee_status('status') }} as status,
        delivered_on
    from {{ source('chargebee', 'subscriptions') }}
    where
        delivered_on <= {{ as_of() }}
        and created_at < {{ as_of_end() }}

)

select * from final
