{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'follow_ups')) }},

final as (

    select
        {{ response_key('source', 'response_id') }} as response_key,
        owner,
        opened_at,
        due_at,
        case when first_contact_at < {{ as_of_end() }} then first_contact_at end
            as first_contact_at,
        case when closed_at < {{ as_of_end() }} then closed_at end as closed_at,
        outcome,
        root_cause,
        delivered_on
    from newest
    where opened_at < {{ as_of_end() }}

)

select * from final
