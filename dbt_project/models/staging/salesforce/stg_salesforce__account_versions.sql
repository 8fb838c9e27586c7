-- Several deliveries show the same version of a record; the newest of them speaks for it.
with deliveries as (

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

newest as (

    select
        account_id,
        modified_at,
        max(delivered_on) as delivered_on
    from deliveries
    group by account_id, modified_at

),

final as (

    select deliveries.*
    from newest
    inner join deliveries
        on
            newest.account_id = deliveries.account_id
            and newest.modified_at = deliveries.modified_at
            and newest.delivered_on = deliveries.delivered_on

)

select * from final
