{#- What the service desks' staging models have in common. -#}

{% macro given_ratings() -%}
    {#- CTE `given_ratings` from `deliveries` (ticket_id, updated_at, delivered_on, satisfaction) and
        `tickets`: one row per ticket and rating. A ticket bears one rating, and a new one takes its
        place: the versions delivered keep the old. `offered` is a request; NULL is neither. -#}
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
            deliveries.satisfaction is not null
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
            max(case when satisfaction <> 'offered' then 1 else 0 end)
                over (partition by ticket_id)
            = 1 as is_rated
        from versions_ranked
        where delivery_rank = 1

    ),

    -- The first version that bears a rating is the nearest to when it was given; later ones come
    -- of whatever else changes. A request stands only for a ticket that nobody rated.
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

    )
{%- endmacro %}

{% macro rating_as_response(survey, scores) -%}
    {#- Columns of `given_ratings` in the shape of a response; `scores` gives the score of a rating. -#}
    '{{ survey }}' as survey,
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
            "case satisfaction " ~ scores ~ " end"
        ) }} as answers
{%- endmacro %}

{% macro rating_question(ratings, lowest, highest) -%}
    {#- The desk words its one question nowhere in the export; what it measures, and how, is its
        own. One row, where a rating was ever asked for. -#}
    select distinct
        survey,
        'satisfaction' as question_id,
        'Satisfaction rating' as question_text,
        'csat' as marked_metric,
        {{ lowest }} as marked_scale_min,
        {{ highest }} as marked_scale_max
    from {{ ratings }}
{%- endmacro %}
