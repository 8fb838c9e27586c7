{#- The length of a billing interval: 365.25 days a year, a twelfth of them a month. -#}

{% macro months_per_interval(billing_interval) -%}
    case {{ billing_interval }}
        when 'month' then cast(1 as double)
        when 'year' then cast(12 as double)
        when 'week' then cast(336 as double) / 1461
        when 'day' then cast(48 as double) / 1461
    end
{%- endmacro %}

{% macro whole_intervals(billing_interval, from_day, to_day) -%}
    {#- Intervals that are over on `to_day`, months by the calendar: the 31st to the last of
        February is a whole one. -#}
    case {{ billing_interval }}
        when 'month' then {{ whole_months(from_day, to_day) }}
        when 'year' then cast(floor({{ whole_months(from_day, to_day) }} / 12.0) as bigint)
        when 'week' then cast(floor({{ dbt.datediff(from_day, to_day, 'day') }} / 7.0) as bigint)
        when 'day' then {{ dbt.datediff(from_day, to_day, 'day') }}
    end
{%- endmacro %}

{% macro whole_months(from_day, to_day) -%}
    {%- set month_ends = dbt.datediff(from_day, to_day, 'month') -%}
    ({{ month_ends }} - case
        when {{ dbt.dateadd('month', month_ends, from_day) }} > {{ to_day }} then 1 else 0
    end)
{%- endmacro %}
