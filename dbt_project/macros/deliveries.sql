{#-
    What holds among the deliveries of one export.

    A delivery holds a key once (landing resolves copies), so `delivered_on` ends every tie and the
    order is total; were that promise broken, the join back would show both rows and the model's
    uniqueness test would fail. Grouping narrow columns and joining back is cheaper than ranking
    whole rows.
-#}

{% macro rejected_keys(export) -%}
    {#- Keys of an export's rows that were delivered but broke their contract: such a record is
        still there, though its row isn't in the lake. The quarantine lies beside the lake, in the
        same folders; in unit tests the export is made up and has none. -#}
    {%- set location = export | string -%}
    {%- if 'read_parquet(' in location -%}
        {%- set folder = '/' ~ export.schema ~ '/' ~ export.identifier ~ '/' -%}
        {%- if 'lake' ~ folder not in location -%}
            {{ exceptions.raise_compiler_error("lake" ~ folder ~ " is not in " ~ location) }}
        {%- endif -%}
        select
            record_key,
            delivered_on
        from {{ location | replace('lake' ~ folder, 'rejected' ~ folder) }}
        where record_key is not null and delivered_on <= {{ as_of() }}
    {%- else -%}
        select
            cast(null as varchar) as record_key,
            cast(null as date) as delivered_on
        where 1 = 0
    {%- endif -%}
{%- endmacro %}

{% macro latest_version(export, key, modified=none) -%}
    {#- CTEs: `deliveries`, and `latest` with one row per key: its newest version, by the record's
        own modification time, then the delivery; `missing_since` is the first delivery that holds
        the key no more, not even in a row that was rejected, NULL while the newest one does. -#}
    deliveries as {{ not_materialized() }} (

        select *
        from {{ export }}
        where
            delivered_on <= {{ as_of() }}
            {%- if modified %}
            and {{ modified }} < {{ as_of_end() }}
            {%- endif %}

    ),

    -- A delivery without any rows is taken for a fault, not for the end of everything.
    delivery_dates as (

        select
            delivered_on,
            lead(delivered_on) over (order by delivered_on) as next_delivered_on
        from (select distinct delivered_on from deliveries) as distinct_dates

    ),

    -- Of a delivery that was refused as a whole nothing counts, its quarantine included.
    set_aside as (

        select
            rejected.record_key,
            max(rejected.delivered_on) as last_rejected_on
        from ({{ rejected_keys(export) }}) as rejected
        inner join delivery_dates on rejected.delivered_on = delivery_dates.delivered_on
        group by rejected.record_key

    ),

    {%- if modified %}

    versions as (

        select
            {{ key }} as record_key,
            {{ modified }} as version_modified,
            max(delivered_on) as version_delivered_on
        from deliveries
        group by {{ key }}, {{ modified }}

    ),

    valid_keys as (

        select
            record_key,
            max(version_modified) as newest_modified,
            max(version_delivered_on) as last_valid_on
        from versions
        group by record_key

    ),
    {%- else %}

    valid_keys as (

        select
            {{ key }} as record_key,
            max(delivered_on) as last_valid_on
        from deliveries
        group by {{ key }}

    ),
    {%- endif %}

    keys as (

        select
            valid_keys.*,
            greatest(
                valid_keys.last_valid_on,
                coalesce(set_aside.last_rejected_on, valid_keys.last_valid_on)
            ) as last_seen_on
        from valid_keys
        left join set_aside on valid_keys.record_key = set_aside.record_key

    ),
    {%- if modified %}

    latest as (

        select
            deliveries.*,
            delivery_dates.next_delivered_on as missing_since
        from keys
        inner join versions
            on
                keys.record_key = versions.record_key
                and keys.newest_modified = versions.version_modified
        inner join deliveries
            on
                versions.record_key = deliveries.{{ key }}
                and versions.version_delivered_on = deliveries.delivered_on
        inner join delivery_dates on keys.last_seen_on = delivery_dates.delivered_on

    )
    {%- else %}

    latest as (

        select
            deliveries.*,
            delivery_dates.next_delivered_on as missing_since
        from keys
        inner join deliveries
            on
                keys.record_key = deliveries.{{ key }}
                and keys.last_valid_on = deliveries.delivered_on
        inner join delivery_dates on keys.last_seen_on = delivery_dates.delivered_on

    )
    {%- endif %}
{%- endmacro %}

{% macro newest_list(export) -%}
    {#- CTE `newest`: the rows of the newest delivery, for lists that people maintain. -#}
    deliveries as (

        select *
        from {{ export }}
        where delivered_on <= {{ as_of() }}

    ),

    newest as (

        select *
        from deliveries
        where delivered_on = (select max(delivered_on) from deliveries)

    )
{%- endmacro %}
