{#- Differences between two groups, each with the ends of its 95 % interval. -#}

{% macro difference_end(end, value, low, high, other_value, other_low, other_high) -%}
    {#- From both groups' own intervals, for `value - other_value` (MOVER: Zou & Donner, Statistics in
        Medicine 27, 2008); of Wilson intervals of shares it makes Newcombe's (17, 1998, method 10).
        `end` is 'low' or 'high'; NULL where either group has no interval. -#}
    {%- if end == 'low' -%}
        {{ value }} - {{ other_value }}
        - sqrt(
            ({{ value }} - {{ low }}) * ({{ value }} - {{ low }})
            + ({{ other_high }} - {{ other_value }}) * ({{ other_high }} - {{ other_value }})
        )
    {%- else -%}
        {{ value }} - {{ other_value }}
        + sqrt(
            ({{ high }} - {{ value }}) * ({{ high }} - {{ value }})
            + ({{ other_value }} - {{ other_low }}) * ({{ other_value }} - {{ other_low }})
        )
    {%- endif -%}
{%- endmacro %}

{% macro variance_of_mean(total, total_of_squares, n) -%}
    {#- From exact sums; NULL for fewer than two rows. The rounding of equal values can't make it
        negative. -#}
    case
        when {{ n }} > 1 then greatest(
            0,
            cast({{ total_of_squares }} as double)
            - cast({{ total }} as double) * cast({{ total }} as double) / {{ n }}
        ) / (cast({{ n }} as double) * ({{ n }} - 1))
    end
{%- endmacro %}
