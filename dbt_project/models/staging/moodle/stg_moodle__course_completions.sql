with completions as (

    select
        *,
        user_id || '|' || course as enrolment_id
    from {{ source('moodle', 'course_completion') }}

),

{{ latest_version('completions', 'enrolment_id') }},

final as (

    select
        enrolment_id,
        user_id,
        email_pseudonym,
        course,
        case when completed_at < {{ as_of_end() }} then completed_at end as completed_at,
        delivered_on
    from latest

)

select * from final
