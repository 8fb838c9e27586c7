{{ config(meta={
    'description': 'NPS is 0 to 10 with 10 the best, and CSAT has top boxes, usual or declared',
    'dagster': {'ref': {'name': 'survey_responses'}},
}) }}

-- Mend the question's line in survey_questions.csv: its scale, or its top_boxes.
select
    source,
    survey,
    question_id,
    question,
    metric,
    scale_min,
    scale_max
from {{ ref('int_survey_questions') }}
where
    (
        metric in ('nps', 'enps')
        and not (scale_min = 0 and scale_max = 10 and is_higher_better)
    )
    or (
        metric = 'csat'
        and top_boxes is null
        and scale_max - scale_min + 1 not in (2, 3, 4, 5, 6, 7, 10)
    )
