-- Whoever answers again changes the response: the newest delivery has it as it is now.
with {{ latest_version(source('delighted', 'responses'), 'response_id') }},

final as (

    select
        response_id,
        survey,
        created_at as responded_at,
        -- There is one question, and only those who answered it are exported.
        true as is_finished,
        email_pseudonym,
        external_reference,
        channel,
        language,
        case_number,
        answers,
        delivered_on
    from latest
    where created_at < {{ as_of_end() }}

)

select * from final
