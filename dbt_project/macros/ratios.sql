{% macro ratio(part, whole) -%}
    {#- Divided last, from exact sums; no data is NULL, never 0. -#}
    cast({{ part }} as double) / nullif({{ whole }}, 0)
{%- endmacro %}

{% macro percentile(column, share) -%}
    {#- Between two rows it is interpolated; NULLs don't count. -#}
    percentile_cont({{ share }}) within group (order by {{ column }})
{%- endmacro %}

{% macro fifth(below_count, total_count) -%}
    {#- 1 to 5: of all rows, the fifth that one with so many below it is in. -#}
    cast(1 + floor(5.0 * {{ below_count }} / {{ total_count }}) as integer)
{%- endmacro %}
