with ordered as (

    select
        *,
        lead(valid_from) over (
            partition by case_key
            order by valid_from
        ) as next_valid_from
    from {{ ref('int_case_owners') }}

)

select *
from ordered
where
    valid_to <= valid_from
    or next_valid_from < valid_to
    or (valid_to is null and next_valid_from is not null)
