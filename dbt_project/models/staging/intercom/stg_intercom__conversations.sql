with {{ latest_version(source('intercom', 'conversations'), 'conversation_id', 'updated_at') }},

final as (

    select
        conversation_id,
        requester_external_id,
        requester_email_pseudonym as email_pseudonym,
        organization_external_id,
        group_name,
        ticket_type,
        lower(state) as status,
        lower(state) = 'closed' as is_closed,
        lower(channel) as channel,
        lower(priority) as priority,
        created_at as opened_at,
        updated_at as modified_at,
        closed_at,
        first_reply_at,
        rating,
        -- The export leaves out what was deleted; so does it what is of another period.
        false as is_deleted,
        cast(null as date) as deleted_on,
        delivered_on
    from latest
    where created_at < {{ as_of_end() }}

)

select * from final
