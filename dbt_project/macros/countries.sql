{% macro country_of(code, name=none) -%}
    {#- Two letters where the vendor has them, so that sources agree; a bare name stays visible. -#}
    {%- set written = "nullif(trim(" ~ code ~ "), '')" -%}
    {%- if name -%}
    coalesce(upper({{ written }}), nullif(trim({{ name }}), ''))
    {%- else -%}
    upper({{ written }})
    {%- endif -%}
{%- endmacro %}
