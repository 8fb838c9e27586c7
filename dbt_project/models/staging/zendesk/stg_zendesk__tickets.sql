with {{ latest_version(source('zendesk', 'tickets'), 'ticket_id', 'updated_at') }},

-- The CSV has labels where the JSON has codes: capitals, `On-hold`, `Not offered`, `Web form`.
worded as (

    select
        *,
        replace(replace(lower(status), '-', ''), ' ', '') as status_word,
        {{ zendesk_satisfaction('satisfaction_score') }} as satisfaction,
        lower(channel) as channel_word,
        -- A tag holds no space, whichever of the exports' ways of listing tags it is in.
        ' ' || translate(coalesce(tags, ''), '[]",', '    ') || ' ' as tag_words
    from latest

),

judged as (

    select
        *,
        case
            when status_word = 'onhold' then 'hold'
            else status_word
        end as status_code,
        position(' closed_by_merge ' in tag_words) > 0 as is_merged
    from worded

),

final as (

    select
        ticket_id,
        requester_id,
        requester_external_id,
        requester_email_pseudonym as email_pseudonym,
        organization_id,
        organization_external_id,
        assignee_id,
        group_name,
        ticket_type,
        status_code as status,
        status_code in ('solved', 'closed') as is_closed,
        case
            when channel_word = 'mail' then 'email'
            when channel_word = 'web form' then 'web'
            else channel_word
        end as channel,
        lower(priority) as priority,
        created_at as opened_at,
        updated_at as modified_at,
        initially_assigned_at as first_assigned_at,
        solved_at,
        satisfaction,
        case satisfaction when 'good' then 1 when 'bad' then 0 end as satisfaction_score,
        coalesce(satisfaction in ('good', 'bad', 'offered'), false) as is_satisfaction_asked,
        assignee_stations as assignee_count,
        reopens as reopen_count,
        replies as reply_count,
        cast({{ dbt.dateadd('minute', 'first_reply_minutes', 'created_at') }} as timestamptz)
            as first_reply_at,
        first_reply_business_minutes,
        full_resolution_business_minutes as resolution_business_minutes,
        is_merged,
        status_code = 'deleted' or is_merged as is_deleted,
        case when status_code = 'deleted' or is_merged then cast(updated_at as date) end
            as deleted_on,
        delivered_on
    from judged
    where created_at < {{ as_of_end() }}

)

select * from final
