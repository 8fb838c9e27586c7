{%- set dimensions = ['team', 'leader'] -%}
{%- set fewest = 5 -%}

-- One row per month, dimension and dimension value: what employees say, in groups of five or more.
-- What is shown must not tell the rest by subtraction: whatever is withheld, of all and of each
-- leader's, is of five answers or more as well.
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

cells as (

    select
        month,
        {{ not_set('team') }} as team,
        {{ not_set('leader') }} as leader,
        count(*) as response_count
    from scores
    group by month, {{ not_set('team') }}, {{ not_set('leader') }}

),

leaders as (

    select
        month,
        leader,
        sum(response_count) as response_count,
        sum(response_count) < {{ fewest }} as is_small
    from cells
    group by month, leader

),

ranked_leaders as (

    select
        *,
        sum(case when is_small then response_count else 0 end) over (partition by month)
            as withheld_count,
        row_number() over (
            partition by month, is_small
            order by response_count, leader
        ) as size_rank
    from leaders

),

withheld_leaders as (

    select
        month,
        leader
    from ranked_leaders
    where is_small or (withheld_count between 1 and {{ fewest - 1 }} and size_rank = 1)

),

-- A team that had two leaders in the month would tell of the teams of both.
teams as (

    select
        cells.month,
        cells.team,
        min(cells.leader) as leader,
        sum(cells.response_count) as response_count,
        sum(cells.response_count) < {{ fewest }}
        or count(*) > 1
        or count(withheld_leaders.leader) > 0 as is_withheld
    from cells
    left join withheld_leaders
        on cells.month = withheld_leaders.month and cells.leader = withheld_leaders.leader
    group by cells.month, cells.team

),

withheld_of_leaders as (

    select
        cells.month,
        cells.leader,
        sum(cells.response_count) as withheld_count
    from cells
    inner join teams on cells.month = teams.month and cells.team = teams.team
    where teams.is_withheld
    group by cells.month, cells.leader

),

ranked_teams as (

    select
        teams.month,
        teams.team,
        teams.is_withheld,
        withheld_of_leaders.withheld_count,
        row_number() over (
            partition by teams.month, teams.leader, teams.is_withheld
            order by teams.response_count, teams.team
        ) as size_rank
    from teams
    left join withheld_of_leaders
        on teams.month = withheld_of_leaders.month and teams.leader = withheld_of_leaders.leader

),

withheld as (

    select
        month,
        'leader' as dimension,
        leader as dimension_value
    from withheld_leaders
    union all
    select
        month,
        'team' as dimension,
        team as dimension_value
    from ranked_teams
    where is_withheld or (withheld_count between 1 and {{ fewest - 1 }} and size_rank = 1)

),

grouped as (

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

counted as (

    select
        grouped.*,
        case
            when withheld.month is not null or grouped.response_count < {{ fewest }} then 0
            else grouped.response_count
        end as shown_count
    from grouped
    left join withheld
        on
            grouped.month = withheld.month
            and grouped.dimension = withheld.dimension
            and grouped.dimension_value = withheld.dimension_value

),

{{ every_month([
    'response_count', 'promoter_count', 'passive_count', 'detractor_count', 'shown_count',
]) }},

compared as (

    select
        every_month.*,
        every_month.shown_count > 0 as is_shown,
        before.shown_count > 0 as is_before_shown,
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
