{{ config(materialized='view') }}

-- A view: no model reads it yet.
with {{ latest_version(source('salesforce', 'opportunity'), 'id', 'system_modstamp') }},

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
        is_deleted or missing_since is not null as is_deleted,
        case
            when is_deleted then cast(system_modstamp as date)
            else missing_since
        end as deleted_on,
        created_date as created_at,
        system_modstamp as modified_at,
        delivered_on
    from latest

)

select * from final
