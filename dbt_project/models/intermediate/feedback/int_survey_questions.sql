-- One row per survey tool, survey and question whose answers are scores. Declared, or marked by the
-- vendor as NPS: a 0 to 10 question is not NPS by its range alone.
with declared as (

    select * from {{ ref('stg_reference__survey_questions') }}

),

qualtrics_questions as (

    select * from {{ ref('stg_qualtrics__questions') }}

),

-- One branch per survey tool.
asked as (

    select
        'qualtrics' as source,
        survey,
        question_id,
        question_text,
        has_nps_mark
    from qualtrics_questions

),

final as (

    select
        asked.source,
        asked.survey,
        asked.question_id,
        coalesce(declared.question_text, asked.question_text) as question,
        coalesce(declared.metric, 'nps') as metric,
        cast(coalesce(declared.scale_min, 0) as integer) as scale_min,
        cast(coalesce(declared.scale_max, 10) as integer) as scale_max,
        declared.top_boxes,
        coalesce(declared.higher_is_better, true) as is_higher_better,
        declared.choices,
        declared.question_id is not null as is_declared
    from asked
    left join declared
        on
            asked.source = declared.source
            and asked.survey = declared.survey
            and asked.question_id = declared.question_id
    where declared.question_id is not null or asked.has_nps_mark

)

select * from final
