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

{% macro ended_statuses() -%}
    ('canceled', 'incomplete_expired')
{%- endmacro %}

{#- Billers' cancellation reasons, as Stripe's export and Chargebee's API write them. -#}

{% macro involuntary_cancel_reasons() -%}
    (
        'payment_failed', 'payment_disputed', 'not_paid', 'no_card', 'fraud_review_failed',
        'non_compliant_customer', 'non_compliant_eu_customer', 'tax_calculation_failed',
        'currency_incompatible_with_gateway'
    )
{%- endmacro %}

{% macro voluntary_cancel_reasons() -%}
    (
        'cancellation_requested', 'customer_service', 'low_quality', 'missing_features', 'other',
        'switched_service', 'too_complex', 'too_expensive', 'unused'
    )
{%- endmacro %}
