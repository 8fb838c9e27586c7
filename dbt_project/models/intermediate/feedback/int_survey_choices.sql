{{ config(materialized='view') }}

-- One row per scored question and label that an answer may come as.
with questions as (

    select * from {{ ref('int_survey_questions') }}

),

final as (

    select
        source,
        survey,
        question_id,
        {{ unnested_choices('choices') }}
    from questions
    where choices is not null

)

select * from final
