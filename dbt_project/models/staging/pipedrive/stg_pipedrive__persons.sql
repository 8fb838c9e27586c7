with {{ latest_version(source('pipedrive', 'persons'), 'person_id') }},

{{ named_once(ref('stg_pipedrive__organizations'), 'organization_id') }},

final as (

    select
        latest.person_id,
        coalesce(latest.organization_id, named_once.organization_id) as organization_id,
        {{ pseudonyms_in([
            'latest.email_pseudonyms',
            'latest.home_email_pseudonyms',
            'latest.other_email_pseudonyms',
        ]) }} as email_pseudonyms,
        {{ country_of('null', 'latest.country') }} as country,
        latest.created_at,
        latest.modified_at,
        latest.delivered_on
    from latest
    left join named_once on latest.organization_name_pseudonym = named_once.name_pseudonym
    where latest.created_at < {{ as_of_end() }}

)

select * from final
