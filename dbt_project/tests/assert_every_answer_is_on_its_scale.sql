{{ config(meta={
    'description': 'No answer to a scored question lies off its scale or has a label nobody declared',
    'dagster': {'ref': {'name': 'survey_responses'}},
}) }}

-- Landing rejects those. One that is here was landed before its question was declared, or declared
-- otherwise: land its days again.
select
    source,
    survey,
    question_id,
    question,
    answer,
    count(*) as answer_count,
    min(responded_on) as first_on,
    max(responded_on) as last_on
from {{ ref('int_survey_scores') }}
where answer is not null and score is null
group by source, survey, question_id, question, answer
