-- One row per calendar day from the first month with an event to as_of.
with months as (

    select * from {{ ref('int_months') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

numbers as (

    {{ dbt.generate_series(31) }}

),

days as (

    select
        cast({{ dbt.dateadd('day', 'numbers.generated_number - 1', 'months.month') }} as date)
            as day,
        months.month_end
    from months
    cross join numbers

),

final as (

    select days.day
    from days
    cross join as_of
    where days.day <= days.month_end and days.day <= as_of.as_of

)

select * from final
