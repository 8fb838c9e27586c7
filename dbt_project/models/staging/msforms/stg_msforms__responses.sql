with {{ latest_version(source('msforms', 'responses'), 'response_id', 'completed_at') }},

final as (

    select
        response_id,
        survey,
        started_at,
        completed_at as responded_at,
        true as is_finished,
        email_pseudonym,
        external_reference,
        cast(null as varchar) as channel,
        language,
        case_number,
        answers,
        delivered_on
    from latest
    where completed_at < {{ as_of_end() }}

)

select * from final
