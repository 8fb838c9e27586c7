-- One row: the day up to which the build knows the world.
with as_of as (

    select {{ as_of() }} as as_of

),

final as (

    select
        as_of,
        case
            when as_of = {{ dbt.last_day('as_of', 'month') }}
                then cast({{ dbt.date_trunc('month', 'as_of') }} as date)
            else cast({{ dbt.dateadd('month', -1, dbt.date_trunc('month', 'as_of')) }} as date)
        end as last_complete_month,
        cast({{ dbt.date_trunc('month', 'as_of') }} as date) as current_month
    from as_of

)

select * from final
