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

{% macro is_text_question(question_id) -%}
    {#- Whether Qualtrics asked for a text: QID5_TEXT, and 1_QID5_TEXT in a loop. -#}
    {{ return(adapter.dispatch('is_text_question')(question_id)) }}
{%- endmacro %}

{% macro duckdb__is_text_question(question_id) -%}
    regexp_full_match({{ question_id }}, '(\d+_)?QID\d+_TEXT')
{%- endmacro %}

{% macro words_of(text) -%}
    {#- A text as words are looked for in it: small letters, one space before, between and after
        words, nothing else. What landing has sealed is no word of the answer. -#}
    {{ return(adapter.dispatch('words_of')(text)) }}
{%- endmacro %}

{% macro duckdb__words_of(text) -%}
    ' ' || trim(regexp_replace(
        replace(lower(nfc_normalize(replace({{ text }}, '[sealed]', ' '))), 'ß', 'ss'),
        '[^\pL\pM\pN]+', ' ', 'g'
    )) || ' '
{%- endmacro %}

{% macro pattern_words(pattern) -%}
    {#- What `words_of` a comment hold where it has the word or phrase; `*` leaves its end open. -#}
    case
        when {{ pattern }} like '%*' then rtrim({{ words_of(pattern) }})
        else {{ words_of(pattern) }}
    end
{%- endmacro %}

{% macro has_words(words, pattern_words) -%}
    {#- Whether a comment has them. `like` is slow with a pattern that differs from row to row. -#}
    {{ return(adapter.dispatch('has_words')(words, pattern_words)) }}
{%- endmacro %}

{% macro duckdb__has_words(words, pattern_words) -%}
    contains({{ words }}, {{ pattern_words }})
{%- endmacro %}

{% macro base_language(language) -%}
    {#- en of EN, en-GB and en_US; NULL of what is no code. -#}
    {{ return(adapter.dispatch('base_language')(language)) }}
{%- endmacro %}

{% macro duckdb__base_language(language) -%}
    nullif(regexp_extract(lower({{ language }}), '^([a-z]{2,3})([-_].*)?$', 1), '')
{%- endmacro %}
