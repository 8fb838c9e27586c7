with {{ latest_version(source('shopify', 'customers'), 'customer_id') }},

-- The export doesn't say since when there is a customer.
first_deliveries as (

    select
        customer_id,
        min(delivered_on) as first_delivered_on
    from deliveries
    group by customer_id

),

final as (

    select
        latest.customer_id,
        latest.email_pseudonym,
        {{ country_of('latest.country') }} as country,
        first_deliveries.first_delivered_on,
        latest.delivered_on
    from latest
    inner join first_deliveries on latest.customer_id = first_deliveries.customer_id

)

select * from final
