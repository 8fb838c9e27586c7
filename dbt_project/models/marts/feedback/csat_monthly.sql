{%- set dimensions = ['segment', 'country', 'channel', 'source', 'survey', 'team', 'leader'] -%}

with {{ latest_ratings() }},

months as (

    select * from {{ ref('int_months') }}

),

counted as (

    select
        month,
        {{ dimension_columns(dimensions) }},
        count(*) as asked_count,
        count(score) as response_count,
        count(case when band = 'satisfied' then 1 end) as satisfied_count,
        sum(score_100) as score_100_sum
    from ratings
    group by {{ by_dimension(['month'], dimensions) }}

),

{{ every_month(['asked_count', 'response_count', 'satisfied_count', 'score_100_sum']) }},

compared as (

    select
        every_month.*,
        {{ ratio('every_month.satisfied_count', 'every_month.response_count') }} as csat,
        {{ ratio('before.satisfied_count', 'before.response_count') }} as csat_before,
        {{ share_change_z(
            'every_month.satisfied_count',
            'every_month.response_count',
            'before.satisfied_count',
            'before.response_count',
        ) }} as csat_change_z
    from every_month
    {{ join_month_before() }}

),

final as (

    select
        month,
        dimension,
        dimension_value,
        asked_count,
        response_count,
        satisfied_count,
        csat,
        {{ wilson_low('satisfied_count', 'response_count') }} as csat_low,
        {{ wilson_high('satisfied_count', 'response_count') }} as csat_high,
        {{ ratio('score_100_sum', 'response_count') }} as mean_score_100,
        csat - csat_before as csat_change,
        {{ two_sided_p_value('csat_change_z') }} as csat_change_p_value,
        {{ ratio('response_count', 'asked_count') }} as response_rate,
        is_partial_month
    from compared

)

select * from final
