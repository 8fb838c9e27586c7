-- Several deliveries show the same version of a record; the newest of them speaks for it.
with weekly as (

    select
        id as account_id,
        segment,
        {{ country_of('billing_country_code', 'billing_country') }} as country,
        owner_id as owner_agent_id,
        created_date as created_at,
        system_modstamp as modified_at,
        delivered_on
    from {{ source('salesforce', 'account') }}
    where
        delivered_on <= {{ as_of() }}
        and system_modstamp < {{ as_of_end() }}

),

-- Without a modification time nobody knows of when a query's row is.
queried as (

    select
        id as account_id,
        segment,
        {{ country_of('billing_country_code', 'billing_country') }} as country,
        owner_id as owner_agent_id,
        created_date as created_at,
        system_modstamp as modified_at,
        delivered_on,
        {{ was_queried('segment') }} as has_segment,
        {{ was_queried('billing_country_code') }} or {{ was_queried('billing_country') }}
            as has_country,
        {{ was_queried('owner_id') }} as has_owner
    from {{ source('salesforce', 'account_query') }}
    where
        delivered_on <= {{ as_of() }}
        and system_modstamp < {{ as_of_end() }}

),

versions_before as (

    select
        queried.account_id,
        queried.modified_at,
        queried.delivered_on,
        max(weekly.modified_at) as version_before_at
    from queried
    left join weekly
        on queried.account_id = weekly.account_id and queried.modified_at >= weekly.modified_at
    group by queried.account_id, queried.modified_at, queried.delivered_on

),

weekly_newest as (

    select
        account_id,
        modified_at,
        max(delivered_on) as delivered_on
    from weekly
    group by account_id, modified_at

),

weekly_versions as (

    select weekly.*
    from weekly_newest
    inner join weekly
        on
            weekly_newest.account_id = weekly.account_id
            and weekly_newest.modified_at = weekly.modified_at
            and weekly_newest.delivered_on = weekly.delivered_on

),

-- What a query didn't ask for is what it was in the version before.
queried_versions as (

    select
        queried.account_id,
        case when queried.has_segment then queried.segment else weekly_versions.segment end
            as segment,
        case when queried.has_country then queried.country else weekly_versions.country end
            as country,
        case
            when queried.has_owner then queried.owner_agent_id
            else weekly_versions.owner_agent_id
        end as owner_agent_id,
        queried.created_at,
        queried.modified_at,
        queried.delivered_on,
        row_number() over (
            partition by queried.account_id, queried.modified_at
            order by queried.delivered_on desc
        ) as version_rank
    from queried
    inner join versions_before
        on
            queried.account_id = versions_before.account_id
            and queried.modified_at = versions_before.modified_at
            and queried.delivered_on = versions_before.delivered_on
    left join weekly_versions
        on
            versions_before.account_id = weekly_versions.account_id
            and versions_before.version_before_at = weekly_versions.modified_at
    where
        versions_before.version_before_at is null
        or versions_before.version_before_at < queried.modified_at

),

final as (

    select * from weekly_versions
    union all
    select
        account_id,
        segment,
        country,
        owner_agent_id,
        created_at,
        modified_at,
        delivered_on
    from queried_versions
    where version_rank = 1

)

select * from final
