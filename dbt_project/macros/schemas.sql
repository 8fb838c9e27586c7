{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- One build has one file of its own, so schemas need no prefix per person or target. -#}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
