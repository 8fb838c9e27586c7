with deliveries as (

    select
        ticket_id,
        updated_at,
        delivered_on,
        {{ freshdesk_satisfaction('satisfaction') }} as satisfaction
    from {{ source('freshdesk', 'tickets') }}
    where delivered_on <= {{ as_of() }} and updated_at < {{ as_of_end() }}

),

tickets as (

    select * from {{ ref('stg_freshdesk__tickets') }}

),

{{ given_ratings() }},

final as (

    select
        {{ rating_as_response(
            'Freshdesk satisfaction',
            "when 'happy' then '3' when 'neutral' then '2' when 'unhappy' then '1'",
        ) }}
    from given_ratings

)

select * from final
