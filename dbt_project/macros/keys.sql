{% macro surrogate_key(source, entity, id) -%}
    {#- Our key of a vendor's record: NULL for a NULL id, so that no two unknown records meet. -#}
    {{ dbt.hash("'" ~ source ~ "|" ~ entity ~ "|' || " ~ id) }}
{%- endmacro %}

{% macro record_key(source, entity, id) -%}
    {#- The same of a record whose source stands in a column. -#}
    {{ dbt.hash(source ~ " || '|" ~ entity ~ "|' || " ~ id) }}
{%- endmacro %}

{% macro agent_key(agent_id) -%}
    {{ surrogate_key('salesforce', 'user', agent_id) }}
{%- endmacro %}

{% macro not_set(value) -%}
    {#- How a missing dimension value is shown: visible, and the same in every mart. -#}
    coalesce({{ value }}, '(not set)')
{%- endmacro %}
