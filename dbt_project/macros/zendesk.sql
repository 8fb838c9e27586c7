{% macro zendesk_satisfaction(score) -%}
    {#- good, bad, offered or unoffered, with or without a comment, whichever export words it. -#}
    {%- set word = "replace(replace(lower(" ~ score ~ "), '_', ''), ' ', '')" -%}
    case
            when {{ word }} in ('goodwithcomment', 'goodwithoutcomment') then 'good'
            when {{ word }} in ('badwithcomment', 'badwithoutcomment') then 'bad'
            when {{ word }} = 'notoffered' then 'unoffered'
            else {{ word }}
        end
{%- endmacro %}
