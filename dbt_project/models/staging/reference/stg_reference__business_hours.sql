{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'business_hours')) }},

final as (

    select
        schedule,
        time_zone,
        weekday,
        {{ minute_of_day('opens') }} as opens_minute,
        {{ minute_of_day('closes') }} as closes_minute,
        from_date as valid_from,
        to_date as valid_through
    from newest

)

select * from final
