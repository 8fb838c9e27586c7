-- One row per response and scored question of its survey. `score` and `band` are NULL where the
-- question was asked and not answered; whoever counts scores filters on `score is not null`.
with answers as (

    select * from {{ ref('int_survey_answers') }}

),

questions as (

    select * from {{ ref('int_survey_questions') }}

),

choices as (

    select * from {{ ref('int_survey_choices') }}

),

links as (

    select *
    from {{ ref('int_customer_links') }}
    where id_kind = 'response_id'

),

-- Numbers are unique in one desk; were they not, the newest case would own the number.
ranked_cases as (

    select
        source,
        case_number,
        case_key,
        row_number() over (
            partition by source, case_number
            order by opened_at desc, case_id desc
        ) as case_rank
    from {{ ref('int_cases') }}

),

-- A survey tells a case's number and not whose it is: one that two desks gave means none.
numbered_cases as (

    select
        case_number,
        min(case_key) as case_key
    from ranked_cases
    where case_rank = 1
    group by case_number
    having count(*) = 1

),

owners as (

    select * from {{ ref('int_case_owners') }}

),

tidied as (

    select
        *,
        {{ without_formula_guard('answer') }} as cell
    from answers

),

-- Landing validated the answers against the questions declared then; questions declared since are
-- held to their scale here, and a test lists what breaks it.
scored as (

    select
        tidied.*,
        questions.question,
        questions.metric,
        questions.scale_min,
        questions.scale_max,
        questions.top_boxes,
        questions.is_higher_better,
        questions.is_declared,
        coalesce(choices.score, {{ whole_number('tidied.cell') }}) as answered_score
    from tidied
    inner join questions
        on
            tidied.source = questions.source
            and tidied.survey = questions.survey
            and tidied.question_id = questions.question_id
    left join choices
        on
            tidied.source = choices.source
            and tidied.survey = choices.survey
            and tidied.question_id = choices.question_id
            and tidied.cell = choices.label

),

-- Points run from 0, the worst answer, to the scale's range, the best, whichever way it is turned.
pointed as (

    select
        *,
        case when answered_score between scale_min and scale_max then answered_score end as score,
        scale_max - scale_min as scale_range,
        case
            when answered_score not between scale_min and scale_max then null
            when is_higher_better then answered_score - scale_min
            else scale_max - answered_score
        end as points
    from scored

),

-- The best answers are those declared, else the scale's usual ones: by its size for satisfaction,
-- all above its middle for effort (5 to 7 of 7, 4 and 5 of 5). A size without usual ones stays
-- NULL, and a test asks to declare its top boxes.
judged as (

    select
        *,
        case
            when top_boxes is not null then {{ is_listed('score', 'top_boxes') }}
            when metric = 'ces' then 2 * points > scale_range
            when scale_range + 1 in (2, 3) then points = scale_range
            when scale_range + 1 in (4, 5, 6, 7, 10) then points >= scale_range - 1
        end as is_top_box
    from pointed

),

banded as (

    select
        *,
        -- Decimal, because sums of floats differ from run to run.
        cast(cast(100 as double) * points / scale_range as decimal(15, 12)) as score_100,
        case
            when metric in ('nps', 'enps') and score >= 9 then 'promoter'
            when metric in ('nps', 'enps') and score >= 7 then 'passive'
            when metric in ('nps', 'enps') and score >= 0 then 'detractor'
            when metric = 'csat' and is_top_box then 'satisfied'
            when metric = 'csat' and not is_top_box then 'dissatisfied'
            when metric = 'ces' and is_top_box then 'easy'
            when metric = 'ces' and 2 * points = scale_range then 'neutral'
            when metric = 'ces' and not is_top_box then 'hard'
        end as band
    from judged

),

-- Employees answer for themselves: no customer, no case, no agent beside their answers.
with_people as (

    select
        banded.*,
        case when banded.metric <> 'enps' then links.customer_key end as customer_key,
        case
            when banded.metric <> 'enps'
                then coalesce(own_cases.case_key, numbered_cases.case_key)
        end as case_key
    from banded
    left join links
        on banded.source = links.source and banded.response_id = links.id_value
    -- A desk's own rating is about its own case.
    left join ranked_cases as own_cases
        on
            banded.source = own_cases.source
            and banded.case_number = own_cases.case_number
            and own_cases.case_rank = 1
    left join numbered_cases on banded.case_number = numbered_cases.case_number

),

-- The agent credited had the case when it was rated, not when it was closed.
with_agents as (

    select
        with_people.*,
        cast(with_people.responded_at as date) as responded_on,
        owners.agent_id,
        -- Whose team the answer is about: the employee's own, the agent's, or the account owner's.
        case
            when with_people.metric = 'enps' then with_people.external_reference
            when with_people.case_key is not null then owners.agent_id
        end as team_agent_id
    from with_people
    left join owners
        on
            with_people.case_key = owners.case_key
            and {{ within('with_people.responded_at', 'owners.valid_from', 'owners.valid_to') }}

),

final as (

    select
        {{ dbt.hash("with_agents.response_key || '|' || with_agents.question_id") }} as score_key,
        with_agents.response_key,
        with_agents.customer_key,
        with_agents.source,
        with_agents.survey,
        with_agents.question_id,
        with_agents.question,
        with_agents.metric,
        with_agents.answer,
        with_agents.score,
        with_agents.scale_min,
        with_agents.scale_max,
        with_agents.is_higher_better,
        with_agents.score_100,
        with_agents.band,
        with_agents.responded_at,
        with_agents.responded_on,
        cast({{ dbt.date_trunc('month', 'with_agents.responded_on') }} as date) as responded_month,
        with_agents.channel,
        with_agents.language,
        with_agents.is_finished,
        with_agents.case_key,
        {{ agent_key('with_agents.agent_id') }} as agent_key,
        with_agents.agent_id,
        case
            when with_agents.metric = 'enps' or with_agents.case_key is not null
                then agent_teams.team
            else {{ held_then('team') }}
        end as team,
        case
            when with_agents.metric = 'enps' or with_agents.case_key is not null
                then agent_teams.leader
            else {{ held_then('leader') }}
        end as leader,
        {{ held_then('segment') }} as segment,
        {{ held_then('country') }} as country
    from with_agents
    {{ join_customer_then('with_agents', 'with_agents.responded_at') }}
    {{ join_agent_team_then(
        'with_agents', 'with_agents.team_agent_id', 'with_agents.responded_on'
    ) }}

)

select * from final
