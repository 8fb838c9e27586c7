with deliveries as (

    select
        conversation_id as ticket_id,
        updated_at,
        delivered_on,
        cast(rating as varchar) as satisfaction
    from {{ source('intercom', 'conversations') }}
    where delivered_on <= {{ as_of() }} and updated_at < {{ as_of_end() }}

),

tickets as (

    select
        conversation_id as ticket_id,
        is_deleted
    from {{ ref('stg_intercom__conversations') }}

),

{{ given_ratings() }},

final as (

    select
        {{ rating_as_response(
            'Intercom satisfaction',
            "when '1' then '1' when '2' then '2' when '3' then '3' when '4' then '4' when '5' then '5'",
        ) }}
    from given_ratings

)

select * from final
