with {{ latest_version(source('pipedrive', 'organizations'), 'organization_id') }},

final as (

    select
        organization_id,
        name_pseudonym,
        segment,
        industry,
        {{ country_of('null', 'country') }} as country,
        created_at,
        modified_at,
        delivered_on
    from latest
    where created_at < {{ as_of_end() }}

)

select * from final
