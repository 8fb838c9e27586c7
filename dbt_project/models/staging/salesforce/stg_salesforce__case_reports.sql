{{ config(materialized='view') }}

-- A view: no model reads it yet. A report names no case by its id and holds what its author chose.
with {{ latest_version(source('salesforce', 'case_report'), 'case_number') }},

final as (

    select
        case_number,
        contact_email_pseudonym as email_pseudonym,
        date_time_opened as opened_at,
        date_time_closed as closed_at,
        status,
        age_hours,
        csat_score,
        delivered_on
    from latest
    where date_time_opened < {{ as_of_end() }}

)

select * from final
