{% macro in_reporting_currency(amount, currency, rate) -%}
    {#- NULL where the rate is missing: a test counts those, and no guess is added up.
        The wider cast keeps the product from overflowing an 18-digit decimal. -#}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}'
            then cast({{ amount }} as decimal(18, 4))
        else cast(cast({{ amount }} as decimal(22, 4)) * {{ rate }} as decimal(18, 4))
    end
{%- endmacro %}

{% macro join_exchange_rate(currency, happened_on, alias='exchange_rates') -%}
    left join {{ ref('int_exchange_rates') }} as {{ alias }}
        on
            {{ currency }} = {{ alias }}.currency
            and {{ happened_on }} = {{ alias }}.rate_on
{%- endmacro %}
