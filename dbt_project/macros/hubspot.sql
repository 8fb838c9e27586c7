{# Several ids in a cell of HubSpot's, as a list; NULL where there is none. #}
{% macro ids_in(cell) -%}
    list_filter(
        list_transform(string_split({{ cell }}, ';'), lambda id: trim(id)), lambda id: id <> ''
    )
{%- endmacro %}


{# A CTE `merged`: the records of `latest` that were merged into another one, which says so. The
   export holds them no more, and earlier deliveries do. #}
{% macro merged_records() -%}
    merged as (

        select distinct unnest({{ ids_in('merged_record_ids') }}) as merged_id
        from latest

    )
{%- endmacro %}
