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

{% macro welch_degrees(variance, n, other_variance, other_n) -%}
    {#- Degrees of freedom of a difference of means whose variances (of the mean) differ (Welch,
        Biometrika 34, 1947); NULL where neither group varies. -#}
    ({{ variance }} + {{ other_variance }}) * ({{ variance }} + {{ other_variance }})
    / nullif(
        {{ variance }} * {{ variance }} / nullif({{ n }} - 1, 0)
        + {{ other_variance }} * {{ other_variance }} / nullif({{ other_n }} - 1, 0),
        0
    )
{%- endmacro %}

{% macro t_95(degrees) -%}
    {#- Two-sided 95 % of Student's t by its expansion in 1 / degrees (Abramowitz & Stegun 26.7.5):
        0.001 too small at 4 degrees of freedom, 0.00001 at 10. -#}
    {%- set z = z_95() | trim -%}
    (
        {{ z }}
        + (power({{ z }}, 3) + {{ z }}) / (4 * {{ degrees }})
        + (5 * power({{ z }}, 5) + 16 * power({{ z }}, 3) + 3 * {{ z }}) / (96 * power({{ degrees }}, 2))
        + (
            3 * power({{ z }}, 7) + 19 * power({{ z }}, 5) + 17 * power({{ z }}, 3) - 15 * {{ z }}
        ) / (384 * power({{ degrees }}, 3))
        + (
            79 * power({{ z }}, 9) + 776 * power({{ z }}, 7) + 1482 * power({{ z }}, 5)
            - 1920 * power({{ z }}, 3) - 945 * {{ z }}
        ) / (92160 * power({{ degrees }}, 4))
    )
{%- endmacro %}
