{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'survey_questions')) }},

final as (

    select
        source,
        survey,
        question_id,
        metric,
        scale_min,
        scale_max,
        top_boxes,
        higher_is_better,
        choices,
        question as question_text
    from newest

)

select * from final
