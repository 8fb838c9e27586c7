with {{ latest_version(source('hubspot', 'contacts'), 'record_id') }},

{{ merged_records() }},

final as (

    select
        record_id as contact_id,
        salesforce_contact_id,
        coalesce(company_id, {{ ids_in('company_ids') }}[1]) as company_id,
        {{ ids_in('merged_record_ids') }} as merged_contact_ids,
        {{ pseudonyms_in(['email_pseudonym', 'additional_email_pseudonyms']) }}
            as email_pseudonyms,
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
