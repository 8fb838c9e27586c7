with ordered as (

    select
        *,
        lead(valid_from) over (
            partition by customer_key
            order by valid_from, version_number
        ) as next_valid_from,
        row_number() over (
            partition by customer_key
            order by valid_from, version_number
        ) as place
    from {{ ref('customers_history') }}

)

select *
from ordered
where
    valid_to is distinct from next_valid_from
    or valid_to <= valid_from
    or is_current <> (valid_to is null)
    or version_number <> place
