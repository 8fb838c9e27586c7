with {{ latest_version(source('dynamics', 'accounts'), 'account_id', 'modified_at') }},

final as (

    select
        account_id,
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
