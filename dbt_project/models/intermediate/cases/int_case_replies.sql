-- One row per public reply of an agent to a case of the CRM; other desks state their counts.
with cases as (

    select *
    from {{ ref('int_cases') }}
    where source = 'salesforce'

),

comments as (

    select * from {{ ref('stg_salesforce__case_comments') }}

),

emails as (

    select * from {{ ref('stg_salesforce__email_messages') }}

),

-- Portal users and automations have user ids too, and another type; staff's is Standard.
outsiders as (

    select user_id
    from {{ ref('stg_salesforce__users') }}
    where user_type <> 'Standard' or contact_id is not null

),

written as (

    select
        'email' as reply_kind,
        email_id as reply_id,
        case_id,
        created_by_user_id as author_id,
        created_at as recorded_at,
        sent_at as replied_at,
        is_bounced
    from emails
    where is_sent
    union all
    select
        'comment' as reply_kind,
        comment_id as reply_id,
        case_id,
        created_by_user_id as author_id,
        created_at as recorded_at,
        created_at as replied_at,
        false as is_bounced
    from comments
    where is_published

),

written_by_agents as (

    select
        written.*,
        cases.case_key
    from written
    inner join cases on written.case_id = cases.case_id
    left join outsiders on written.author_id = outsiders.user_id
    where
        {{ is_agent('written.author_id') }}
        and outsiders.user_id is null
        and cases.opened_at <= written.replied_at
        and written.replied_at < {{ as_of_end() }}

),

email_moments as (

    select
        case_key,
        recorded_at as happened_at
    from written_by_agents
    where reply_kind = 'email'
    union distinct
    select
        case_key,
        replied_at as happened_at
    from written_by_agents
    where reply_kind = 'email'

),

numbered as (

    select
        written_by_agents.*,
        row_number() over (
            partition by written_by_agents.case_key, written_by_agents.replied_at
            order by written_by_agents.reply_id
        ) as number_in_moment
    from written_by_agents
    left join email_moments
        on
            written_by_agents.case_key = email_moments.case_key
            and written_by_agents.replied_at = email_moments.happened_at
    -- Where each e-mail makes a comment as well, one reply is recorded twice: the e-mail counts. Of
    -- one that bounced neither does, as it reached nobody.
    where
        not written_by_agents.is_bounced
        and (written_by_agents.reply_kind = 'email' or email_moments.case_key is null)

),

final as (

    select
        case_key,
        reply_id,
        reply_kind,
        author_id as agent_id,
        replied_at
    from numbered
    where number_in_moment = 1

)

select * from final
