{#- Differences between two groups, each with the ends of its 95 % interval. -#}

{% macro share_difference_end(end, share, low, high, other_share, other_low, other_high) -%}
    {#- Newcombe's hybrid of both Wilson intervals (Statistics in Medicine 17, 1998, method 10), for
        `share - other_share`; `end` is 'low' or 'high'. NULL where either group is empty. -#}
    {%- if end == 'low' -%}
        {{ share }} - {{ other_share }}
        - sqrt(
            ({{ share }} - {{ low }}) * ({{ share }} - {{ low }})
            + ({{ other_high }} - {{ other_share }}) * ({{ other_high }} - {{ other_share }})
        )
    {%- else -%}
        {{ share }} - {{ other_share }}
        + sqrt(
            ({{ high }} - {{ share }}) * ({{ high }} - {{ share }})
            + ({{ other_share }} - {{ other_low }}) * ({{ other_share }} - {{ other_low }})
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
