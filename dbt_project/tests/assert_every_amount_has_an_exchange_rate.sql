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
where mrr is null and interval_amount is not null
group by original_currency
union all
select
    'deals won' as what,
    original_currency as currency,
    min(closes_on) as first_on,
    max(closes_on) as last_on,
    count(*) as amount_count
from {{ ref('int_deals') }}
where
    outcome = 'won'
    and closes_on <= {{ as_of() }}
    and original_amount is not null
    and original_currency is not null
    and amount is null
group by original_currency
union all
select
    'investments' as what,
    original_currency as currency,
    min(started_on) as first_on,
    max(started_on) as last_on,
    count(*) as amount_count
from {{ ref('cx_investments') }}
where cost is null
group by original_currency
