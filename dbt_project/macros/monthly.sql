{#-
    What the monthly marts share: counts by month and dimension become a row for every month, and
    each row meets that of its group in the month before.

        with counted as (
            select month, {{ dimension_columns(dimensions) }}, count(*) as response_count …
        ),
        months as (select * from {{ ref('int_months') }}),
        {{ every_month(['response_count']) }},
        compared as (
            select every_month.*, … from every_month {{ join_month_before() }}
        )
-#}

{% macro every_month(counts, kinds=[]) -%}
    {#- CTE `every_month`: from the first month counted on, a month without a fact has its one row
        for the whole, of zeros; with `kinds`, one for each combination of those columns. -#}
    {%- if kinds %}
    kinds as (

        select distinct {{ kinds | join(', ') }}
        from counted

    ),
    {%- endif %}

    every_month as (

        select
            months.month,
            {%- for kind in kinds %}
            kinds.{{ kind }},
            {%- endfor %}
            coalesce(counted.dimension, 'all') as dimension,
            coalesce(counted.dimension_value, 'all') as dimension_value,
            {%- for each in counts %}
            coalesce(counted.{{ each }}, 0) as {{ each }},
            {%- endfor %}
            cast({{ dbt.dateadd('month', -1, 'months.month') }} as date) as month_before,
            months.is_partial_month
        from months
        {%- if kinds %}
        cross join kinds
        {%- endif %}
        left join counted
            on
                months.month = counted.month
                {%- for kind in kinds %}
                and kinds.{{ kind }} = counted.{{ kind }}
                {%- endfor %}
        where months.month >= (select min(first.month) from counted as first)

    )
{%- endmacro %}

{% macro join_month_before(kinds=[]) -%}
    {#- Adds `before`, the same group's row of the month before, all NULL where it has none. -#}
    left join every_month as before
        on
            every_month.dimension = before.dimension
            and every_month.dimension_value = before.dimension_value
            {%- for kind in kinds %}
            and every_month.{{ kind }} = before.{{ kind }}
            {%- endfor %}
            and every_month.month_before = before.month
{%- endmacro %}
