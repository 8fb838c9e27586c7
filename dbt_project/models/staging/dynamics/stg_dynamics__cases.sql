with {{ latest_version(source('dynamics', 'cases'), 'case_id', 'modified_at') }},

{{ named_once(ref('stg_dynamics__accounts'), 'account_id') }},

final as (

    select
        latest.case_id,
        latest.case_number,
        -- The customer of a case is an account or a person; a person's address may stand beside.
        named_once.account_id,
        latest.email_pseudonym,
        lower(latest.status) as status,
        lower(latest.status) <> 'active' as is_closed,
        lower(latest.channel) as channel,
        lower(latest.priority) as priority,
        latest.case_type,
        latest.created_at as opened_at,
        case when lower(latest.status) <> 'active' then latest.resolved_at end as closed_at,
        latest.resolve_by_at as sla_due_at,
        latest.modified_at,
        coalesce(lower(latest.status_reason) = 'merged', false) as is_deleted,
        latest.delivered_on
    from latest
    left join named_once on latest.customer_name_pseudonym = named_once.name_pseudonym
    where latest.created_at < {{ as_of_end() }}

)

select * from final
