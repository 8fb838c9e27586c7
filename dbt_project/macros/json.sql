{#- What engines spell differently about nested values. -#}

{% macro unnested_answer(answers) -%}
    {#- Columns `question_id` and `answer` of each element; without answers there is no row. -#}
    {{ return(adapter.dispatch('unnested_answer')(answers)) }}
{%- endmacro %}

{% macro duckdb__unnested_answer(answers) -%}
    unnest(list_transform({{ answers }}, lambda a: a.question_id)) as question_id,
    unnest(list_transform({{ answers }}, lambda a: a.value)) as answer
{%- endmacro %}

{% macro unnested_json_object(object, key_name, value_name) -%}
    {{ return(adapter.dispatch('unnested_json_object')(object, key_name, value_name)) }}
{%- endmacro %}

{% macro duckdb__unnested_json_object(object, key_name, value_name) -%}
    unnest(json_keys({{ object }})) as {{ key_name }},
    unnest(json_extract({{ object }}, '$.*')) as {{ value_name }}
{%- endmacro %}

{% macro json_text(object, key) -%}
    {{ return(adapter.dispatch('json_text')(object, key)) }}
{%- endmacro %}

{% macro duckdb__json_text(object, key) -%}
    json_extract_string({{ object }}, '$.{{ key }}')
{%- endmacro %}

{% macro single_answer(question_id, value) -%}
    {#- Answers of a response to one question; none where the value is NULL. -#}
    {{ return(adapter.dispatch('single_answer')(question_id, value)) }}
{%- endmacro %}

{% macro duckdb__single_answer(question_id, value) -%}
    list_filter(
            [struct_pack(question_id := '{{ question_id }}', value := {{ value }})],
            lambda a: a.value is not null
        )
{%- endmacro %}
