{#-
    What was true then: join an event to its customer's version at that moment, with the present
    value as the fallback where history doesn't reach back.

        select
            events.event_key,
            {{ held_then('segment') }} as segment
        from events
        {{ join_customer_then('events', 'events.happened_at') }}

    The joins add no rows: versions neither overlap nor repeat, and a customer has one row.
-#}

{% macro within(moment, valid_from, valid_to) -%}
    {#- Whether a moment lies in the span [valid_from, valid_to), open when valid_to is NULL.
        Written with `or valid_to is null`, a left join compares every row with every other one
        (DuckDB 1.5). -#}
    {{ valid_from }} <= {{ moment }}
    and {{ moment }} < coalesce({{ valid_to }}, cast('9999-12-31' as date))
{%- endmacro %}

{% macro join_customer_then(events, happened_at) -%}
    left join {{ ref('int_customer_versions') }} as customer_versions
        on
            {{ events }}.customer_key = customer_versions.customer_key
            and {{ within(
                happened_at, 'customer_versions.valid_from', 'customer_versions.valid_to'
            ) }}
    left join {{ ref('int_customers') }} as present_customers
        on {{ events }}.customer_key = present_customers.customer_key
{%- endmacro %}

{% macro held_then(column) -%}
    case
        when customer_versions.customer_key is null then present_customers.{{ column }}
        else customer_versions.{{ column }}
    end
{%- endmacro %}

{% macro join_agent_team_then(events, agent_id, happened_on) -%}
    {#- Adds `agent_teams.team` and `agent_teams.leader` as they were on that day. -#}
    left join {{ ref('int_agent_teams') }} as agent_teams
        on
            {{ agent_id }} = agent_teams.agent_id
            and {{ within(happened_on, 'agent_teams.valid_from', 'agent_teams.valid_to') }}
{%- endmacro %}
