-- One row per case, whatever the service desk. A new desk is one more branch.
with cases as (

    select * from {{ ref('stg_salesforce__cases') }}

),

zendesk as (

    select * from {{ ref('stg_zendesk__tickets') }}

),

freshdesk as (

    select * from {{ ref('stg_freshdesk__tickets') }}

),

hubspot as (

    select * from {{ ref('stg_hubspot__tickets') }}

),

dynamics as (

    select * from {{ ref('stg_dynamics__cases') }}

),

intercom as (

    select * from {{ ref('stg_intercom__conversations') }}

),

changes as (

    select * from {{ ref('int_case_changes') }}

),

links as (

    select *
    from {{ ref('int_customer_links') }}
    where id_kind = 'case_number'

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

-- A company that never had a case move has not switched its history on, or doesn't deliver it.
history as (

    select max(change_number) > 1 as is_kept
    from changes

),

salesforce_cases as (

    select
        'salesforce' as source,
        {{ surrogate_key('salesforce', 'case', 'cases.case_id') }} as case_key,
        cases.case_id,
        cases.case_number,
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
        case when history.is_kept then counted.first_assigned_at end as first_assigned_at,
        cast(case when history.is_kept then counted.reopen_count end as integer) as reopen_count,
        cast(case when history.is_kept then counted.transfer_count end as integer)
            as transfer_count,
        cast(case when history.is_kept then counted.assignment_count end as integer)
            as assignment_count,
        -- Replies are counted from comments and e-mails.
        false as has_stated_replies,
        cast(null as timestamptz) as stated_first_reply_at,
        cast(null as integer) as stated_reply_count,
        cast(null as bigint) as first_reply_business_minutes,
        cast(null as bigint) as resolution_business_minutes,
        cases.is_deleted,
        cases.deleted_on
    from cases
    cross join history
    left join counted on cases.case_id = counted.case_id

),

zendesk_cases as (

    select
        'zendesk' as source,
        {{ surrogate_key('zendesk', 'case', 'ticket_id') }} as case_key,
        ticket_id as case_id,
        ticket_id as case_number,
        -- Agents and their teams are known by the CRM's ids.
        cast(null as varchar) as agent_id,
        assignee_id as owner_id,
        opened_at,
        case when is_closed and solved_at < {{ as_of_end() }} then solved_at end as closed_at,
        status,
        is_closed,
        cast(null as boolean) as is_closed_on_create,
        cast(null as boolean) as is_escalated,
        channel,
        ticket_type as case_type,
        cast(null as varchar) as reason,
        priority,
        cast(null as timestamptz) as sla_due_at,
        cast(null as timestamptz) as first_touched_at,
        first_assigned_at,
        cast(reopen_count as integer) as reopen_count,
        -- Of three agents in turn the first took it and two got it handed over.
        cast(
            case when assignee_count > 0 then assignee_count - 1 else assignee_count end as integer
        ) as transfer_count,
        cast(assignee_count as integer) as assignment_count,
        true as has_stated_replies,
        first_reply_at as stated_first_reply_at,
        cast(reply_count as integer) as stated_reply_count,
        case when first_reply_at is not null then cast(first_reply_business_minutes as bigint) end
            as first_reply_business_minutes,
        case when is_closed then cast(resolution_business_minutes as bigint) end
            as resolution_business_minutes,
        is_deleted,
        deleted_on
    from zendesk

),

freshdesk_cases as (

    select
        'freshdesk' as source,
        {{ surrogate_key('freshdesk', 'case', 'ticket_id') }} as case_key,
        ticket_id as case_id,
        ticket_id as case_number,
        -- It names its agents, and gives them no id.
        cast(null as varchar) as agent_id,
        cast(null as varchar) as owner_id,
        opened_at,
        case when is_closed and solved_at < {{ as_of_end() }} then solved_at end as closed_at,
        status,
        is_closed,
        cast(null as boolean) as is_closed_on_create,
        cast(null as boolean) as is_escalated,
        channel,
        ticket_type as case_type,
        cast(null as varchar) as reason,
        priority,
        sla_due_at,
        cast(null as timestamptz) as first_touched_at,
        cast(null as timestamptz) as first_assigned_at,
        cast(null as integer) as reopen_count,
        cast(null as integer) as transfer_count,
        cast(null as integer) as assignment_count,
        true as has_stated_replies,
        first_reply_at as stated_first_reply_at,
        cast(reply_count as integer) as stated_reply_count,
        cast(null as bigint) as first_reply_business_minutes,
        cast(null as bigint) as resolution_business_minutes,
        is_deleted,
        deleted_on
    from freshdesk

),

hubspot_cases as (

    select
        'hubspot' as source,
        {{ surrogate_key('hubspot', 'case', 'ticket_id') }} as case_key,
        ticket_id as case_id,
        ticket_id as case_number,
        -- It names its owners, and gives them no id.
        cast(null as varchar) as agent_id,
        cast(null as varchar) as owner_id,
        opened_at,
        case when is_closed and closed_at < {{ as_of_end() }} then closed_at end as closed_at,
        status,
        is_closed,
        cast(null as boolean) as is_closed_on_create,
        cast(null as boolean) as is_escalated,
        channel,
        ticket_type as case_type,
        cast(null as varchar) as reason,
        priority,
        cast(null as timestamptz) as sla_due_at,
        cast(null as timestamptz) as first_touched_at,
        cast(null as timestamptz) as first_assigned_at,
        cast(null as integer) as reopen_count,
        cast(null as integer) as transfer_count,
        cast(null as integer) as assignment_count,
        true as has_stated_replies,
        first_reply_at as stated_first_reply_at,
        cast(null as integer) as stated_reply_count,
        cast(null as bigint) as first_reply_business_minutes,
        cast(null as bigint) as resolution_business_minutes,
        is_deleted,
        cast(null as date) as deleted_on
    from hubspot

),

dynamics_cases as (

    select
        'dynamics' as source,
        {{ surrogate_key('dynamics', 'case', 'case_id') }} as case_key,
        case_id,
        case_number,
        -- It names its owners, and gives them no id.
        cast(null as varchar) as agent_id,
        cast(null as varchar) as owner_id,
        opened_at,
        -- A view without that column says that a case is closed, and not since when.
        case when is_closed and closed_at < {{ as_of_end() }} then closed_at end as closed_at,
        status,
        is_closed,
        cast(null as boolean) as is_closed_on_create,
        cast(null as boolean) as is_escalated,
        channel,
        case_type,
        cast(null as varchar) as reason,
        priority,
        sla_due_at,
        cast(null as timestamptz) as first_touched_at,
        cast(null as timestamptz) as first_assigned_at,
        cast(null as integer) as reopen_count,
        cast(null as integer) as transfer_count,
        cast(null as integer) as assignment_count,
        true as has_stated_replies,
        cast(null as timestamptz) as stated_first_reply_at,
        cast(null as integer) as stated_reply_count,
        cast(null as bigint) as first_reply_business_minutes,
        cast(null as bigint) as resolution_business_minutes,
        is_deleted,
        cast(null as date) as deleted_on
    from dynamics

),

intercom_cases as (

    select
        'intercom' as source,
        {{ surrogate_key('intercom', 'case', 'conversation_id') }} as case_key,
        conversation_id as case_id,
        conversation_id as case_number,
        -- It names its agents, and gives them no id.
        cast(null as varchar) as agent_id,
        cast(null as varchar) as owner_id,
        opened_at,
        -- An export without that column says that a conversation is closed, and not since when.
        case when is_closed and closed_at < {{ as_of_end() }} then closed_at end as closed_at,
        status,
        is_closed,
        cast(null as boolean) as is_closed_on_create,
        cast(null as boolean) as is_escalated,
        channel,
        ticket_type as case_type,
        cast(null as varchar) as reason,
        priority,
        cast(null as timestamptz) as sla_due_at,
        cast(null as timestamptz) as first_touched_at,
        cast(null as timestamptz) as first_assigned_at,
        cast(null as integer) as reopen_count,
        cast(null as integer) as transfer_count,
        cast(null as integer) as assignment_count,
        true as has_stated_replies,
        first_reply_at as stated_first_reply_at,
        cast(null as integer) as stated_reply_count,
        cast(null as bigint) as first_reply_business_minutes,
        cast(null as bigint) as resolution_business_minutes,
        is_deleted,
        deleted_on
    from intercom

),

all_cases as (

    select * from salesforce_cases
    union all
    select * from zendesk_cases
    union all
    select * from freshdesk_cases
    union all
    select * from hubspot_cases
    union all
    select * from dynamics_cases
    union all
    select * from intercom_cases

),

final as (

    select
        all_cases.*,
        links.customer_key
    from all_cases
    left join links
        on all_cases.source = links.source and all_cases.case_number = links.id_value

)

select * from final
