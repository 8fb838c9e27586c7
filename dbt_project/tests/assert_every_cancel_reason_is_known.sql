-- Only warns: an unknown reason stays visible, and whether it was voluntary stays NULL.
{{ config(severity='warn') }}

select
    cancel_reason,
    count(*) as subscription_count
from {{ ref('int_subscriptions') }}
where
    cancel_reason is not null
    and cancel_reason not in {{ involuntary_cancel_reasons() }}
    and cancel_reason not in {{ voluntary_cancel_reasons() }}
group by cancel_reason
