with {{ latest_version(source('hotjar', 'responses'), 'response_id') }},

final as (

    select
        response_id,
        survey,
        submitted_at as responded_at,
        -- The file doesn't tell partial responses from whole ones.
        cast(null as boolean) as is_finished,
        email_pseudonym,
        external_reference,
        'website' as channel,
        cast(null as varchar) as language,
        case_number,
        answers,
        delivered_on
    from latest
    where submitted_at < {{ as_of_end() }}

)

select * from final
