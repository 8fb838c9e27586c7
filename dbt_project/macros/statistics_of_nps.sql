{#-
    The Net Promoter Score of a group and how sure it is. The interval and the change are those of
    the adjusted score (Lewis & Sauro 2021): 3 answers more, 3/4 of one a promoter and 3/4 a
    detractor, because the plain interval has no width when everybody is a promoter.
-#}

{% macro nps(promoters, detractors, n) -%}
    100 * cast({{ promoters }} - {{ detractors }} as double) / nullif({{ n }}, 0)
{%- endmacro %}

{% macro nps_low(promoters, detractors, n) -%}
    case
        when {{ n }} > 0 then greatest(-100, 100 * (
            {{ adjusted_nps(promoters, detractors, n) }}
            - {{ z_95() }} * sqrt({{ adjusted_nps_variance(promoters, detractors, n) }})
        ))
    end
{%- endmacro %}

{% macro nps_high(promoters, detractors, n) -%}
    case
        when {{ n }} > 0 then least(100, 100 * (
            {{ adjusted_nps(promoters, detractors, n) }}
            + {{ z_95() }} * sqrt({{ adjusted_nps_variance(promoters, detractors, n) }})
        ))
    end
{%- endmacro %}

{% macro nps_change_z(
    promoters, detractors, n, promoters_before, detractors_before, n_before
) -%}
    {#- NULL where either group is empty. -#}
    case
        when {{ n }} > 0 and {{ n_before }} > 0
            then
                (
                    {{ adjusted_nps(promoters, detractors, n) }}
                    - {{ adjusted_nps(promoters_before, detractors_before, n_before) }}
                )
                / sqrt(
                    {{ adjusted_nps_variance(promoters, detractors, n) }}
                    + {{ adjusted_nps_variance(promoters_before, detractors_before, n_before) }}
                )
    end
{%- endmacro %}

{% macro adjusted_nps(promoters, detractors, n) -%}
    {#- As a share, -1 to 1; the two 3/4 of an answer cancel in the difference. -#}
    (cast({{ promoters }} - {{ detractors }} as double) / ({{ n }} + 3))
{%- endmacro %}

{% macro adjusted_nps_variance(promoters, detractors, n) -%}
    {#- (p + d - (p - d)²) / n; it is above 0 for every group, because p and d are. -#}
    (
        (
            (cast({{ promoters }} + {{ detractors }} as double) + 1.5) / ({{ n }} + 3)
            - {{ adjusted_nps(promoters, detractors, n) }}
            * {{ adjusted_nps(promoters, detractors, n) }}
        )
        / ({{ n }} + 3)
    )
{%- endmacro %}
