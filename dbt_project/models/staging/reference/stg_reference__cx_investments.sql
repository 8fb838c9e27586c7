{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'cx_investments')) }},

final as (

    select
        investment,
        cost,
        currency as original_currency,
        from_date as started_on,
        dimension,
        dimension_value
    from newest
    where from_date <= {{ as_of() }}

)

select * from final
