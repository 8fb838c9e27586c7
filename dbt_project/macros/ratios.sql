{% macro ratio(part, whole) -%}
    {#- Divided last, from exact sums; no data is NULL, never 0. -#}
    cast({{ part }} as double) / nullif({{ whole }}, 0)
{%- endmacro %}

{% macro percentile(column, share) -%}
    {#- Between two rows it is interpolated; NULLs don't count. -#}
    percentile_cont({{ share }}) within group (order by {{ column }})
{%- endmacro %}
