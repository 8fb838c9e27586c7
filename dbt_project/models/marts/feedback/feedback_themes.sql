-- One row per month, metric (for ces: and scale), band and theme.
with scores as (

    select
        response_key,
        responded_month as month,
        metric,
        -- Answers on two scales, or turned two ways, are two different questions.
        case
            when metric = 'ces'
                then
                    scale_min || '-' || scale_max
                    || case when is_higher_better then '' else ', low is good' end
        end as scale,
        band,
        score_100,
        case when band in ('promoter', 'satisfied', 'easy') then 1 else 0 end as is_best,
        case when band = 'detractor' then 1 else 0 end as is_detractor
    from {{ ref('int_survey_scores') }}
    -- Of the few employees of a group it would tell who wrote.
    where score is not null and metric <> 'enps'

),

themes as (

    select * from {{ ref('int_comment_themes') }}

),

months as (

    select * from {{ ref('int_months') }}

),

counted as (

    select
        scores.month,
        scores.metric,
        scores.scale,
        case when grouping(scores.band) = 0 then scores.band else 'all' end as band,
        themes.theme,
        count(*) as comment_count,
        count(case when themes.is_mentioned then 1 end) as mention_count,
        sum(scores.is_best) as best_count,
        sum(scores.is_detractor) as detractor_count,
        sum(case when themes.is_mentioned then scores.is_best else 0 end) as mention_best_count,
        sum(case when themes.is_mentioned then scores.is_detractor else 0 end)
            as mention_detractor_count,
        sum(case when themes.is_mentioned then scores.score_100 end) as mention_score_100_sum
    from scores
    inner join themes on scores.response_key = themes.response_key
    group by
        grouping sets (
            (scores.month, scores.metric, scores.scale, themes.theme),
            (scores.month, scores.metric, scores.scale, themes.theme, scores.band)
        )

),

final as (

    select
        counted.month,
        counted.metric,
        counted.scale,
        counted.band,
        counted.theme,
        counted.comment_count,
        counted.mention_count,
        {{ ratio('counted.mention_count', 'counted.comment_count') }} as mention_share,
        {{ wilson_low('counted.mention_count', 'counted.comment_count') }} as mention_share_low,
        {{ wilson_high('counted.mention_count', 'counted.comment_count') }} as mention_share_high,
        case
            when counted.band <> 'all' then null
            when counted.metric = 'nps'
                then
                    {{ nps(
                        'counted.mention_best_count',
                        'counted.mention_detractor_count',
                        'counted.mention_count',
                    ) }}
            else {{ ratio('counted.mention_best_count', 'counted.mention_count') }}
        end as mention_score,
        case
            when counted.band <> 'all' then null
            when counted.metric = 'nps'
                then
                    {{ nps(
                        'counted.best_count', 'counted.detractor_count', 'counted.comment_count'
                    ) }}
            else {{ ratio('counted.best_count', 'counted.comment_count') }}
        end as comment_score,
        {{ ratio('counted.mention_score_100_sum', 'counted.mention_count') }}
            as mention_mean_score_100,
        months.is_partial_month
    from counted
    left join months on counted.month = months.month

)

select * from final
