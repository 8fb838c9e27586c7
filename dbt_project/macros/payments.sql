{#- Statuses of Stripe's payments in lower case: the money came in, or it did not (yet). -#}

{% macro collected_statuses() -%}
    (
        'paid', 'succeeded', 'refunded', 'partially refunded', 'partial refund', 'disputed',
        'inquiry', 'early fraud warning', 'needs response', 'under review', 'dispute won'
    )
{%- endmacro %}

{% macro uncollected_statuses() -%}
    (
        'failed', 'canceled', 'cancelled', 'incomplete', 'pending', 'processing', 'uncaptured',
        'expired', 'blocked', 'requires payment method', 'requires confirmation',
        'requires action', 'requires capture', 'dispute lost'
    )
{%- endmacro %}
