-- One row per moment at which a case's owner or status was set, its opening included.
with cases as (

    select * from {{ ref('stg_salesforce__cases') }}

),

history as (

    select * from {{ ref('stg_salesforce__case_history') }}

),

changes as (

    select
        history.case_change_id,
        history.case_id,
        history.changed_at,
        history.owner_id,
        history.status,
        cases.opened_at,
        -- Two changes of one second follow the vendor's ids, which grow.
        row_number() over (
            partition by history.case_id
            order by history.changed_at, history.case_change_id
        ) as change_number
    from history
    inner join cases on history.case_id = cases.case_id

),

-- A case without history has had its present owner and status from the start.
without_history as (

    select
        cases.case_id as case_change_id,
        cases.case_id,
        cases.opened_at as changed_at,
        cases.owner_id,
        cases.status,
        1 as change_number
    from cases
    left join history on cases.case_id = history.case_id
    where history.case_id is null

),

final as (

    select
        case_id,
        change_number,
        -- The first change tells how the case came in.
        case when change_number = 1 then opened_at else changed_at end as changed_at,
        owner_id,
        status,
        lag(owner_id) over (partition by case_id order by change_number) as last_owner_id,
        lag(status) over (partition by case_id order by change_number) as last_status
    from changes
    union all
    select
        case_id,
        change_number,
        changed_at,
        owner_id,
        status,
        cast(null as varchar) as last_owner_id,
        cast(null as varchar) as last_status
    from without_history

)

select * from final
