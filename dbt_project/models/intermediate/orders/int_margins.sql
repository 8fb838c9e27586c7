-- One row per segment (NULL: every other one) and span of time in which a margin holds.
with margins as (

    select * from {{ ref('stg_reference__margins') }}

),

final as (

    select
        nullif(trim(segment), '') as segment,
        margin,
        valid_from,
        lead(valid_from) over (
            partition by nullif(trim(segment), '')
            order by valid_from
        ) as valid_to
    from margins
    -- Orders carry one margin each; a product's own margin is for a mart about products.
    where nullif(trim(product), '') is null

)

select * from final
