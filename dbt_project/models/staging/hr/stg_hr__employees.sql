with {{ latest_version(source('hr', 'employees'), 'employee_id') }},

final as (

    select
        employee_id,
        email_pseudonym,
        manager_id,
        team,
        started_on,
        ended_on,
        missing_since is not null as is_deleted,
        missing_since as deleted_on,
        delivered_on
    from latest

)

select * from final
