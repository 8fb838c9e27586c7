{{ config(materialized='view') }}

-- One row per response and scored question of its survey, whatever the tool: the answer as text,
-- NULL where the question was left empty. A new survey tool is one more branch.
with questions as (

    select * from {{ ref('int_survey_questions') }}

),

qualtrics_responses as (

    select * from {{ ref('stg_qualtrics__responses') }}

),

qualtrics as (

    select
        'qualtrics' as source,
        responses.survey,
        responses.response_id,
        {{ surrogate_key('qualtrics', 'response', 'responses.response_id') }} as response_key,
        questions.question_id,
        {{ answer_to('responses.answers', 'questions.question_id') }} as answer,
        responses.responded_at,
        responses.channel,
        responses.language,
        responses.is_finished,
        responses.case_number,
        responses.external_reference
    from qualtrics_responses as responses
    inner join questions
        on responses.survey = questions.survey and questions.source = 'qualtrics'

),

final as (

    select * from qualtrics

)

select * from final
