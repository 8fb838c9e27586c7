{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'holidays')) }},

final as (

    select
        schedule,
        closed_on,
        holiday
    from newest

)

select * from final
