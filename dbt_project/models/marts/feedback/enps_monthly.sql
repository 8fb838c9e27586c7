{%- set dimensions = ['team', 'leader'] -%}
{%- set fewest = 5 -%}

-- One row per month, dimension and dimension value: what employees say, in groups of five or more.
-- Nor can a smaller group be had by subtraction: what can be is a union of sets of answers that are
-- in the same shown rows, and each of these sets has five or more.
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

parts as (

    select
        month,
        {{ not_set('leader') }} as leader,
        {{ not_set('team') }} as team,
        count(*) as response_count
    from scores
    group by month, leader, team

),

leaders as (

    select
        month,
        leader,
        sum(response_count) as response_count
    from parts
    group by month, leader

),

-- Smallest first, so that where the hidden gave 1 to 4 together, the next one is hidden with them.
-- Names break ties, so that a rerun hides the same.
ranked_leaders as (

    select
        month,
        leader,
        response_count,
        coalesce(
            sum(response_count) over (
                partition by month
                order by response_count, leader
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as smaller_count
    from leaders

),

shown_leaders as (

    select
        month,
        leader
    from ranked_leaders
    where
        response_count >= {{ fewest }}
        and (smaller_count = 0 or smaller_count >= {{ fewest }})

),

-- What a team is subtracted from: its leader where he is shown, else (NULL) all less the shown.
parts_of_wholes as (

    select
        parts.month,
        parts.team,
        shown_leaders.leader as whole,
        sum(parts.response_count) as response_count
    from parts
    left join shown_leaders
        on parts.month = shown_leaders.month and parts.leader = shown_leaders.leader
    group by parts.month, parts.team, shown_leaders.leader

),

-- A team that changed its leader is in two wholes, and either part of it can be had.
measured_parts as (

    select
        *,
        min(response_count) over (partition by month, team) >= {{ fewest }} as is_large
    from parts_of_wholes

),

ranked_parts as (

    select
        month,
        team,
        is_large,
        coalesce(
            sum(response_count) over (
                partition by month, whole
                order by is_large, response_count, team
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as smaller_count
    from measured_parts

),

shown_teams as (

    select
        month,
        team
    from ranked_parts
    group by month, team
    having
        count(*) = count(
            case
                when is_large and (smaller_count = 0 or smaller_count >= {{ fewest }}) then 1
            end
        )

),

shown_groups as (

    select
        month,
        'all' as dimension,
        'all' as dimension_value
    from scores
    group by month
    having count(*) >= {{ fewest }}
    union all
    select
        month,
        'leader' as dimension,
        leader as dimension_value
    from shown_leaders
    union all
    select
        month,
        'team' as dimension,
        team as dimension_value
    from shown_teams

),

{{ every_month(['response_count', 'promoter_count', 'passive_count', 'detractor_count']) }},

compared as (

    select
        every_month.*,
        shown_groups.month is not null as is_shown,
        shown_before.month is not null as is_before_shown,
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
    left join shown_groups
        on
            every_month.month = shown_groups.month
            and every_month.dimension = shown_groups.dimension
            and every_month.dimension_value = shown_groups.dimension_value
    left join shown_groups as shown_before
        on
            before.month = shown_before.month
            and before.dimension = shown_before.dimension
            and before.dimension_value = shown_before.dimension_value

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
