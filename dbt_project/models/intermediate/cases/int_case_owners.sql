-- One row per case and span in which one agent had it: [valid_from, valid_to), open when NULL.
-- While a queue holds the case nobody has it, and there is no row.
with changes as (

    select * from {{ ref('int_case_changes') }}

),

handovers as (

    select *
    from changes
    where change_number = 1 or owner_id is distinct from last_owner_id

),

spans as (

    select
        case_id,
        owner_id,
        changed_at as valid_from,
        lead(changed_at) over (partition by case_id order by change_number) as valid_to
    from handovers

),

final as (

    select
        {{ surrogate_key('salesforce', 'case', 'case_id') }} as case_key,
        owner_id as agent_id,
        valid_from,
        valid_to
    from spans
    where
        {{ is_agent('owner_id') }}
        -- Two handovers in one moment leave the first without a span.
        and (valid_to is null or valid_from < valid_to)

)

select * from final
