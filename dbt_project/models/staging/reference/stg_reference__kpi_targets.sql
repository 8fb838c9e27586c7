{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'kpi_targets')) }},

final as (

    select
        kpi,
        leader,
        target,
        from_date as valid_from,
        to_date as valid_through
    from newest

)

select * from final
