{#- Only warns: a young company has too few repeat customers, and its other marts are right. The
    rows are kept, as the reason is what matters. A billing interval without a model of its own is
    valued by the model of all subscriptions; what else a fit remarks is in `warnings`. Nothing rests
    on MBG/NBD, which is there to compare. -#}
{{ config(
    severity='warn',
    store_failures=true,
    schema='checks',
    meta={
        'description': 'Every forecasting model was fitted, and order values do not follow frequency',
        'dagster': {'ref': {'name': 'clv_models'}},
    },
) }}

select
    model,
    segment,
    customer_count,
    coalesce(reason, warnings) as reason
from {{ ref('clv_models') }}
where
    (reason is not null and segment = 'all' and model <> 'mbg_nbd')
    or abs(value_frequency_correlation) > 0.3
