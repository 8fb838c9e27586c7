with {{ latest_version(source('salesforce', 'user'), 'id') }},

{{ with_queries(
    source('salesforce', 'user_query'),
    [
        'email_pseudonym',
        'department',
        'is_active',
        'time_zone_sid_key',
        'user_role_id',
        'employee_number',
        'manager_id',
        'user_type',
        'contact_id',
        'created_date',
    ]
) }},

final as (

    select
        id as user_id,
        email_pseudonym,
        department,
        is_active,
        time_zone_sid_key as time_zone,
        user_role_id,
        employee_number,
        manager_id as manager_user_id,
        user_type,
        contact_id,
        missing_since is not null as is_deleted,
        missing_since as deleted_on,
        created_date as created_at,
        delivered_on
    from records

)

select * from final
