{%- set days = 90 -%}
{%- set least_agents = 5 -%}
-- One row per course and metric: what changed for those who took it, against those who didn't.
with {{ latest_ratings() }},

cases as (

    select * from {{ ref('support_cases') }}

),

completions as (

    select * from {{ ref('int_course_completions') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

outcomes as (

    select
        'csat' as metric,
        agent_key,
        responded_on as happened_on,
        count(*) as n,
        count(case when band = 'satisfied' then 1 end) as good_count
    from ratings
    where score is not null and agent_key is not null
    group by agent_key, responded_on
    union all
    select
        'fcr' as metric,
        agent_key,
        closed_on as happened_on,
        count(*) as n,
        count(case when is_first_contact_resolved then 1 end) as good_count
    from cases
    where is_first_contact_resolved is not null and agent_key is not null
    group by agent_key, closed_on

),

metrics as (

    select 'csat' as metric
    union all
    select 'fcr' as metric

),

courses as (

    select
        training_provider,
        course_id,
        course,
        count(*) as learner_count,
        count(agent_id) as agent_count
    from completions
    group by training_provider, course_id, course

),

takers as (

    select
        completions.training_provider,
        completions.course_id,
        {{ agent_key('completions.agent_id') }} as agent_key,
        completions.completed_on,
        cast({{ dbt.date_trunc('month', 'completions.completed_on') }} as date) as month,
        cast({{ dbt.dateadd('day', days, 'completions.completed_on') }} as date) <= as_of.as_of
            as is_watched
    from completions
    cross join as_of
    where completions.agent_id is not null

),

graduates as (

    select
        takers.training_provider,
        takers.course_id,
        takers.month,
        takers.completed_on,
        outcomes.metric,
        outcomes.agent_key,
        {{ before_and_after('outcomes', 'takers.completed_on') }}
    from takers
    inner join outcomes
        on
            takers.agent_key = outcomes.agent_key
            and {{ is_near('outcomes.happened_on', 'takers.completed_on', days) }}
    where takers.is_watched
    group by
        takers.training_provider,
        takers.course_id,
        takers.month,
        takers.completed_on,
        outcomes.metric,
        outcomes.agent_key

),

watched_graduates as (

    select * from graduates
    where before_n > 0 and after_n > 0

),

-- Those who didn't take the course are watched around the mean day of each month's graduates.
months as (

    select
        training_provider,
        course_id,
        metric,
        month,
        count(*) as graduate_count,
        cast(
            floor(
                cast(sum({{ dbt.datediff('month', 'completed_on', 'day') }}) as double) / count(*)
                + 0.5
            ) as integer
        ) as mean_day
    from watched_graduates
    group by training_provider, course_id, metric, month

),

dated_months as (

    select
        *,
        cast({{ dbt.dateadd('day', 'mean_day', 'month') }} as date) as compared_on
    from months

),

compared_months as (

    select
        dated_months.training_provider,
        dated_months.course_id,
        dated_months.month,
        dated_months.graduate_count,
        outcomes.metric,
        outcomes.agent_key,
        {{ before_and_after('outcomes', 'dated_months.compared_on') }}
    from dated_months
    inner join outcomes
        on
            dated_months.metric = outcomes.metric
            and {{ is_near('outcomes.happened_on', 'dated_months.compared_on', days) }}
    left join takers
        on
            dated_months.training_provider = takers.training_provider
            and dated_months.course_id = takers.course_id
            and outcomes.agent_key = takers.agent_key
    where takers.agent_key is null
    group by
        dated_months.training_provider,
        dated_months.course_id,
        dated_months.month,
        dated_months.graduate_count,
        outcomes.metric,
        outcomes.agent_key

),

-- An agent counts once: the share of each month weighs as much as the month has graduates.
agents as (

    select
        training_provider,
        course_id,
        metric,
        agent_key,
        true as is_graduate,
        before_n,
        after_n,
        {{ as_share(ratio('before_good', 'before_n')) }} as before_value,
        {{ as_share(ratio('after_good', 'after_n')) }} as after_value
    from watched_graduates
    union all
    select
        training_provider,
        course_id,
        metric,
        agent_key,
        false as is_graduate,
        sum(before_n) as before_n,
        sum(after_n) as after_n,
        {{ as_share(ratio(
            'sum(graduate_count * ' ~ as_share(ratio('before_good', 'before_n')) ~ ')',
            'sum(graduate_count)',
        )) }} as before_value,
        {{ as_share(ratio(
            'sum(graduate_count * ' ~ as_share(ratio('after_good', 'after_n')) ~ ')',
            'sum(graduate_count)',
        )) }} as after_value
    from compared_months
    where before_n > 0 and after_n > 0
    group by training_provider, course_id, metric, agent_key

),

groups as (

    select
        training_provider,
        course_id,
        metric,
        is_graduate,
        count(*) as agent_count,
        cast(sum(before_n) as bigint) as before_n,
        cast(sum(after_n) as bigint) as after_n,
        sum(before_value) as before_total,
        sum(after_value) as after_total,
        sum(after_value - before_value) as change_total,
        sum((after_value - before_value) * (after_value - before_value)) as squared_changes
    from agents
    group by training_provider, course_id, metric, is_graduate

),

described as (

    select
        *,
        agent_count >= {{ least_agents }} as is_shown,
        {{ ratio('before_total', 'agent_count') }} as before_value,
        {{ ratio('after_total', 'agent_count') }} as after_value,
        {{ ratio('change_total', 'agent_count') }} as change,
        {{ variance_of_mean('change_total', 'squared_changes', 'agent_count') }} as variance
    from groups

),

compared as (

    select
        courses.training_provider,
        courses.course_id,
        courses.course,
        metrics.metric,
        courses.learner_count,
        courses.agent_count,
        coalesce(took.agent_count, 0) as graduate_count,
        coalesce(others.agent_count, 0) as comparison_count,
        case when took.is_shown then took.before_value end as graduates_before,
        case when took.is_shown then took.before_n end as graduates_before_n,
        case when took.is_shown then took.after_value end as graduates_after,
        case when took.is_shown then took.after_n end as graduates_after_n,
        case when others.is_shown then others.before_value end as comparison_before,
        case when others.is_shown then others.before_n end as comparison_before_n,
        case when others.is_shown then others.after_value end as comparison_after,
        case when others.is_shown then others.after_n end as comparison_after_n,
        case when took.is_shown and others.is_shown then took.change - others.change end as effect,
        took.variance + others.variance as variance,
        {{ welch_degrees(
            'took.variance', 'took.agent_count', 'others.variance', 'others.agent_count'
        ) }} as degrees
    from courses
    cross join metrics
    left join described as took
        on
            courses.training_provider = took.training_provider
            and courses.course_id = took.course_id
            and metrics.metric = took.metric
            and took.is_graduate
    left join described as others
        on
            courses.training_provider = others.training_provider
            and courses.course_id = others.course_id
            and metrics.metric = others.metric
            and not others.is_graduate

),

-- Where nobody's change differs from the others' there is nothing to be uncertain of.
measured as (

    select
        *,
        case when variance > 0 then {{ t_95('degrees') }} * sqrt(variance) else 0 end as half_width
    from compared

),

final as (

    select
        training_provider,
        course_id,
        course,
        metric,
        learner_count,
        agent_count,
        graduate_count,
        graduates_before,
        graduates_before_n,
        graduates_after,
        graduates_after_n,
        comparison_count,
        comparison_before,
        comparison_before_n,
        comparison_after,
        comparison_after_n,
        effect,
        effect - half_width as effect_low,
        effect + half_width as effect_high,
        case
            when effect is null then 'too_few'
            when effect - half_width > 0 then 'better'
            when effect + half_width < 0 then 'worse'
            else 'no_evidence'
        end as evidence
    from measured

)

select * from final
