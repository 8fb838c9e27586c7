{%- set dimensions = ['segment', 'country', 'channel', 'source', 'survey', 'team', 'leader'] -%}

-- One row per month, scale, dimension and dimension value.
with scores as (

    select
        *,
        responded_month as month,
        -- Answers on two scales, or turned two ways, are two different questions.
        scale_min || '-' || scale_max || case when is_higher_better then '' else ', low is good' end
            as scale
    from {{ ref('int_survey_scores') }}
    where metric = 'ces' and score is not null

),

months as (

    select * from {{ ref('int_months') }}

),

counted as (

    select
        month,
        scale,
        {{ dimension_columns(dimensions) }},
        count(*) as response_count,
        count(case when band = 'easy' then 1 end) as easy_count,
        count(case when band = 'neutral' then 1 end) as neutral_count,
        count(case when band = 'hard' then 1 end) as hard_count,
        sum(score_100) as score_100_sum
    from scores
    group by {{ by_dimension(['month', 'scale'], dimensions) }}

),

{{ every_month(
    ['response_count', 'easy_count', 'neutral_count', 'hard_count', 'score_100_sum'],
    kinds=['scale'],
) }},

compared as (

    select
        every_month.*,
        {{ ratio('every_month.easy_count', 'every_month.response_count') }} as ces,
        {{ ratio('before.easy_count', 'before.response_count') }} as ces_before,
        {{ share_change_z(
            'every_month.easy_count',
            'every_month.response_count',
            'before.easy_count',
            'before.response_count',
        ) }} as ces_change_z
    from every_month
    {{ join_month_before(kinds=['scale']) }}

),

final as (

    select
        month,
        scale,
        dimension,
        dimension_value,
        response_count,
        easy_count,
        neutral_count,
        hard_count,
        ces,
        {{ wilson_low('easy_count', 'response_count') }} as ces_low,
        {{ wilson_high('easy_count', 'response_count') }} as ces_high,
        {{ ratio('score_100_sum', 'response_count') }} as mean_score_100,
        ces - ces_before as ces_change,
        {{ two_sided_p_value('ces_change_z') }} as ces_change_p_value,
        is_partial_month
    from compared

)

select * from final
