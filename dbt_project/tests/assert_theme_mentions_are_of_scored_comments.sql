{{ config(meta={
    'description': 'Themes count scored answers with comments: bands add up, mentions are of them',
    'dagster': {'ref': {'name': 'feedback_themes'}},
}) }}

with answers as (

    select
        response_key,
        metric,
        cast({{ dbt.date_trunc('month', 'responded_on') }} as date) as month
    from {{ ref('survey_responses') }}
    where metric <> 'enps'

),

scored as (

    select
        answers.month,
        answers.metric,
        themes.theme,
        count(*) as comment_count,
        count(case when themes.is_mentioned then 1 end) as mention_count
    from answers
    inner join {{ ref('int_comment_themes') }} as themes
        on answers.response_key = themes.response_key
    group by answers.month, answers.metric, themes.theme

),

shown as (

    select
        month,
        metric,
        theme,
        sum(case when band = 'all' then comment_count else 0 end) as comment_count,
        sum(case when band = 'all' then mention_count else 0 end) as mention_count,
        sum(case when band <> 'all' then comment_count else 0 end) as band_comment_count,
        sum(case when band <> 'all' then mention_count else 0 end) as band_mention_count,
        max(case when mention_count > comment_count then 1 else 0 end) as has_too_many
    from {{ ref('feedback_themes') }}
    group by month, metric, theme

)

select
    coalesce(scored.month, shown.month) as month,
    coalesce(scored.metric, shown.metric) as metric,
    coalesce(scored.theme, shown.theme) as theme,
    scored.comment_count as scored_comment_count,
    scored.mention_count as scored_mention_count,
    shown.comment_count,
    shown.mention_count,
    shown.band_comment_count,
    shown.band_mention_count
from scored
full join shown
    on
        scored.month = shown.month
        and scored.metric = shown.metric
        and scored.theme = shown.theme
where
    scored.comment_count is distinct from shown.comment_count
    or scored.mention_count is distinct from shown.mention_count
    or shown.comment_count <> shown.band_comment_count
    or shown.mention_count <> shown.band_mention_count
    or shown.has_too_many = 1
