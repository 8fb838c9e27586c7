{#-
    What query results add to the records of the full deliveries.

    A result never holds every record, so that what it lacks is no deletion, and it speaks for the
    columns that were asked for alone. See docs/decisions.md, 2026-11-24.
-#}

{% macro was_queried(column) -%}
    {{ return(adapter.dispatch('was_queried')(column)) }}
{%- endmacro %}

{% macro duckdb__was_queried(column) -%}
    contains(queried_columns, '"{{ column }}"')
{%- endmacro %}

{% macro with_queries(export, columns, modified=none) -%}
    {#- CTEs behind those of `latest_version`, of an export with the key `id`: `records`, with one
        row per id, the given columns, `delivered_on` and `missing_since`. A result's row counts
        where it is newer by the record's own modification time, or where no full delivery has ever
        held the record: without that time nobody knows which of the two is newer. -#}
    query_rows as (

        select
            *,
            {{ modified or 'cast(null as timestamptz)' }} as query_modified
        from {{ export }}
        where
            delivered_on <= {{ as_of() }}
            {%- if modified %}
            and ({{ modified }} is null or {{ modified }} < {{ as_of_end() }})
            {%- endif %}

    ),

    -- An export holds a key once per delivery, which so ends every tie.
    queries_ranked as (

        select
            *,
            row_number() over (
                partition by id
                order by query_modified desc nulls last, delivered_on desc
            ) as query_rank,
            max(delivered_on) over (partition by id) as last_found_on
        from query_rows

    ),

    found as (

        select
            queries_ranked.*,
            {%- if modified %}
            latest.id is null or coalesce(query_modified > latest.{{ modified }}, false)
            {%- else %}
            latest.id is null
            {%- endif %} as is_newest,
            (
                select min(delivery_dates.delivered_on)
                from delivery_dates
                where delivery_dates.delivered_on > queries_ranked.last_found_on
            ) as not_found_since
        from queries_ranked
        left join latest on queries_ranked.id = latest.id
        where query_rank = 1

    ),

    records as (

        select
            coalesce(latest.id, found.id) as id,
            {%- for column in columns %}
            case
                when found.is_newest and {{ was_queried(column) }} then found.{{ column }}
                else latest.{{ column }}
            end as {{ column }},
            {%- endfor %}
            case when found.is_newest then found.delivered_on else latest.delivered_on end
                as delivered_on,
            case
                when latest.id is null or found.last_found_on >= latest.missing_since
                    then found.not_found_since
                else latest.missing_since
            end as missing_since
        from latest
        full outer join found on latest.id = found.id

    )
{%- endmacro %}
