{#- What the survey tools' staging models have in common. -#}

{% macro response_key(source, response_id) -%}
    {#- Our key of a response: ids of two tools may be equal. -#}
    {{ dbt.hash(source ~ " || '|response|' || " ~ response_id) }}
{%- endmacro %}

{% macro response_columns() -%}
    {#- What each tool's staged responses say, under the same names. -#}
    survey,
        response_id,
        responded_at,
        is_finished,
        channel,
        language,
        email_pseudonym,
        external_reference,
        case_number,
        answers
{%- endmacro %}

{% macro question_columns() -%}
    {#- What each tool's staged questions say, under the same names. -#}
    survey,
        question_id,
        question_text,
        marked_metric,
        marked_scale_min,
        marked_scale_max
{%- endmacro %}

{% macro newest_wording(export) -%}
    {#- CTE `worded`: one row per survey and question. Every row of a file carries the file's
        questions; the newest delivery of a survey that says what was asked words them. -#}
    files as (

        select distinct
            survey,
            questions,
            delivered_on
        from {{ export }}
        where delivered_on <= {{ as_of() }}

    ),

    questions as (

        select
            survey,
            delivered_on,
            {{ unnested_json_object('questions', 'question_id', 'question') }}
        from files

    ),

    ranked as (

        select
            survey,
            question_id,
            question,
            -- Two files of one delivery may word a question differently: the wording decides.
            row_number() over (
                partition by survey, question_id
                order by
                    {{ json_text('question', 'text') }} is null asc,
                    delivered_on desc,
                    question asc
            ) as wording_rank
        from questions

    ),

    worded as (

        select
            survey,
            question_id,
            {{ json_text('question', 'text') }} as question_text,
            {{ json_text('question', 'metric') }} as marked_metric,
            cast({{ json_text('question', 'scale_min') }} as integer) as marked_scale_min,
            cast({{ json_text('question', 'scale_max') }} as integer) as marked_scale_max
        from ranked
        where wording_rank = 1

    )
{%- endmacro %}
