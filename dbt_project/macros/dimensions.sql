{#-
    The long form of the monthly marts: ('all', 'all') for the whole and one row per value of each
    dimension, by grouping sets: one pass over the facts, which are not copied once per dimension.

        select month, {{ dimension_columns(dimensions) }}, count(*) as response_count
        from scores
        group by {{ by_dimension(['month'], dimensions) }}
-#}

{% macro dimension_columns(dimensions) -%}
    case
        {%- for dimension in dimensions %}
        when grouping({{ dimension }}) = 0 then '{{ dimension }}'
        {%- endfor %}
        else 'all'
    end as dimension,
    case
        {%- for dimension in dimensions %}
        when grouping({{ dimension }}) = 0 then {{ not_set(dimension) }}
        {%- endfor %}
        else 'all'
    end as dimension_value
{%- endmacro %}

{% macro by_dimension(columns, dimensions) -%}
    grouping sets (
        ({{ columns | join(', ') }})
        {%- for dimension in dimensions %},
        ({{ columns | join(', ') }}, {{ dimension }})
        {%- endfor %}
    )
{%- endmacro %}
