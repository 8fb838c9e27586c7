with {{ latest_version(source('salesforce', 'contact'), 'id', 'system_modstamp') }},

{{ with_queries(
    source('salesforce', 'contact_query'),
    [
        'is_deleted',
        'master_record_id',
        'account_id',
        'email_pseudonym',
        'mailing_country_code',
        'owner_id',
        'has_opted_out_of_email',
        'created_date',
        'system_modstamp',
    ],
    'system_modstamp'
) }},

final as (

    select
        id as contact_id,
        master_record_id as master_contact_id,
        account_id,
        email_pseudonym,
        {{ country_of('mailing_country_code') }} as country,
        owner_id as owner_agent_id,
        has_opted_out_of_email,
        coalesce(is_deleted, false) or missing_since is not null as is_deleted,
        case
            when is_deleted then coalesce(cast(system_modstamp as date), delivered_on)
            else missing_since
        end as deleted_on,
        created_date as created_at,
        system_modstamp as modified_at,
        delivered_on
    from records

)

select * from final
