with deliveries as (

    select
        ticket_id,
        updated_at,
        delivered_on,
        nullif({{ zendesk_satisfaction('satisfaction_score') }}, 'unoffered') as satisfaction
    from {{ source('zendesk', 'tickets') }}
    where delivered_on <= {{ as_of() }} and updated_at < {{ as_of_end() }}

),

tickets as (

    select * from {{ ref('stg_zendesk__tickets') }}

),

{{ given_ratings() }},

final as (

    select
        {{ rating_as_response('Zendesk satisfaction', "when 'good' then '1' when 'bad' then '0'") }}
    from given_ratings

)

select * from final
