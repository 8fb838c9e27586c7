{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'exchange_rates')) }},

final as (

    select
        valid_on,
        from_currency,
        to_currency,
        rate
    from newest

)

select * from final
