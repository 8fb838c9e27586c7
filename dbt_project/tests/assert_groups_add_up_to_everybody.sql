{{ config(meta={
    'description': 'In each month and dimension, customers and revenue of the groups add up',
    'dagster': {'ref': {'name': 'retention_monthly'}},
}) }}

with rows_of_both as (

    select
        'monthly' as comparison,
        *
    from {{ ref('retention_monthly') }}
    union all
    select
        'yearly' as comparison,
        *
    from {{ ref('retention_yearly') }}

),

summed as (

    select
        comparison,
        month,
        dimension,
        sum(starting_customers) as starting_customers,
        sum(ending_customers) as ending_customers,
        sum(churned_customers) as churned_customers,
        sum(starting_mrr) as starting_mrr,
        sum(expansion_mrr) as expansion_mrr,
        sum(ending_mrr) as ending_mrr
    from rows_of_both
    group by comparison, month, dimension

)

select summed.*
from summed
inner join rows_of_both as everybody
    on
        summed.comparison = everybody.comparison
        and summed.month = everybody.month
        and everybody.dimension = 'all'
where
    summed.starting_customers <> everybody.starting_customers
    or summed.ending_customers <> everybody.ending_customers
    or summed.churned_customers <> everybody.churned_customers
    or summed.starting_mrr <> everybody.starting_mrr
    or summed.expansion_mrr <> everybody.expansion_mrr
    or summed.ending_mrr <> everybody.ending_mrr
