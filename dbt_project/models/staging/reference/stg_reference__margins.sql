{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'margins')) }},

final as (

    select
        segment,
        product,
        margin,
        from_date as valid_from
    from newest

)

select * from final
