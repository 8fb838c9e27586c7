with {{ latest_version(source('surveymonkey', 'responses'), 'response_id', 'ended_at') }},

final as (

    select
        response_id,
        survey,
        started_at,
        ended_at as responded_at,
        -- The file doesn't tell partial responses from whole ones.
        cast(null as boolean) as is_finished,
        email_pseudonym,
        external_reference,
        cast(null as varchar) as channel,
        cast(null as varchar) as language,
        case_number,
        answers,
        delivered_on
    from latest
    where ended_at < {{ as_of_end() }}

)

select * from final
