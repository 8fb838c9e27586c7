with {{ latest_version(source('salesforce', 'case_comment'), 'id', 'system_modstamp') }},

final as (

    select
        id as comment_id,
        parent_id as case_id,
        is_published,
        created_by_id as created_by_user_id,
        created_date as created_at,
        delivered_on
    from latest
    where
        -- A comment that a later delivery no longer holds was purged, not taken back.
        not is_deleted
        and created_date < {{ as_of_end() }}

)

select * from final
