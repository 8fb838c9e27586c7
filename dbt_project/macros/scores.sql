{#- From the text of an answer to a score. What engines spell differently has an adapter's version. -#}

{% macro answer_to(answers, question_id) -%}
    {#- The text answered to one question: looking it up reads each response once, while unnesting
        and joining back took half as long again for 10 M responses. -#}
    {{ return(adapter.dispatch('answer_to')(answers, question_id)) }}
{%- endmacro %}

{% macro duckdb__answer_to(answers, question_id) -%}
    list_filter({{ answers }}, lambda a: a.question_id = {{ question_id }})[1].value
{%- endmacro %}

{% macro whole_number(text) -%}
    {#- NULL for anything else: a plain cast turns 6.5 into 7. -#}
    {{ return(adapter.dispatch('whole_number')(text)) }}
{%- endmacro %}

{% macro duckdb__whole_number(text) -%}
    case when regexp_full_match({{ text }}, '[+-]?\d{1,9}') then cast({{ text }} as integer) end
{%- endmacro %}

{% macro without_formula_guard(text) -%}
    {#- Spreadsheets' apostrophe before a cell that would be a formula: '-1 means -1. -#}
    {{ return(adapter.dispatch('without_formula_guard')(text)) }}
{%- endmacro %}

{% macro duckdb__without_formula_guard(text) -%}
    regexp_replace({{ text }}, '^''([+=@\-0-9])', '\1')
{%- endmacro %}

{% macro unnested_choices(choices) -%}
    {#- Columns `label` and `score` of each "label=number" in a list parted by semicolons. -#}
    {{ return(adapter.dispatch('unnested_choices')(choices)) }}
{%- endmacro %}

{% macro duckdb__unnested_choices(choices) -%}
    unnest(list_transform(
        string_split({{ choices }}, ';'), lambda c: regexp_extract(c, '^(.*)=', 1)
    )) as label,
    unnest(list_transform(
        string_split({{ choices }}, ';'), lambda c: cast(regexp_extract(c, '=(-?\d+)$', 1) as integer)
    )) as score
{%- endmacro %}

{% macro is_listed(number, list) -%}
    {#- Whether a number is in a list parted by semicolons. -#}
    ';' || {{ list }} || ';' like '%;' || cast({{ number }} as varchar) || ';%'
{%- endmacro %}

{% macro latest_ratings() -%}
    {#- CTE `ratings`: one CSAT rating per case and month, the latest; a request that was left empty
        stands only for a case that nobody rated. Per month, so that a rating in February doesn't take
        January's away. -#}
    scores as (

        select
            *,
            responded_month as month
        from {{ ref('int_survey_scores') }}
        where metric = 'csat'

    ),

    ranked as (

        select
            *,
            row_number() over (
                partition by month, coalesce(case_key, score_key)
                order by
                    case when score is null then 1 else 0 end,
                    responded_at desc,
                    response_key desc,
                    question_id desc
            ) as rating_rank
        from scores

    ),

    ratings as (

        select * from ranked
        where rating_rank = 1

    )
{%- endmacro %}
