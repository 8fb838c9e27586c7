{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'deal_stages')) }},

final as (

    select
        lower(source) as source,
        lower(pipeline) as pipeline,
        lower(stage) as stage,
        min(outcome) as outcome
    from newest
    group by lower(source), lower(pipeline), lower(stage)
    having count(distinct outcome) = 1

)

select * from final
