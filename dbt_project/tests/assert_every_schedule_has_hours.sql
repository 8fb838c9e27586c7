-- Schedules that somebody keeps, or that are closed on some day, and whose hours aren't declared:
-- mistyped, or left out. Of what was under them no business minutes are known; all else is sound.
{{ config(severity='warn') }}

with named as (

    select schedule from {{ ref('stg_reference__teams') }}
    union
    select schedule from {{ ref('stg_reference__holidays') }}

),

hours as (

    select * from {{ ref('stg_reference__business_hours') }}

)

select named.schedule
from named
left join hours on named.schedule = hours.schedule
where
    named.schedule is not null
    and hours.schedule is null
    -- Who declares no hours at all has no use for them.
    and (select count(any_hours.schedule) from hours as any_hours) > 0
