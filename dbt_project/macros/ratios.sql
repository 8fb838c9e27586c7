{% macro ratio(part, whole) -%}
    {#- Divided last, from exact sums; no data is NULL, never 0. -#}
    cast({{ part }} as double) / nullif({{ whole }}, 0)
{%- endmacro %}
