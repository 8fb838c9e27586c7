with {{ latest_version(source('salesforce', 'email_message'), 'id', 'system_modstamp') }},

final as (

    select
        id as email_id,
        parent_id as case_id,
        incoming as is_incoming,
        -- Sent, or sent and then replied to or forwarded by its own author; not new, read, draft.
        not incoming and status in ('2', '3', '4') as is_sent,
        -- Without the column nobody knows of a bounce.
        coalesce(is_bounced, false) as is_bounced,
        created_by_id as created_by_user_id,
        created_date as created_at,
        coalesce(message_date, created_date) as sent_at,
        delivered_on
    from latest
    where
        -- An e-mail that a later delivery no longer holds was purged, not taken back.
        not is_deleted
        and created_date < {{ as_of_end() }}

)

select * from final
