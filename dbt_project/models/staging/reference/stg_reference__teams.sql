{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'teams')) }},

final as (

    select
        agent,
        team,
        leader,
        from_date as valid_from,
        to_date as valid_through
    from newest

)

select * from final
