-- One row per source and kind of id: how many of its records found their customer, and how.
with identities as (

    select * from {{ ref('customer_identities') }}

),

counted as (

    select
        source,
        id_kind,
        count(*) as id_count,
        count(customer_key) as resolved_count,
        sum(case when rule = 'own_id' or rule = 'merged' then 1 else 0 end) as own_id_count,
        sum(case when rule = 'foreign_id' then 1 else 0 end) as foreign_id_count,
        sum(case when rule = 'document' then 1 else 0 end) as document_count,
        sum(case when rule = 'email' then 1 else 0 end) as email_count,
        sum(case when rule = 'shared_mailbox' then 1 else 0 end) as shared_mailbox_count,
        sum(case when rule = 'unresolved' then 1 else 0 end) as unresolved_count,
        count(conflicting_customer_key) as conflict_count
    from identities
    group by source, id_kind

),

final as (

    select
        source,
        id_kind,
        id_count,
        resolved_count,
        {{ ratio('resolved_count', 'id_count') }} as coverage,
        cast(own_id_count as bigint) as own_id_count,
        cast(foreign_id_count as bigint) as foreign_id_count,
        cast(document_count as bigint) as document_count,
        cast(email_count as bigint) as email_count,
        cast(shared_mailbox_count as bigint) as shared_mailbox_count,
        cast(unresolved_count as bigint) as unresolved_count,
        conflict_count
    from counted

)

select * from final
