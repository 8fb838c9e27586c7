{% macro merged_into(records, id, master_id) -%}
    {#- CTE `last_masters`: one row per merged record and the record it ended up in. A merged
        record's master may be merged in its turn; ten steps end a circle. -#}
    merge_steps as (

        select
            merged.{{ id }},
            masters.{{ id }} as master_id,
            1 as step
        from {{ records }} as merged
        inner join {{ records }} as masters on merged.{{ master_id }} = masters.{{ id }}
        union all
        select
            merge_steps.{{ id }},
            masters.{{ id }} as master_id,
            merge_steps.step + 1 as step
        from merge_steps
        inner join {{ records }} as merged on merge_steps.master_id = merged.{{ id }}
        inner join {{ records }} as masters on merged.{{ master_id }} = masters.{{ id }}
        where merge_steps.step < 10

    ),

    last_steps as (

        select
            {{ id }},
            max(step) as last_step
        from merge_steps
        group by {{ id }}

    ),

    last_masters as (

        select
            merge_steps.{{ id }},
            merge_steps.master_id
        from merge_steps
        inner join last_steps
            on
                merge_steps.{{ id }} = last_steps.{{ id }}
                and merge_steps.step = last_steps.last_step

    )
{%- endmacro %}
