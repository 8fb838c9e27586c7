{% macro not_materialized() -%}
    {#- Of a CTE that is read more than once: whoever reads it reads what it needs from the files.
        DuckDB would keep all rows of all deliveries in memory, and beyond it on disk. -#}
    {{ return(adapter.dispatch('not_materialized')()) }}
{%- endmacro %}

{% macro default__not_materialized() -%}
{%- endmacro %}

{% macro duckdb__not_materialized() -%}
    not materialized
{%- endmacro %}
