with {{ latest_version(source('hubspot', 'tickets'), 'ticket_id') }},

{{ merged_records() }},

final as (

    select
        ticket_id,
        coalesce(company_id, {{ ids_in('company_ids') }}[1]) as company_id,
        {{ ids_in('contact_ids') }} as contact_ids,
        pipeline,
        lower(status) as status,
        -- What a status means is the portal's own; one that closes sets the date.
        closed_at is not null or lower(status) = 'closed' as is_closed,
        lower(channel) as channel,
        lower(priority) as priority,
        ticket_type,
        created_at as opened_at,
        coalesce(closed_at, created_at + to_milliseconds(time_to_close_ms)) as closed_at,
        coalesce(first_reply_at, created_at + to_milliseconds(time_to_first_reply_ms))
            as first_reply_at,
        modified_at,
        merged.merged_id is not null as is_deleted,
        delivered_on
    from latest
    left join merged on latest.ticket_id = merged.merged_id
    where created_at < {{ as_of_end() }}

)

select * from final
