with {{ latest_version(source('hubspot', 'companies'), 'record_id') }},

{{ merged_records() }},

final as (

    select
        record_id as company_id,
        salesforce_account_id,
        {{ ids_in('merged_record_ids') }} as merged_company_ids,
        segment,
        industry,
        lifecycle_stage,
        {{ country_of('country_code', 'country') }} as country,
        created_at,
        modified_at,
        delivered_on
    from latest
    left join merged on latest.record_id = merged.merged_id
    where created_at < {{ as_of_end() }} and merged.merged_id is null

)

select * from final
