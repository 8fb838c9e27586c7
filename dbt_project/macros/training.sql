{#- Outcomes of agents around a day: what was before, what came after. -#}

{% macro is_near(happened_on, day, days) -%}
    {#- Within so many days before or after it; the day itself is neither. -#}
    {{ happened_on }} >= cast({{ dbt.dateadd('day', -days, day) }} as date)
            and {{ happened_on }} <= cast({{ dbt.dateadd('day', days, day) }} as date)
            and {{ happened_on }} <> {{ day }}
{%- endmacro %}

{% macro before_and_after(outcomes, day) -%}
    {#- Sums of `n` and `good_count`, on each side of the day. -#}
    {%- for side, sign in (('before', '<'), ('after', '>')) -%}
        {%- for sum, column in (('n', 'n'), ('good', 'good_count')) %}
        coalesce(
            sum(case when {{ outcomes }}.happened_on {{ sign }} {{ day }} then {{ outcomes }}.{{ column }} end),
            0
        ) as {{ side }}_{{ sum }}{{ '' if side == 'after' and sum == 'good' else ',' }}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{% macro as_share(value) -%}
    {#- Decimals, whose sums are the same in whatever order. -#}
    cast({{ value }} as decimal(18, 12))
{%- endmacro %}
