-- One row per bad answer of a customer's: what became of it.
with scores as (

    select *
    from {{ ref('int_survey_scores') }}
    where metric <> 'enps' and score is not null

),

follow_ups as (

    select * from {{ ref('stg_reference__follow_ups') }}

),

users as (

    select * from {{ ref('stg_salesforce__users') }}

),

-- The list may name an owner by e-mail address.
{{ user_emails('users') }},

-- What was done since the newest list nobody knows; without one, nothing at all.
known as (

    select cast({{ dbt.dateadd('day', 1, 'max(delivered_on)') }} as timestamptz) as known_end
    from follow_ups

),

-- A response may answer two questions of one metric in one moment: neither is the next answer after
-- the other. An answer without a customer has no next one.
moments as (

    select
        metric,
        customer_key,
        responded_at,
        score,
        band,
        row_number() over (
            partition by metric, customer_key, responded_at
            order by response_key, question_id
        ) as number_in_moment
    from scores
    where customer_key is not null

),

next_answers as (

    select
        metric,
        customer_key,
        responded_at,
        lead(score) over later as next_score,
        lead(band) over later as next_band,
        lead(responded_at) over later as next_responded_at
    from moments
    where number_in_moment = 1
    window later as (
        partition by metric, customer_key
        order by responded_at
    )

),

followed as (

    select
        scores.*,
        next_answers.next_score,
        next_answers.next_band,
        next_answers.next_responded_at
    from scores
    left join next_answers
        on
            scores.metric = next_answers.metric
            and scores.customer_key = next_answers.customer_key
            and scores.responded_at = next_answers.responded_at

),

bad as (

    select
        followed.*,
        known.known_end,
        follow_ups.response_key is not null as is_listed,
        coalesce(user_emails.user_id, follow_ups.owner) as owner,
        follow_ups.opened_at,
        coalesce(
            follow_ups.due_at,
            {{ dbt.dateadd('hour', var('hours_to_follow_up'), 'followed.responded_at') }}
        ) as due_at,
        follow_ups.first_contact_at,
        follow_ups.closed_at,
        follow_ups.outcome,
        follow_ups.root_cause
    from followed
    cross join known
    left join follow_ups on followed.response_key = follow_ups.response_key
    left join user_emails on follow_ups.owner = user_emails.email_pseudonym
    where followed.band in ('detractor', 'dissatisfied', 'hard')

),

final as (

    select
        score_key,
        response_key,
        customer_key,
        case_key,
        source,
        survey,
        question_id,
        metric,
        score,
        band,
        responded_at,
        responded_on,
        segment,
        country,
        team,
        leader,
        agent_key,
        case
            when is_listed then true
            when responded_at < known_end then false
        end as has_follow_up,
        {{ agent_key("case when " ~ is_agent('owner') ~ " then owner end") }} as owner_agent_key,
        opened_at,
        due_at,
        first_contact_at,
        closed_at,
        {{ whole_minutes('responded_at', 'first_contact_at') }} / 60.0 as hours_to_first_contact,
        {{ whole_minutes('responded_at', 'closed_at') }} / 1440.0 as days_to_close,
        case
            when known_end is null then null
            when closed_at is not null then 'closed'
            when first_contact_at is not null then 'contacted'
            when due_at < known_end then 'overdue'
            when due_at >= {{ as_of_end() }} then 'waiting'
        end as status,
        -- What is not due yet has neither met its time nor missed it.
        case
            when first_contact_at is not null then first_contact_at <= due_at
            when due_at < known_end then false
        end as is_sla_met,
        outcome,
        root_cause,
        next_score,
        next_band,
        next_responded_at,
        case
            when next_score is not null
                then next_band not in ('detractor', 'dissatisfied', 'hard')
        end as is_recovered
    from bad

)

select * from final
