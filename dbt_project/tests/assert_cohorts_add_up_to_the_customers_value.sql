{{ config(meta={
    'description': 'Over cohorts and groups, customers and each part of their value add up to all',
    'dagster': {'ref': {'name': 'customer_value_cohorts'}},
}) }}

{%- set amounts = [
    'historic_revenue', 'historic_margin', 'historic_subscription_revenue',
    'historic_subscription_margin', 'predicted_clv_12m', 'predicted_clv_36m',
    'subscription_residual_value', 'total_clv',
] %}

with everybody as (

    select
        {%- for amount in amounts %}
        coalesce(sum({{ amount }}), 0) as {{ amount }},
        {%- endfor %}
        count(*) as customer_count,
        count(total_clv) as valued_customer_count
    from {{ ref('customer_lifetime_value') }}

),

cohorts as (

    select
        dimension,
        {%- for amount in amounts %}
        coalesce(sum({{ amount }}), 0) as {{ amount }},
        {%- endfor %}
        sum(customer_count) as customer_count,
        sum(valued_customer_count) as valued_customer_count
    from {{ ref('customer_value_cohorts') }}
    group by dimension

)

select
    cohorts.dimension,
    cohorts.customer_count,
    everybody.customer_count as expected_customer_count,
    cohorts.total_clv,
    everybody.total_clv as expected_total_clv
from cohorts
cross join everybody
where
    cohorts.customer_count <> everybody.customer_count
    or cohorts.valued_customer_count <> everybody.valued_customer_count
    {%- for amount in amounts %}
    or cohorts.{{ amount }} <> everybody.{{ amount }}
    {%- endfor %}
