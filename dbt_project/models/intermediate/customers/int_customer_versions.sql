-- One row per customer and span of time in which segment, country, owner and team held:
-- [valid_from, valid_to), open when valid_to is NULL. No gap, no overlap.
with customers as (

    select * from {{ ref('int_customers') }}

),

account_versions as (

    select * from {{ ref('stg_salesforce__account_versions') }}

),

links as (

    select * from {{ ref('int_customer_links') }}

),

orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

teams as (

    select * from {{ ref('int_agent_teams') }}

),

account_states as (

    select
        customers.customer_key,
        account_versions.segment,
        account_versions.country,
        account_versions.owner_agent_id,
        account_versions.modified_at,
        account_versions.created_at,
        row_number() over (
            partition by account_versions.account_id
            order by account_versions.modified_at
        ) as version_rank
    from account_versions
    inner join customers on account_versions.account_id = customers.salesforce_account_id

),

-- A person's country is where the orders went; of orders in one moment the larger id counts.
person_orders as (

    select
        customers.customer_key,
        cast(customers.first_seen_on as timestamptz) as first_seen_at,
        orders.country,
        orders.ordered_at,
        row_number() over (
            partition by customers.customer_key, orders.ordered_at
            order by orders.order_id desc
        ) as order_rank
    from orders
    inner join links
        on
            orders.order_id = links.id_value
            and links.source = 'shopify'
            and links.id_kind = 'order_id'
    inner join customers on links.customer_key = customers.customer_key
    where customers.customer_kind <> 'account' and orders.country is not null

),

person_states as (

    select
        *,
        row_number() over (
            partition by customer_key
            order by ordered_at
        ) as state_rank
    from person_orders
    where order_rank = 1

),

observed as (

    -- The first version we know is taken to have held since the customer was there.
    select
        customer_key,
        case
            when version_rank = 1 and created_at < modified_at then created_at
            else modified_at
        end as valid_from,
        segment,
        country,
        owner_agent_id
    from account_states
    union all
    select
        customer_key,
        case
            when state_rank = 1 and first_seen_at < ordered_at then first_seen_at
            else ordered_at
        end as valid_from,
        cast(null as varchar) as segment,
        country,
        cast(null as varchar) as owner_agent_id
    from person_states

),

unobserved as (

    select
        customers.customer_key,
        cast(customers.first_seen_on as timestamptz) as valid_from,
        customers.segment,
        customers.country,
        customers.owner_agent_id
    from customers
    left join observed on customers.customer_key = observed.customer_key
    where observed.customer_key is null

),

states as (

    select * from observed
    union all
    select * from unobserved

),

state_spans as (

    select
        *,
        lead(valid_from) over (
            partition by customer_key
            order by valid_from
        ) as valid_to
    from states

),

-- The owner's team may change while nothing changes in the CRM.
team_changes as (

    select
        agent_id,
        cast(valid_from as timestamptz) as changed_at
    from teams
    union
    select
        agent_id,
        cast(valid_to as timestamptz) as changed_at
    from teams
    where valid_to is not null

),

change_points as (

    select
        customer_key,
        valid_from,
        segment,
        country,
        owner_agent_id
    from state_spans
    union all
    select
        state_spans.customer_key,
        team_changes.changed_at as valid_from,
        state_spans.segment,
        state_spans.country,
        state_spans.owner_agent_id
    from state_spans
    inner join team_changes
        on
            state_spans.owner_agent_id = team_changes.agent_id
            and team_changes.changed_at > state_spans.valid_from
            and {{ within(
                'team_changes.changed_at', 'state_spans.valid_from', 'state_spans.valid_to'
            ) }}
    where team_changes.changed_at < {{ as_of_end() }}

),

with_teams as (

    select
        change_points.*,
        teams.team,
        teams.leader
    from change_points
    left join teams
        on
            change_points.owner_agent_id = teams.agent_id
            and {{ within('change_points.valid_from', 'teams.valid_from', 'teams.valid_to') }}

),

compared as (

    select
        *,
        row_number() over (
            partition by customer_key
            order by valid_from
        ) as point_number,
        lag(segment) over (partition by customer_key order by valid_from) as last_segment,
        lag(country) over (partition by customer_key order by valid_from) as last_country,
        lag(owner_agent_id) over (partition by customer_key order by valid_from) as last_owner,
        lag(team) over (partition by customer_key order by valid_from) as last_team,
        lag(leader) over (partition by customer_key order by valid_from) as last_leader
    from with_teams

),

changes as (

    select *
    from compared
    where
        point_number = 1
        or segment is distinct from last_segment
        or country is distinct from last_country
        or owner_agent_id is distinct from last_owner
        or team is distinct from last_team
        or leader is distinct from last_leader

),

final as (

    select
        customer_key,
        valid_from,
        lead(valid_from) over (
            partition by customer_key
            order by valid_from
        ) as valid_to,
        segment,
        country,
        owner_agent_id,
        team,
        leader,
        lead(valid_from) over (
            partition by customer_key
            order by valid_from
        ) is null as is_current,
        row_number() over (
            partition by customer_key
            order by valid_from
        ) as version_number
    from changes

)

select * from final
