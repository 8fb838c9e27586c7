-- Completions in are completions counted, and learners in are learners shown, once per metric. Of
-- graduates no more ratings and closed cases count than there are in all.
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

    select
        coalesce(sum(learner_count), 0) as learner_count,
        max(case when metric = 'csat' then graduates_before_n + graduates_after_n end)
            as rating_count,
        max(case when metric = 'fcr' then graduates_before_n + graduates_after_n end)
            as case_count
    from {{ ref('training_impact') }}

),

all_ratings as (

    select sum(response_count) as rating_count
    from {{ ref('csat_monthly') }}
    where dimension = 'all'

),

all_cases as (

    select count(is_first_contact_resolved) as case_count
    from {{ ref('support_cases') }}

)

select
    counted.completion_count,
    counted.learner_count,
    shown.learner_count as shown_learner_count,
    shown.rating_count,
    all_ratings.rating_count as all_rating_count,
    shown.case_count,
    all_cases.case_count as all_case_count
from counted
cross join shown
cross join all_ratings
cross join all_cases
where
    counted.completion_count <> (select sum(staged.completion_count) from staged)
    or 2 * counted.learner_count <> shown.learner_count
    or shown.rating_count > coalesce(all_ratings.rating_count, 0)
    or shown.case_count > all_cases.case_count
