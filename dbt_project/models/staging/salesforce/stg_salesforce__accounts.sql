with {{ latest_version(source('salesforce', 'account'), 'id', 'system_modstamp') }},

{{ with_queries(
    source('salesforce', 'account_query'),
    [
        'is_deleted',
        'master_record_id',
        'parent_id',
        'type',
        'industry',
        'segment',
        'billing_country_code',
        'billing_country',
        'currency_iso_code',
        'owner_id',
        'created_date',
        'system_modstamp',
    ],
    'system_modstamp'
) }},

final as (

    select
        id as account_id,
        master_record_id as master_account_id,
        parent_id as parent_account_id,
        type as account_type,
        industry,
        segment,
        {{ country_of('billing_country_code', 'billing_country') }} as country,
        currency_iso_code as currency,
        owner_id as owner_agent_id,
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
