{%- set dimensions = ['team', 'leader'] -%}
{%- set fewest = 5 -%}

-- One row per month, dimension and dimension value: what employees say, in groups of five or more.
with scores as (

    select
        *,
        responded_month as month
    from {{ ref('int_survey_scores') }}
    where metric = 'enps' and score is not null

),

months as (

    select * from {{ ref('int_months') }}

),

counted as (

    select
        month,
        {{ dimension_columns(dimensions) }},
        count(*) as response_count,
        count(case when band = 'promoter' then 1 end) as promoter_count,
        count(case when band = 'passive' then 1 end) as passive_count,
        count(case when band = 'detractor' then 1 end) as detractor_count
    from scores
    group by {{ by_dimension(['month'], dimensions) }}

),

{{ every_month(['response_count', 'promoter_count', 'passive_count', 'detractor_count']) }},

compared as (

    select
        every_month.*,
        every_month.response_count >= {{ fewest }} as is_shown,
        before.response_count >= {{ fewest }} as is_before_shown,
        {{ nps(
            'every_month.promoter_count',
            'every_month.detractor_count',
            'every_month.response_count',
        ) }} as enps,
        {{ nps('before.promoter_count', 'before.detractor_count', 'before.response_count') }}
            as enps_before,
        {{ nps_low(
            'every_month.promoter_count',
            'every_month.detractor_count',
            'every_month.response_count',
        ) }} as enps_low,
        {{ nps_high(
            'every_month.promoter_count',
            'every_month.detractor_count',
            'every_month.response_count',
        ) }} as enps_high,
        {{ nps_change_z(
            'every_month.promoter_count',
            'every_month.detractor_count',
            'every_month.response_count',
            'before.promoter_count',
            'before.detractor_count',
            'before.response_count',
        ) }} as enps_change_z
    from every_month
    {{ join_month_before() }}

),

final as (

    select
        month,
        dimension,
        dimension_value,
        response_count,
        case when is_shown then promoter_count end as promoter_count,
        case when is_shown then passive_count end as passive_count,
        case when is_shown then detractor_count end as detractor_count,
        case when is_shown then enps end as enps,
        case when is_shown then enps_low end as enps_low,
        case when is_shown then enps_high end as enps_high,
        case when is_shown and is_before_shown then enps - enps_before end as enps_change,
        case when is_shown and is_before_shown then {{ two_sided_p_value('enps_change_z') }} end
            as enps_change_p_value,
        response_count > 0 and not is_shown as is_suppressed,
        is_partial_month
    from compared

)

select * from final
