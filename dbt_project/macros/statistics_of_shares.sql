{#- Shares of a group: the Wilson interval and the two-proportion z-test. -#}

{% macro wilson_low(count, n) -%}
    {#- None of n has the lower end 0 exactly, which the formula misses by a rounding. -#}
    case
        when {{ count }} = 0 and {{ n }} > 0 then 0
        when {{ n }} > 0 then {{ wilson_middle(count, n) }} - {{ wilson_half_width(count, n) }}
    end
{%- endmacro %}

{% macro wilson_high(count, n) -%}
    case
        when {{ count }} = {{ n }} and {{ n }} > 0 then 1
        when {{ n }} > 0 then {{ wilson_middle(count, n) }} + {{ wilson_half_width(count, n) }}
    end
{%- endmacro %}

{% macro wilson_middle(count, n) -%}
    ({{ count }} + {{ z_95() }} * {{ z_95() }} / cast(2 as double))
    / ({{ n }} + {{ z_95() }} * {{ z_95() }})
{%- endmacro %}

{% macro wilson_half_width(count, n) -%}
    {{ z_95() }}
    * sqrt(
        cast({{ count }} as double) * ({{ n }} - {{ count }}) / nullif({{ n }}, 0)
        + {{ z_95() }} * {{ z_95() }} / cast(4 as double)
    )
    / ({{ n }} + {{ z_95() }} * {{ z_95() }})
{%- endmacro %}

{% macro share_change_z(count, n, count_before, n_before) -%}
    {#- The two-proportion z-test with the pooled share; NULL where either group is empty. Where
        all or none of both groups have it, their equal shares have no spread: no change, 0. -#}
    {%- set having = '(' ~ count ~ ' + ' ~ count_before ~ ')' -%}
    {%- set lacking = '(' ~ n ~ ' + ' ~ n_before ~ ' - ' ~ count ~ ' - ' ~ count_before ~ ')' -%}
    case
        when not ({{ n }} > 0 and {{ n_before }} > 0) then null
        when {{ having }} = 0 or {{ lacking }} = 0 then 0
        else
            (
                cast({{ count }} as double) * {{ n_before }}
                - cast({{ count_before }} as double) * {{ n }}
            )
            * sqrt(
                ({{ n }} + {{ n_before }})
                / (cast({{ having }} as double) * {{ lacking }} * {{ n }} * {{ n_before }})
            )
    end
{%- endmacro %}
