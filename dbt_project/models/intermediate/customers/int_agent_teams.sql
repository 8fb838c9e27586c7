-- One row per agent and stay in a team: [valid_from, valid_to), open when valid_to is NULL.
with stays as (

    select * from {{ ref('stg_reference__teams') }}

),

users as (

    select * from {{ ref('stg_salesforce__users') }}

),

-- The list may name an agent by e-mail address.
{{ user_emails('users') }},

agents as (

    select
        coalesce(user_emails.user_id, stays.agent) as agent_id,
        stays.team,
        stays.leader,
        stays.schedule,
        stays.valid_from,
        cast({{ dbt.dateadd('day', 1, 'stays.valid_through') }} as date) as day_after
    from stays
    left join user_emails on stays.agent = user_emails.email_pseudonym

),

-- Nobody is in two teams: the next stay ends the one before it.
followed as (

    select
        *,
        lead(valid_from) over (
            partition by agent_id
            order by valid_from, team, leader
        ) as next_valid_from
    from agents

),

final as (

    select
        agent_id,
        team,
        leader,
        schedule,
        valid_from,
        case
            when next_valid_from < day_after or day_after is null then next_valid_from
            else day_after
        end as valid_to
    from followed

)

select * from final
where valid_to is null or valid_from < valid_to
