{#-
    The contribution margin of a segment on a day: its own, else the one for every other segment.

        select {{ margin_then() }} as margin
        from sales
        {{ join_margin('sales.segment', 'sales.sold_on') }}

    The joins add no rows: a segment has one margin a day.
-#}

{% macro join_margin(segment, happened_on) -%}
    left join {{ ref('int_margins') }} as segment_margins
        on
            {{ segment }} = segment_margins.segment
            and {{ within(happened_on, 'segment_margins.valid_from', 'segment_margins.valid_to') }}
    left join {{ ref('int_margins') }} as default_margins
        on
            default_margins.segment is null
            and {{ within(happened_on, 'default_margins.valid_from', 'default_margins.valid_to') }}
{%- endmacro %}

{% macro margin_then() -%}
    coalesce(segment_margins.margin, default_margins.margin)
{%- endmacro %}
