{#- Time is an input: what is dated after `as_of` does not exist for the build. -#}

{% macro as_of() -%}
    {#- A date literal, so that the lake's partitions are pruned while the query is planned. -#}
    {#- Read while a model is built, not while it is parsed: dbt parses again what it saw change. -#}
    {%- set declared = execute and (
        env_var('CX_AS_OF', '') or run_query(newest_delivery()).columns[0].values()[0]
    ) -%}
    {%- set declared = (declared or '1970-01-01') | string -%}
    {%- if not modules.re.match('^\\d{4}-\\d{2}-\\d{2}$', declared) -%}
        {{ exceptions.raise_compiler_error("as_of must be YYYY-MM-DD, not '" ~ declared ~ "'") }}
    {%- endif -%}
    cast('{{ declared }}' as date)
{%- endmacro %}

{% macro as_of_end() -%}
    {#- The first moment after `as_of`, UTC: `<` it, never `<=`. -#}
    cast({{ dbt.dateadd('day', 1, as_of()) }} as timestamptz)
{%- endmacro %}

{% macro newest_delivery() -%}
    {{ return(adapter.dispatch('newest_delivery')()) }}
{%- endmacro %}

{% macro duckdb__newest_delivery() -%}
    select max(regexp_extract(file, 'delivered_on=(\d{4}-\d{2}-\d{2})', 1))
    from glob('lake/*/*/delivered_on=*/*.parquet')
{%- endmacro %}
