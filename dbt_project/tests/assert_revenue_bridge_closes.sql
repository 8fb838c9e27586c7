{{ config(meta={
    'description': 'Start + new + reactivation + expansion - contraction - churned = end, each row',
    'dagster': {'ref': {'name': 'retention_monthly'}},
}) }}

with rows_of_both as (

    select * from {{ ref('retention_monthly') }}
    union all
    select * from {{ ref('retention_yearly') }}

)

select *
from rows_of_both
where
    starting_mrr + new_mrr + reactivation_mrr + expansion_mrr - contraction_mrr - churned_mrr
    <> ending_mrr
    or starting_customers + new_customers + reactivated_customers - churned_customers
    <> ending_customers
    or starting_customers - churned_customers <> retained_customers
