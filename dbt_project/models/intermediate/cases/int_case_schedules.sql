-- One row per case and span in which one schedule held: [valid_from, valid_to), open when NULL. A
-- case that was under the default one all the time has no row.
with owners as (

    select * from {{ ref('int_case_owners') }}

),

agent_teams as (

    select * from {{ ref('int_agent_teams') }}
    where schedule <> 'default'

),

cases as (

    select * from {{ ref('int_cases') }}

),

kept as (

    select
        owners.case_key,
        agent_teams.schedule,
        greatest(owners.valid_from, cast(agent_teams.valid_from as timestamptz)) as valid_from,
        least(
            coalesce(owners.valid_to, agent_teams.valid_to),
            coalesce(agent_teams.valid_to, owners.valid_to)
        ) as valid_to
    from owners
    inner join agent_teams
        on
            owners.agent_id = agent_teams.agent_id
            and owners.valid_from < coalesce(agent_teams.valid_to, cast('9999-12-31' as date))
            and agent_teams.valid_from
            < coalesce(owners.valid_to, cast('9999-12-31' as timestamptz))

),

-- Where one ends the default holds, unless the next begins.
changes as (

    select
        case_key,
        valid_from,
        schedule
    from kept
    union all
    select
        case_key,
        valid_to as valid_from,
        'default' as schedule
    from kept
    where valid_to is not null
    union all
    select distinct
        cases.case_key,
        cases.opened_at as valid_from,
        'default' as schedule
    from cases
    inner join kept on cases.case_key = kept.case_key

),

ranked as (

    select
        *,
        row_number() over (
            partition by case_key, valid_from
            order by case when schedule = 'default' then 1 else 0 end
        ) as change_rank
    from changes

),

final as (

    select
        case_key,
        schedule,
        valid_from,
        lead(valid_from) over (
            partition by case_key
            order by valid_from
        ) as valid_to
    from ranked
    where change_rank = 1

)

select * from final
