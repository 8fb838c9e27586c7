-- One row per case.
with cases as (

    select * from {{ ref('stg_salesforce__cases') }}

),

changes as (

    select * from {{ ref('int_case_changes') }}

),

links as (

    select *
    from {{ ref('int_customer_links') }}
    where source = 'salesforce' and id_kind = 'case_number'

),

-- Which statuses mean closed is the CRM's to say: those that its closed cases have.
closed_statuses as (

    select distinct status
    from cases
    where is_closed

),

judged as (

    select
        changes.*,
        now_closed.status is not null as is_closed,
        before_closed.status is not null as was_closed
    from changes
    left join closed_statuses as now_closed on changes.status = now_closed.status
    left join closed_statuses as before_closed on changes.last_status = before_closed.status

),

counted as (

    select
        case_id,
        min(
            case
                when
                    change_number > 1
                    and (
                        status is distinct from last_status
                        or (
                            {{ is_agent('owner_id') }}
                            and owner_id is distinct from last_owner_id
                        )
                    )
                    then changed_at
            end
        ) as first_touched_at,
        min(case when {{ is_agent('owner_id') }} then changed_at end) as first_assigned_at,
        sum(case when was_closed and not is_closed then 1 else 0 end) as reopen_count,
        -- From one agent to another; taken from or put back into a queue is no transfer.
        sum(
            case
                when
                    {{ is_agent('owner_id') }}
                    and {{ is_agent('last_owner_id') }}
                    and owner_id <> last_owner_id
                    then 1
                else 0
            end
        ) as transfer_count,
        sum(
            case
                when {{ is_agent('owner_id') }} and owner_id is distinct from last_owner_id then 1
                else 0
            end
        ) as assignment_count
    from judged
    group by case_id

),

final as (

    select
        {{ surrogate_key('salesforce', 'case', 'cases.case_id') }} as case_key,
        cases.case_id,
        cases.case_number,
        links.customer_key,
        case when {{ is_agent('cases.owner_id') }} then cases.owner_id end as agent_id,
        cases.owner_id,
        cases.opened_at,
        case when cases.is_closed and cases.closed_at < {{ as_of_end() }} then cases.closed_at end
            as closed_at,
        cases.status,
        cases.is_closed,
        cases.is_closed_on_create,
        cases.is_escalated,
        cases.channel,
        cases.case_type,
        cases.reason,
        cases.priority,
        cases.sla_due_at,
        counted.first_touched_at,
        counted.first_assigned_at,
        cast(counted.reopen_count as integer) as reopen_count,
        cast(counted.transfer_count as integer) as transfer_count,
        cast(counted.assignment_count as integer) as assignment_count,
        cases.is_deleted,
        cases.deleted_on
    from cases
    left join links on cases.case_number = links.id_value
    left join counted on cases.case_id = counted.case_id

)

select * from final
