-- Completions in are completions counted, and learners in are learners shown, once per metric.
with staged as (

    select count(*) as completion_count
    from {{ ref('stg_cornerstone__transcripts') }}
    where is_completed
    union all
    select count(completed_at) as completion_count
    from {{ ref('stg_moodle__course_completions') }}

),

counted as (

    select
        coalesce(sum(completion_count), 0) as completion_count,
        count(*) as learner_count
    from {{ ref('int_course_completions') }}

),

shown as (

    select coalesce(sum(learner_count), 0) as learner_count
    from {{ ref('training_impact') }}

)

select
    counted.completion_count,
    counted.learner_count,
    shown.learner_count as shown_count
from counted
cross join shown
where
    counted.completion_count <> (select sum(completion_count) from staged)
    or 2 * counted.learner_count <> shown.learner_count
