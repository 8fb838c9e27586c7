with {{ latest_version(source('salesforce', 'case_history'), 'id', 'last_modified_date') }},

final as (

    select
        id as case_change_id,
        case_id,
        owner_id,
        status,
        previous_update as previous_change_at,
        last_modified_date as changed_at,
        last_modified_by_id as changed_by_user_id,
        delivered_on
    from latest
    -- A change that a later delivery no longer holds went with its case, not with its truth.
    where not coalesce(is_deleted, false)

)

select * from final
