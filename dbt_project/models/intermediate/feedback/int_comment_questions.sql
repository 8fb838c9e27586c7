{{ config(materialized='view') }}

-- One row per survey tool, survey and question that asks for a comment: declared, or named so by
-- the vendor. Qualtrics ends the ids of text questions in _TEXT (those of `other, please say` have
-- the choice's number before it); Delighted has one comment beside each score.
with declared as (

    select * from {{ ref('stg_reference__survey_questions') }}

),

asked as (

    select * from {{ ref('int_asked_questions') }}

),

final as (

    select
        asked.source,
        asked.survey,
        asked.question_id,
        declared.question_id is not null as is_declared
    from asked
    left join declared
        on
            asked.source = declared.source
            and asked.survey = declared.survey
            and asked.question_id = declared.question_id
    where
        declared.metric = 'comment'
        or (
            declared.metric is null
            and (
                (
                    asked.source = 'qualtrics'
                    and {{ is_text_question('asked.question_id') }}
                )
                or (asked.source = 'delighted' and asked.question_id = 'comment')
            )
        )

)

select * from final
