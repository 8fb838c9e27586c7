with {{ latest_version(source('freshdesk', 'tickets'), 'ticket_id', 'updated_at') }},

final as (

    select
        ticket_id,
        requester_external_id,
        requester_email_pseudonym as email_pseudonym,
        group_name,
        ticket_type,
        lower(status) as status,
        lower(status) in ('resolved', 'closed') as is_closed,
        lower(channel) as channel,
        lower(priority) as priority,
        created_at as opened_at,
        updated_at as modified_at,
        due_at as sla_due_at,
        -- Closing what was solved days ago is not when it was solved.
        coalesce(resolved_at, closed_at) as solved_at,
        {{ freshdesk_satisfaction('satisfaction') }} as satisfaction,
        agent_replies as reply_count,
        first_reply_at,
        -- The export leaves out what was deleted; so does it what the filter left out.
        false as is_deleted,
        cast(null as date) as deleted_on,
        delivered_on
    from latest
    where created_at < {{ as_of_end() }}

)

select * from final
