{{ config(materialized='view') }}

with {{ latest_version(source('hubspot', 'deals'), 'record_id') }},

final as (

    select
        record_id as deal_id,
        coalesce(company_id, {{ ids_in('company_ids') }}[1]) as company_id,
        {{ ids_in('contact_ids') }} as contact_ids,
        pipeline,
        stage,
        deal_type,
        amount,
        currency,
        created_at,
        closed_at,
        modified_at,
        delivered_on
    from latest
    where created_at < {{ as_of_end() }}

)

select * from final
