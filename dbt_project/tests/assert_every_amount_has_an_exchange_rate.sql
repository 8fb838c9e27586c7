{{ config(meta={
    'description': 'Amounts in a currency without a rate on their day; reference/exchange_rates',
    'dagster': {'ref': {'name': 'int_exchange_rates'}},
}) }}

select
    'orders' as what,
    original_currency as currency,
    min(ordered_on) as first_on,
    max(ordered_on) as last_on,
    count(*) as amount_count
from {{ ref('int_orders') }}
where net_amount is null
group by original_currency
union all
select
    'subscriptions' as what,
    original_currency as currency,
    min(valid_from) as first_on,
    max(valid_from) as last_on,
    count(*) as amount_count
from {{ ref('int_subscription_versions') }}
where mrr is null
group by original_currency
