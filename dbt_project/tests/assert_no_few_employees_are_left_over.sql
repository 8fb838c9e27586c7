{{ config(meta={
    'description': 'No group under five answers can be had by subtracting rows of enps_monthly',
    'dagster': {'ref': {'name': 'enps_monthly'}},
}) }}

-- Whatever is computed from shown rows weighs answers alike that are in the same ones. Leaders and
-- teams may cross in any way: the test takes nothing of the mart's rule for granted.
with shown as (

    select
        month,
        dimension,
        dimension_value
    from {{ ref('enps_monthly') }}
    where not is_suppressed and response_count > 0

),

answers as (

    select
        responded_month as month,
        {{ not_set('team') }} as team,
        {{ not_set('leader') }} as leader
    from {{ ref('int_survey_scores') }}
    where metric = 'enps' and score is not null

)

select
    answers.month,
    leaders.dimension_value as shown_leader,
    teams.dimension_value as shown_team,
    count(*) as answer_count
from answers
left join shown as wholes on answers.month = wholes.month and wholes.dimension = 'all'
left join shown as leaders
    on
        answers.month = leaders.month
        and leaders.dimension = 'leader'
        and answers.leader = leaders.dimension_value
left join shown as teams
    on
        answers.month = teams.month
        and teams.dimension = 'team'
        and answers.team = teams.dimension_value
-- What is in no shown row at all isn't told by any.
where coalesce(wholes.month, leaders.month, teams.month) is not null
group by answers.month, leaders.dimension_value, teams.dimension_value
having count(*) < 5
