{{ config(materialized='view') }}

with {{ latest_version(source('salesforce', 'opportunity'), 'id', 'system_modstamp') }},

{{ with_queries(
    source('salesforce', 'opportunity_query'),
    [
        'is_deleted',
        'account_id',
        'contact_id',
        'type',
        'stage_name',
        'amount',
        'currency_iso_code',
        'probability',
        'close_date',
        'is_closed',
        'is_won',
        'owner_id',
        'created_date',
        'system_modstamp',
    ],
    'system_modstamp'
) }},

final as (

    select
        id as opportunity_id,
        account_id,
        contact_id,
        type as opportunity_type,
        stage_name as stage,
        amount,
        currency_iso_code as currency,
        probability as probability_percent,
        close_date as closes_on,
        is_closed,
        is_won,
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
