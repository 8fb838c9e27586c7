with {{ latest_version(source('dynamics', 'contacts'), 'contact_id', 'modified_at') }},

{{ named_once(ref('stg_dynamics__accounts'), 'account_id') }},

final as (

    select
        latest.contact_id,
        named_once.account_id,
        latest.email_pseudonym,
        {{ country_of('null', 'latest.country') }} as country,
        latest.created_at,
        latest.modified_at,
        latest.delivered_on
    from latest
    left join named_once on latest.company_name_pseudonym = named_once.name_pseudonym
    where latest.created_at < {{ as_of_end() }}

)

select * from final
