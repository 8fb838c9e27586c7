{% macro monthly_amount(amount, billing_interval) -%}
    {#- A price per interval put on a month: 365.25 days a year, a twelfth of them a month. -#}
    cast(
        case {{ billing_interval }}
            when 'month' then {{ amount }}
            when 'year' then {{ amount }} / 12
            when 'week' then {{ amount }} * 1461 / 336
            when 'day' then {{ amount }} * 1461 / 48
        end as decimal(18, 4)
    )
{%- endmacro %}

{#- Stripe's cancellation reasons and feedback, as its export writes them. -#}

{% macro involuntary_cancel_reasons() -%}
    ('payment_failed', 'payment_disputed')
{%- endmacro %}

{% macro voluntary_cancel_reasons() -%}
    (
        'cancellation_requested', 'customer_service', 'low_quality', 'missing_features', 'other',
        'switched_service', 'too_complex', 'too_expensive', 'unused'
    )
{%- endmacro %}
