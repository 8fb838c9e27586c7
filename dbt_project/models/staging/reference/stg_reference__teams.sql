{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'teams')) }},

final as (

    select
        agent,
        team,
        leader,
        coalesce(schedule, 'default') as schedule,
        from_date as valid_from,
        to_date as valid_through
    from newest

)

select * from final
