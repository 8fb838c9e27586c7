{{ config(meta={
    'description': 'Scored answers of the survey tools are survey_responses, and these the months',
    'dagster': {'ref': {'name': 'survey_responses'}},
}) }}

-- Counted by another way than int_survey_answers takes.
with answers as (

    select
        source,
        survey,
        {{ unnested_answer('answers') }}
    from {{ ref('int_responses') }}

),

scored_answers as (

    select questions.metric
    from answers
    inner join {{ ref('int_survey_questions') }} as questions
        on
            answers.source = questions.source
            and answers.survey = questions.survey
            and answers.question_id = questions.question_id

),

answered as (

    select
        metric,
        count(*) as answer_count
    from scored_answers
    group by metric

),

responses as (

    select
        metric,
        coalesce(case_key, score_key) || '|' || left(cast(responded_on as varchar), 7) as rating
    from {{ ref('survey_responses') }}

),

shown as (

    select
        metric,
        count(*) as answer_count,
        -- What one rating per case and month leaves of them
        count(distinct rating) as rating_count
    from responses
    group by metric

),

monthly as (

    select
        'nps' as metric,
        sum(response_count) as answer_count
    from {{ ref('nps_monthly') }}
    where dimension = 'all'
    union all
    select
        'csat' as metric,
        sum(response_count) as answer_count
    from {{ ref('csat_monthly') }}
    where dimension = 'all'
    union all
    select
        'ces' as metric,
        sum(response_count) as answer_count
    from {{ ref('ces_monthly') }}
    where dimension = 'all'
    union all
    select
        'enps' as metric,
        sum(response_count) as answer_count
    from {{ ref('enps_monthly') }}
    where dimension = 'all'

)

select
    coalesce(answered.metric, shown.metric) as metric,
    answered.answer_count as answered_count,
    shown.answer_count as shown_count,
    shown.rating_count,
    monthly.answer_count as monthly_count
from answered
full join shown on answered.metric = shown.metric
left join monthly on coalesce(answered.metric, shown.metric) = monthly.metric
where
    answered.answer_count is distinct from shown.answer_count
    or (shown.metric <> 'csat' and monthly.answer_count is distinct from shown.answer_count)
    or (shown.metric = 'csat' and monthly.answer_count is distinct from shown.rating_count)
