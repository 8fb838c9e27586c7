{{ config(meta={
    'description': 'Ending customers and revenue of a month are the next month\'s starting ones',
    'dagster': {'ref': {'name': 'retention_monthly'}},
}) }}

with everybody as (

    select *
    from {{ ref('retention_monthly') }}
    where dimension = 'all'

)

select
    starting.month,
    starting.starting_customers,
    ending.ending_customers,
    starting.starting_mrr,
    ending.ending_mrr
from everybody as starting
inner join everybody as ending
    on starting.month = {{ month_after('ending.month', 1) }}
where
    starting.starting_customers <> ending.ending_customers
    or starting.starting_mrr <> ending.ending_mrr
