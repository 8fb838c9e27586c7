{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'plan_prices')) }},

final as (

    select
        plan,
        amount,
        currency,
        interval as billing_interval,
        from_date as valid_from,
        lead(from_date) over (partition by plan order by from_date) as valid_to
    from newest

)

select * from final
