-- One row per month, dimension and value: recurring revenue against the month before.
with movements as (

    select * from {{ ref('customer_movements') }}

),

months as (

    select * from {{ ref('int_months') }}

),

{{ retention_of_movements() }}
