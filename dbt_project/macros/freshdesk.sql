{% macro freshdesk_satisfaction(label) -%}
    {#- happy, neutral or unhappy: an account chooses how many degrees of them its survey has. -#}
    case
            when lower({{ label }}) like '%unhappy' then 'unhappy'
            when lower({{ label }}) like '%happy' then 'happy'
            when lower({{ label }}) = 'neutral' then 'neutral'
        end
{%- endmacro %}
