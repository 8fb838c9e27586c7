-- One row per case that was not deleted.
with cases as (

    select * from {{ ref('int_cases') }}

),

scores as (

    select * from {{ ref('int_survey_scores') }}

),

case_schedules as (

    select * from {{ ref('int_case_schedules') }}

),

business_hours as (

    select * from {{ ref('int_business_hours') }}

),

reply_coverage as (

    select * from {{ ref('int_case_reply_coverage') }}

),

replies as (

    select
        replies.case_key,
        min(replies.replied_at) as first_reply_at,
        count(*) as reply_count
    from {{ ref('int_case_replies') }} as replies
    cross join reply_coverage
    -- Where e-mails no longer come and comments do, the first comment need not be the first reply.
    where cast(replies.replied_at as date) <= reply_coverage.known_through
    group by replies.case_key

),

owners as (

    select * from {{ ref('int_case_owners') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

ratings as (

    select
        case_key,
        score,
        band,
        responded_at,
        row_number() over (
            partition by case_key
            order by responded_at, response_key, question_id
        ) as rating_number,
        -- Ties as for rolling scores: the later moment, then the larger key.
        row_number() over (
            partition by case_key
            order by responded_at desc, response_key desc, question_id desc
        ) as rating_number_from_last
    from scores
    where metric = 'csat' and score is not null and case_key is not null

),

case_ratings as (

    select
        case_key,
        count(*) as rating_count,
        min(case when rating_number = 1 then score end) as first_csat,
        min(case when rating_number = 1 then band end) as first_band,
        min(case when rating_number_from_last = 1 then score end) as latest_csat,
        min(case when rating_number_from_last = 1 then band end) as latest_band,
        max(responded_at) as latest_rated_at
    from ratings
    group by case_key

),

dated as (

    select
        cases.*,
        coalesce(cases.stated_first_reply_at, replies.first_reply_at) as first_reply_at,
        -- No reply is 0 of them only where replies would have been delivered.
        case
            when cases.has_stated_replies then cases.stated_reply_count
            when cast(cases.opened_at as date) <= reply_coverage.known_through
                then coalesce(replies.reply_count, 0)
        end as reply_count,
        case
            when cases.has_stated_replies and cases.stated_reply_count is null then null
            when cases.has_stated_replies then as_of.as_of
            else reply_coverage.known_through
        end as replies_known_through,
        case
            when cases.has_stated_replies then cases.stated_reply_count is not null
            else
                coalesce(
                    cast(coalesce(cases.closed_at, cases.opened_at) as date)
                    <= reply_coverage.known_through,
                    false
                )
        end as are_all_replies_known,
        -- A closed case belongs to the team that its agent was in when it closed.
        case
            when cases.closed_at is null then as_of.as_of
            else cast(cases.closed_at as date)
        end as team_on
    from cases
    cross join as_of
    cross join reply_coverage
    left join replies on cases.case_key = replies.case_key
    where not cases.is_deleted

),

firsts as (

    select
        case_key,
        'assigned' as happening,
        first_assigned_at as happened_at
    from dated
    where first_assigned_at is not null
    union all
    select
        case_key,
        'replied' as happening,
        first_reply_at as happened_at
    from dated
    where first_reply_at is not null

),

-- Whoever closes a case need not have taken it, nor have replied first.
first_teams as (

    select
        firsts.case_key,
        max(case when firsts.happening = 'assigned' then agent_teams.team end) as first_team,
        max(case when firsts.happening = 'assigned' then agent_teams.leader end) as first_leader,
        max(case when firsts.happening = 'replied' then agent_teams.team end)
            as first_reply_team,
        max(case when firsts.happening = 'replied' then agent_teams.leader end)
            as first_reply_leader
    from firsts
    inner join owners
        on
            firsts.case_key = owners.case_key
            and {{ within('firsts.happened_at', 'owners.valid_from', 'owners.valid_to') }}
    {{ join_agent_team_then('firsts', 'owners.agent_id', 'cast(firsts.happened_at as date)') }}
    group by firsts.case_key

),

-- The schedules that each case was under, and until when on the way to its reply and its closing.
scheduled as (

    select
        dated.case_key,
        coalesce(case_schedules.schedule, 'default') as schedule,
        coalesce(case_schedules.valid_from, dated.opened_at) as held_from,
        {{ held_until('dated.first_reply_at', 'dated.opened_at', 'case_schedules') }}
            as reply_until,
        {{ held_until('dated.closed_at', 'dated.opened_at', 'case_schedules') }} as closing_until
    from dated
    left join case_schedules on dated.case_key = case_schedules.case_key
    where exists (select 1 from business_hours)

),

timed as (

    select
        scheduled.case_key,
        scheduled.reply_until,
        scheduled.closing_until,
        {{ business_seconds_until('scheduled.held_from', 'first_hours') }} as seconds_before,
        {{ business_seconds_until('scheduled.reply_until', 'reply_hours') }}
            as seconds_until_reply,
        {{ business_seconds_until('scheduled.closing_until', 'closing_hours') }}
            as seconds_until_closing
    from scheduled
    left join business_hours as first_hours
        on
            scheduled.schedule = first_hours.schedule
            and {{ utc_day('scheduled.held_from') }} = first_hours.day
    left join business_hours as reply_hours
        on
            scheduled.schedule = reply_hours.schedule
            and {{ utc_day('scheduled.reply_until') }} = reply_hours.day
    left join business_hours as closing_hours
        on
            scheduled.schedule = closing_hours.schedule
            and {{ utc_day('scheduled.closing_until') }} = closing_hours.day

),

case_business_minutes as (

    select
        case_key,
        {{ whole_minutes_of_all('seconds_until_reply - seconds_before', 'reply_until') }}
            as first_reply_business_minutes,
        {{ whole_minutes_of_all('seconds_until_closing - seconds_before', 'closing_until') }}
            as resolution_business_minutes
    from timed
    group by case_key

),

final as (

    select
        dated.case_key,
        dated.source,
        dated.case_number,
        dated.customer_key,
        {{ agent_key('dated.agent_id') }} as agent_key,
        agent_teams.team,
        agent_teams.leader,
        first_teams.first_team,
        first_teams.first_leader,
        first_teams.first_reply_team,
        first_teams.first_reply_leader,
        {{ held_then('segment') }} as segment,
        {{ held_then('country') }} as country,
        dated.channel,
        dated.case_type,
        dated.reason,
        dated.priority,
        dated.status,
        dated.is_closed,
        dated.opened_at,
        cast(dated.opened_at as date) as opened_on,
        dated.closed_at,
        cast(dated.closed_at as date) as closed_on,
        dated.first_assigned_at,
        dated.first_touched_at,
        {{ whole_minutes('dated.opened_at', 'dated.first_touched_at') }} as first_touch_minutes,
        dated.first_reply_at,
        {{ whole_minutes('dated.opened_at', 'dated.first_reply_at') }} as first_reply_minutes,
        coalesce(
            dated.first_reply_business_minutes, case_business_minutes.first_reply_business_minutes
        ) as first_reply_business_minutes,
        {{ whole_minutes('dated.opened_at', 'dated.closed_at') }} as resolution_minutes,
        coalesce(
            dated.resolution_business_minutes, case_business_minutes.resolution_business_minutes
        ) as resolution_business_minutes,
        cast(dated.reply_count as integer) as reply_count,
        dated.replies_known_through,
        dated.reopen_count,
        dated.transfer_count,
        dated.is_escalated,
        case
            when not dated.is_closed or not dated.are_all_replies_known then null
            when dated.reopen_count > 0 or dated.transfer_count > 0 then false
            -- Solved without a written reply (by phone, or nothing to solve): nobody can tell.
            when dated.reply_count > 1 then false
            when dated.reply_count = 1 then dated.reopen_count = 0 and dated.transfer_count = 0
        end as is_first_contact_resolved,
        dated.sla_due_at,
        case
            when dated.sla_due_at is null then null
            when dated.closed_at is not null then dated.closed_at <= dated.sla_due_at
            -- An open case has missed its time, or may still keep it; of one that is closed, nobody
            -- knows since when, neither can be told.
            when not dated.is_closed and dated.sla_due_at < {{ as_of_end() }} then false
        end as is_sla_met,
        coalesce(case_ratings.rating_count, 0) as rating_count,
        case_ratings.first_csat,
        case_ratings.latest_csat,
        case_ratings.latest_band as latest_csat_band,
        case_ratings.latest_rated_at,
        case_ratings.first_band = 'satisfied' and case_ratings.latest_band = 'dissatisfied'
            as csat_went_bad,
        case_ratings.first_band = 'dissatisfied' and case_ratings.latest_band = 'satisfied'
            as csat_went_good
    from dated
    {{ join_customer_then('dated', 'dated.opened_at') }}
    {{ join_agent_team_then('dated', 'dated.agent_id', 'dated.team_on') }}
    left join first_teams on dated.case_key = first_teams.case_key
    left join case_ratings on dated.case_key = case_ratings.case_key
    left join case_business_minutes on dated.case_key = case_business_minutes.case_key

)

select * from final
