{{ config(meta={
    'description': 'Plans whose price is neither exported nor declared; reference/plan_prices',
    'dagster': {'ref': {'name': 'int_subscription_versions'}},
}) }}

select
    plan,
    min(valid_from) as first_on,
    max(valid_from) as last_on,
    count(distinct subscription_key) as subscription_count
from {{ ref('int_subscription_versions') }}
where interval_amount is null
group by plan
