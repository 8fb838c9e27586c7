{{ config(meta={
    'description': 'Bad answers, by month or one by one, are those of their marts, and what became of them',
    'dagster': {'ref': {'name': 'closed_loop_monthly'}},
}) }}

with followed as (

    select
        metric,
        count(*) as bad_count,
        count(case when status is not null and has_follow_up is not null then 1 end) as known_count,
        count(is_sla_met) as due_count,
        count(case when status = 'closed' then 1 end) as closed_count,
        count(case when is_recovered then 1 end) as recovered_count
    from {{ ref('detractor_follow_up') }}
    group by metric

),

monthly as (

    select
        dimension_value as metric,
        sum(bad_answer_count) as bad_count,
        sum(known_count) as known_count,
        -- NULL where a month's answers are none of them known: then none is due or closed.
        coalesce(sum(due_count), 0) as due_count,
        coalesce(sum(closed_count), 0) as closed_count,
        sum(recovered_count) as recovered_count
    from {{ ref('closed_loop_monthly') }}
    where dimension = 'metric'
    group by dimension_value

),

counts as (

    select
        'closed_loop_monthly' as mart,
        metric,
        bad_count,
        known_count,
        due_count,
        closed_count,
        recovered_count
    from monthly
    union all
    select
        'survey_responses' as mart,
        metric,
        count(*) as bad_count,
        null as known_count,
        null as due_count,
        null as closed_count,
        null as recovered_count
    from {{ ref('survey_responses') }}
    where metric <> 'enps' and band in ('detractor', 'dissatisfied', 'hard')
    group by metric
    union all
    select
        'nps_monthly' as mart,
        'nps' as metric,
        coalesce(sum(detractor_count), 0) as bad_count,
        null as known_count,
        null as due_count,
        null as closed_count,
        null as recovered_count
    from {{ ref('nps_monthly') }}
    where dimension = 'all'
    union all
    select
        'ces_monthly' as mart,
        'ces' as metric,
        coalesce(sum(hard_count), 0) as bad_count,
        null as known_count,
        null as due_count,
        null as closed_count,
        null as recovered_count
    from {{ ref('ces_monthly') }}
    where dimension = 'all'

)

select
    counts.*,
    coalesce(followed.bad_count, 0) as followed_bad_count,
    followed.known_count as followed_known_count,
    followed.due_count as followed_due_count,
    followed.closed_count as followed_closed_count,
    followed.recovered_count as followed_recovered_count
from counts
left join followed on counts.metric = followed.metric
where
    counts.bad_count <> coalesce(followed.bad_count, 0)
    or counts.known_count <> followed.known_count
    or counts.due_count <> followed.due_count
    or counts.closed_count <> followed.closed_count
    or counts.recovered_count <> followed.recovered_count
union all
select
    'missing' as mart,
    followed.metric,
    null as bad_count,
    null as known_count,
    null as due_count,
    null as closed_count,
    null as recovered_count,
    followed.bad_count as followed_bad_count,
    followed.known_count as followed_known_count,
    followed.due_count as followed_due_count,
    followed.closed_count as followed_closed_count,
    followed.recovered_count as followed_recovered_count
from followed
where followed.metric not in (select monthly.metric from monthly)
