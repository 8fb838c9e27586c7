with {{ latest_version(source('salesforce', 'case'), 'id', 'system_modstamp') }},

{{ with_queries(
    source('salesforce', 'case_query'),
    [
        'is_deleted',
        'master_record_id',
        'case_number',
        'contact_id',
        'account_id',
        'parent_id',
        'supplied_email_pseudonym',
        'type',
        'status',
        'reason',
        'origin',
        'subject',
        'priority',
        'is_closed',
        'closed_date',
        'is_escalated',
        'is_closed_on_create',
        'owner_id',
        'sla_exit_date',
        'created_date',
        'system_modstamp',
    ],
    'system_modstamp'
) }},

final as (

    select
        id as case_id,
        master_record_id as master_case_id,
        case_number,
        contact_id,
        account_id,
        parent_id as parent_case_id,
        supplied_email_pseudonym as email_pseudonym,
        type as case_type,
        status,
        reason,
        origin as channel,
        subject,
        priority,
        is_closed,
        closed_date as closed_at,
        coalesce(is_escalated, false) as is_escalated,
        coalesce(is_closed_on_create, false) as is_closed_on_create,
        owner_id,
        sla_exit_date as sla_due_at,
        coalesce(is_deleted, false) or missing_since is not null as is_deleted,
        case
            when is_deleted then coalesce(cast(system_modstamp as date), delivered_on)
            else missing_since
        end as deleted_on,
        created_date as opened_at,
        system_modstamp as modified_at,
        delivered_on
    from records
    where created_date < {{ as_of_end() }}

)

select * from final
