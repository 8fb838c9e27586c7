{#- Records that name what they belong to and give no id of it. -#}

{% macro named_once(records, id) -%}
    {#- CTE `named_once`: one row per sealed name that just one of the records bears, and its id.
        Of two that bear a name neither is meant for certain. -#}
    named_once as (

        select
            name_pseudonym,
            min({{ id }}) as {{ id }}
        from {{ records }}
        where name_pseudonym is not null
        group by name_pseudonym
        having count(*) = 1

    )
{%- endmacro %}

{% macro pseudonyms_in(columns) -%}
    {#- The pseudonyms of several cells, each of which may hold several with `;` between them, as a
        list without repetitions; NULL where there is none. -#}
    list_sort(
        list_distinct(string_split(nullif(concat_ws(';', {{ columns | join(', ') }}), ''), ';'))
    )
{%- endmacro %}
