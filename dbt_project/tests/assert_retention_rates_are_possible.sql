{{ config(meta={
    'description': 'GRR and logo retention lie between 0 and 1, GRR is never above NRR, parts never above wholes',
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
    grr not between 0 and 1
    or logo_retention not between 0 and 1
    or grr > nrr
    or (starting_customers = 0) <> (logo_retention is null)
    or (starting_mrr = 0) <> (grr is null)
    or late_renewal_customers > reactivated_customers
    or late_renewal_mrr > reactivation_mrr
    or in_grace_customers > churned_customers
    or in_grace_mrr > churned_mrr
