with scores as (

    select *
    from {{ ref('int_survey_scores') }}
    where score is not null

),

-- The same rows, imported apart: a CTE that is used twice is written out whole, all columns of it.
candidates as (

    select
        score_key,
        response_key,
        question_id,
        customer_key,
        metric,
        case_key,
        responded_at,
        responded_on,
        responded_month
    from {{ ref('int_survey_scores') }}
    where score is not null

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- Answers without a customer count each for themselves.
recent as (

    select
        candidates.score_key,
        row_number() over (
            partition by candidates.metric, coalesce(candidates.customer_key, candidates.score_key)
            order by
                candidates.responded_at desc,
                candidates.response_key desc,
                candidates.question_id desc
        ) as recency_rank
    from candidates
    cross join as_of
    where candidates.responded_on > {{ dbt.dateadd('day', -90, 'as_of.as_of') }}

),

-- As csat_monthly counts them: of a case's ratings in one month the latest.
replaced as (

    select score_key
    from (
        select
            score_key,
            row_number() over (
                partition by case_key, responded_month
                order by responded_at desc, response_key desc, question_id desc
            ) as rating_rank
        from candidates
        where metric = 'csat' and case_key is not null
    ) as ranked
    where rating_rank > 1

),

final as (

    select
        scores.score_key,
        -- An employee's own team, language or day would give the employee away in a small group;
        -- so would the other answers of the response.
        case when scores.metric <> 'enps' then scores.response_key end as response_key,
        scores.customer_key,
        scores.source,
        scores.survey,
        scores.question_id,
        scores.question,
        scores.metric,
        scores.score,
        scores.scale_min,
        scores.scale_max,
        scores.is_higher_better,
        scores.score_100,
        scores.band,
        case
            when scores.metric = 'enps'
                then cast(scores.responded_month as timestamp with time zone)
            else scores.responded_at
        end as responded_at,
        case
            when scores.metric = 'enps' then scores.responded_month
            else scores.responded_on
        end as responded_on,
        case when scores.metric <> 'enps' then scores.channel end as channel,
        case when scores.metric <> 'enps' then scores.language end as language,
        scores.is_finished,
        scores.case_key,
        scores.agent_key,
        case when scores.metric <> 'enps' then scores.team end as team,
        case when scores.metric <> 'enps' then scores.leader end as leader,
        scores.segment,
        scores.country,
        case when scores.metric <> 'enps' then recent.score_key is not null end
            as is_latest_in_90_days,
        replaced.score_key is null as is_counted_in_month
    from scores
    left join replaced on scores.score_key = replaced.score_key
    left join recent on scores.score_key = recent.score_key and recent.recency_rank = 1

)

select * from final
