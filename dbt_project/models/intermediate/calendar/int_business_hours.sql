-- One row per schedule and day, UTC, with the seconds on which it is open.
-- Days, not spans, so that moments join by equality at any size.
with hours as (

    select * from {{ ref('stg_reference__business_hours') }}

),

holidays as (

    select * from {{ ref('stg_reference__holidays') }}

),

days as (

    select * from {{ ref('int_days') }}

),

schedules as (

    select distinct schedule
    from hours

),

holidays_of_schedules as (

    select distinct
        schedules.schedule,
        holidays.closed_on
    from schedules
    inner join holidays on schedules.schedule = coalesce(holidays.schedule, schedules.schedule)

),

-- Elsewhere the day before the first is not over yet, and the day after the last has begun.
local_days as (

    select day
    from days
    union
    select cast({{ dbt.dateadd('day', -1, 'day') }} as date) as day
    from days
    union
    select cast({{ dbt.dateadd('day', 1, 'day') }} as date) as day
    from days

),

local_spans as (

    select
        hours.schedule,
        local_days.day as local_day,
        {{ moment_of('local_days.day', 'hours.opens_minute', 'hours.time_zone') }} as opens_at,
        {{ moment_of('local_days.day', 'hours.closes_minute', 'hours.time_zone') }} as closes_at
    from local_days
    inner join hours
        on
            {{ weekday_name('local_days.day') }} = hours.weekday
            and coalesce(hours.valid_from, local_days.day) <= local_days.day
            and local_days.day <= coalesce(hours.valid_through, local_days.day)
    left join holidays_of_schedules as holidays
        on
            hours.schedule = holidays.schedule
            and local_days.day = holidays.closed_on
    where holidays.closed_on is null

),

-- A day of some clock touches the UTC day of its date, the one before and the one after.
offsets as (

    select -1 as day_offset
    union all
    select 0 as day_offset
    union all
    select 1 as day_offset

),

placed as (

    select
        local_spans.*,
        cast(
            {{ dbt.dateadd('day', 'offsets.day_offset', 'local_spans.local_day') }} as date
        ) as day
    from local_spans
    cross join offsets

),

cut as (

    select
        schedule,
        day,
        greatest({{ dbt.datediff('cast(day as timestamptz)', 'opens_at', 'second') }}, 0)
            as opens_second,
        least({{ dbt.datediff('cast(day as timestamptz)', 'closes_at', 'second') }}, 86400)
            as closes_second
    from placed

),

spans_by_day as (

    select
        schedule,
        day,
        {{ list_of_spans('opens_second', 'closes_second') }} as spans,
        sum(closes_second - opens_second) as open_seconds
    from cut
    where opens_second < closes_second
    group by schedule, day

),

final as (

    select
        schedules.schedule,
        days.day,
        cast(
            coalesce(
                sum(spans_by_day.open_seconds) over (
                    partition by schedules.schedule
                    order by days.day
                    rows between unbounded preceding and 1 preceding
                ), 0
            ) as bigint
        ) as seconds_before,
        spans_by_day.spans
    from schedules
    cross join days
    left join spans_by_day
        on
            schedules.schedule = spans_by_day.schedule
            and days.day = spans_by_day.day

)

select * from final
