{{ config(materialized='view') }}

-- One row per response and scored question of its survey: the answer as text, NULL where the
-- question was left empty.
with questions as (

    select * from {{ ref('int_survey_questions') }}

),

responses as (

    select * from {{ ref('int_responses') }}

),

final as (

    select
        responses.source,
        responses.survey,
        responses.response_id,
        responses.response_key,
        questions.question_id,
        {{ answer_to('responses.answers', 'questions.question_id') }} as answer,
        responses.responded_at,
        responses.channel,
        responses.language,
        responses.is_finished,
        responses.case_number,
        responses.external_reference
    from responses
    inner join questions
        on
            responses.source = questions.source
            and responses.survey = questions.survey

)

select * from final
