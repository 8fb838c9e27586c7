-- One row per customer and span of time in which segment, country, owner and team held.
with versions as (

    select * from {{ ref('int_customer_versions') }}

),

final as (

    select
        customer_key,
        valid_from,
        valid_to,
        segment,
        country,
        {{ agent_key('owner_agent_id') }} as owner_agent_key,
        team,
        leader,
        is_current,
        cast(version_number as integer) as version_number
    from versions

)

select * from final
