with {{ latest_version(source('qualtrics', 'responses'), 'response_id', 'recorded_date') }},

final as (

    select
        response_id,
        survey,
        start_date as started_at,
        -- Partial answers are recorded up to a week after their end: the end is when it was said.
        end_date as responded_at,
        recorded_date as recorded_at,
        progress as progress_percent,
        duration_seconds,
        finished as is_finished,
        recipient_email_pseudonym as email_pseudonym,
        external_data_reference as external_reference,
        distribution_channel as channel,
        user_language as language,
        case_number,
        answers,
        delivered_on
    from latest
    where end_date < {{ as_of_end() }}

)

select * from final
