{#- Spans counted in months of the calendar: from the 15th to the 15th is one. -#}

{% macro completed_months(from_day, to_day) -%}
    {{ return(adapter.dispatch('completed_months')(from_day, to_day)) }}
{%- endmacro %}

{% macro duckdb__completed_months(from_day, to_day) -%}
    datesub('month', {{ from_day }}, {{ to_day }})
{%- endmacro %}

{% macro begun_months(from_day, to_day) -%}
    {#- The number of the month in which a span ends, the first being 1: one that ends when its
        first month is over ends in month 1, a day later in month 2. -#}
    {%- set completed = completed_months(from_day, to_day) -%}
    case
        when {{ month_after(from_day, completed) }} < {{ to_day }} then {{ completed }} + 1
        else {{ completed }}
    end
{%- endmacro %}
