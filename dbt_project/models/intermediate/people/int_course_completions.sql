-- One row per training provider, course and learner: when they first completed it.
with transcripts as (

    select *
    from {{ ref('stg_cornerstone__transcripts') }}
    where is_completed

),

moodle as (

    select *
    from {{ ref('stg_moodle__course_completions') }}
    where completed_at is not null

),

users as (

    select * from {{ ref('stg_salesforce__users') }}

),

{{ user_emails('users') }},

employees as (

    select
        employees.employee_id,
        user_emails.user_id as agent_id
    from {{ ref('stg_hr__employees') }} as employees
    inner join user_emails on employees.email_pseudonym = user_emails.email_pseudonym

),

completions as (

    select
        'cornerstone' as training_provider,
        training_object_id as course_id,
        training_title as course,
        user_id,
        email_pseudonym,
        completed_on,
        delivered_on
    from transcripts
    union all
    select
        'moodle' as training_provider,
        course as course_id,
        course,
        user_id,
        email_pseudonym,
        cast(completed_at as date) as completed_on,
        delivered_on
    from moodle

),

-- A course goes by what it was called last; of two names of one day, the first by the alphabet.
ranked_names as (

    select
        training_provider,
        course_id,
        course,
        row_number() over (
            partition by training_provider, course_id
            order by delivered_on desc, course asc
        ) as name_rank
    from completions

),

-- So does a person by the latest address; of two of one day, the first one that is known. Whoever
-- has none there may have one in HR's list, which Cornerstone's ids of users are numbers of.
ranked_addresses as (

    select
        completions.training_provider,
        completions.user_id,
        coalesce(user_emails.user_id, employees.agent_id) as agent_id,
        row_number() over (
            partition by completions.training_provider, completions.user_id
            order by
                completions.delivered_on desc,
                case
                    when coalesce(user_emails.user_id, employees.agent_id) is null then 1
                    else 0
                end asc,
                coalesce(user_emails.user_id, employees.agent_id) asc
        ) as address_rank
    from completions
    left join user_emails on completions.email_pseudonym = user_emails.email_pseudonym
    left join employees
        on
            completions.training_provider = 'cornerstone'
            and completions.email_pseudonym is null
            and completions.user_id = employees.employee_id

),

learners as (

    select
        completions.training_provider,
        completions.course_id,
        ranked_names.course,
        coalesce(ranked_addresses.agent_id, completions.user_id) as learner_id,
        ranked_addresses.agent_id,
        completions.completed_on
    from completions
    inner join ranked_names
        on
            completions.training_provider = ranked_names.training_provider
            and completions.course_id = ranked_names.course_id
            and ranked_names.name_rank = 1
    inner join ranked_addresses
        on
            completions.training_provider = ranked_addresses.training_provider
            and completions.user_id = ranked_addresses.user_id
            and ranked_addresses.address_rank = 1

),

final as (

    select
        training_provider,
        course_id,
        course,
        learner_id,
        agent_id,
        min(completed_on) as completed_on,
        count(*) as completion_count
    from learners
    group by training_provider, course_id, course, learner_id, agent_id

)

select * from final
