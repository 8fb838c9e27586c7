{% macro is_agent(owner_id) -%}
    {#- Salesforce ids tell what they name: 005 a user, 00G a queue. -#}
    left({{ owner_id }}, 3) = '005'
{%- endmacro %}
