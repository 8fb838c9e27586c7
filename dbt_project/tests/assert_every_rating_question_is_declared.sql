{#- Only warns: a list of choices that is coded 1, 2, 3 looks the same as a rating, so that only a
    reader of its text can tell. The rows are kept, as the text is what matters. -#}
{{ config(
    severity='warn',
    store_failures=true,
    schema='checks',
    meta={
        'description': 'Questions whose answers look like ratings are in survey_questions.csv',
        'dagster': {'ref': {'name': 'survey_responses'}},
    },
) }}

with answered as (

    select
        source,
        survey,
        {{ unnested_answer('answers') }}
    from {{ ref('int_responses') }}

),

answers as (

    select
        source,
        survey,
        question_id,
        -- Longer texts are no ratings, and reading them as numbers takes time.
        case when length(answer) <= 2 then {{ whole_number('answer') }} end as number
    from answered
    where question_id not like '%\_NPS\_GROUP' escape '\'

),

questions as (

    select * from {{ ref('int_asked_questions') }}

),

rated as (

    select
        source,
        survey,
        question_id,
        count(*) as answer_count,
        min(number) as lowest,
        max(number) as highest
    from answers
    group by source, survey, question_id
    having
        count(*) = count(number)
        and min(number) >= 0
        and max(number) between 2 and 10

)

select
    rated.*,
    questions.question_text
from rated
inner join questions
    on
        rated.source = questions.source
        and rated.survey = questions.survey
        and rated.question_id = questions.question_id
left join {{ ref('int_survey_questions') }} as scored
    on
        rated.source = scored.source
        and rated.survey = scored.survey
        and rated.question_id = scored.question_id
where scored.question_id is null
