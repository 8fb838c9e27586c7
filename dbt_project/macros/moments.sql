{% macro last_moment_of(day) -%}
    {#- To ask what held at the end of a day: the instant before the next midnight, UTC. -#}
    {{ dbt.dateadd('microsecond', -1, 'cast(' ~ dbt.dateadd('day', 1, day) ~ ' as timestamptz)') }}
{%- endmacro %}

{% macro whole_minutes(from_moment, to_moment) -%}
    cast(floor({{ dbt.datediff(from_moment, to_moment, 'second') }} / 60.0) as bigint)
{%- endmacro %}

{% macro month_after(month, months) -%}
    cast({{ dbt.dateadd('month', months, month) }} as date)
{%- endmacro %}
