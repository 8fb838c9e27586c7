-- One row per survey tool, survey and question whose answers are scores. Declared, or marked by the
-- vendor: a 0 to 10 question is not NPS by its range alone. On scales that vendors mark, more is
-- better.
with declared as (

    select *
    from {{ ref('stg_reference__survey_questions') }}
    where metric <> 'comment'

),

asked as (

    select * from {{ ref('int_asked_questions') }}

),

final as (

    select
        asked.source,
        asked.survey,
        asked.question_id,
        coalesce(declared.question_text, asked.question_text, asked.question_id) as question,
        coalesce(declared.metric, asked.marked_metric) as metric,
        cast(coalesce(declared.scale_min, asked.marked_scale_min) as integer) as scale_min,
        cast(coalesce(declared.scale_max, asked.marked_scale_max) as integer) as scale_max,
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
    where declared.question_id is not null or asked.marked_metric is not null

)

select * from final
