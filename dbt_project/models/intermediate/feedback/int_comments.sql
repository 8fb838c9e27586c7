{{ config(materialized='view') }}

-- One row per response with a comment: the words of all its comments, those of different questions
-- parted by a bar, so that no phrase reaches from one into the next. A view, so that what people
-- wrote isn't stored once more.
with questions as (

    select * from {{ ref('int_comment_questions') }}

),

answers as (

    select
        source,
        survey,
        response_key,
        language,
        {{ unnested_answer('answers') }}
    from {{ ref('int_responses') }}

),

final as (

    select
        answers.response_key,
        {{ base_language('min(answers.language)') }} as language,
        string_agg({{ words_of('answers.answer') }}, '|' order by answers.question_id) as words
    from answers
    inner join questions
        on
            answers.source = questions.source
            and answers.survey = questions.survey
            and answers.question_id = questions.question_id
    group by answers.response_key

)

select * from final
