-- A report's rows have no id: user, training and registration tell them apart.
with transcript as (

    select
        *,
        user_id || '|' || training_object_id || '|'
        || coalesce(cast(registered_on as varchar), '') as registration_id
    from {{ source('cornerstone', 'training_transcript') }}

),

{{ latest_version('transcript', 'registration_id') }},

final as (

    select
        registration_id,
        user_id,
        manager_id,
        email_pseudonym,
        training_object_id,
        training_title,
        lower(status) as status,
        registered_on,
        completed_on,
        lower(status) = 'completed' and coalesce(completed_on <= {{ as_of() }}, false)
            as is_completed,
        delivered_on
    from latest

)

select * from final
