-- A ticket bears one rating, and a new one takes its place: the versions delivered keep the old.
with deliveries as (

    select
        ticket_id,
        updated_at,
        delivered_on,
        {{ zendesk_satisfaction('satisfaction_score') }} as satisfaction
    from {{ source('zendesk', 'tickets') }}
    where delivered_on <= {{ as_of() }} and updated_at < {{ as_of_end() }}

),

tickets as (

    select * from {{ ref('stg_zendesk__tickets') }}

),

-- A version may be delivered twice: the newest delivery has it.
versions_ranked as (

    select
        deliveries.ticket_id,
        deliveries.updated_at,
        deliveries.satisfaction,
        row_number() over (
            partition by deliveries.ticket_id, deliveries.updated_at
            order by deliveries.delivered_on desc
        ) as delivery_rank
    from deliveries
    inner join tickets on deliveries.ticket_id = tickets.ticket_id
    where
        deliveries.satisfaction in ('good', 'bad', 'offered')
        -- A ticket that is gone takes its rating with it.
        and not tickets.is_deleted

),

versions as (

    select
        ticket_id,
        updated_at,
        satisfaction,
        lag(satisfaction) over (
            partition by ticket_id
            order by updated_at
        ) as last_satisfaction,
        max(case when satisfaction <> 'offered' then 1 else 0 end) over (partition by ticket_id)
        = 1 as is_rated
    from versions_ranked
    where delivery_rank = 1

),

-- The first version that bears a rating is the nearest to when it was given; later ones come of
-- whatever else changes. A request stands only for a ticket that nobody rated.
given_ratings as (

    select
        *,
        row_number() over (
            partition by ticket_id
            order by updated_at
        ) as rating_number
    from versions
    where
        satisfaction is distinct from last_satisfaction
        and (satisfaction <> 'offered' or not is_rated)

),

final as (

    select
        'Zendesk satisfaction' as survey,
        ticket_id || '/' || cast(rating_number as varchar) as response_id,
        updated_at as responded_at,
        satisfaction <> 'offered' as is_finished,
        cast(null as varchar) as channel,
        cast(null as varchar) as language,
        cast(null as varchar) as email_pseudonym,
        cast(null as varchar) as external_reference,
        ticket_id as case_number,
        {{ single_answer(
            'satisfaction',
            "case satisfaction when 'good' then '1' when 'bad' then '0' end"
        ) }} as answers
    from given_ratings

)

select * from final
