{{ config(materialized='view') }}

with {{ latest_version(source('pipedrive', 'deals'), 'deal_id') }},

{{ named_once(ref('stg_pipedrive__organizations'), 'organization_id') }},

final as (

    select
        latest.deal_id,
        coalesce(latest.organization_id, named_once.organization_id) as organization_id,
        latest.person_id,
        {{ pseudonyms_in(['latest.email_pseudonyms']) }} as email_pseudonyms,
        latest.pipeline,
        latest.stage,
        lower(latest.status) as status,
        latest.deal_type,
        latest.amount,
        latest.currency,
        latest.created_at,
        case lower(latest.status)
            when 'won' then coalesce(latest.won_at, latest.closed_at)
            when 'lost' then coalesce(latest.lost_at, latest.closed_at)
        end as closed_at,
        latest.modified_at,
        lower(latest.status) = 'deleted' as is_deleted,
        latest.delivered_on
    from latest
    left join named_once on latest.organization_name_pseudonym = named_once.name_pseudonym
    where latest.created_at < {{ as_of_end() }}

)

select * from final
