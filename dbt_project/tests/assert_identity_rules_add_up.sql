-- Every id was found by one rule or by none, every link is an identity, each counts once in the
-- coverage, and every customer has one.
select
    'coverage' as what,
    sum(id_count) as id_count,
    sum(
        own_id_count + foreign_id_count + document_count + email_count + shared_mailbox_count
        + unresolved_count
    ) as other_count
from {{ ref('identity_coverage') }}
having id_count <> other_count
union all
select
    'identities' as what,
    (select count(*) from {{ ref('customer_identities') }}) as id_count,
    (select coalesce(sum(id_count), 0) from {{ ref('identity_coverage') }}) as other_count
where id_count <> other_count
union all
select
    'customers' as what,
    (
        select count(distinct customer_key)
        from {{ ref('customer_identities') }}
    ) as id_count,
    (select count(*) from {{ ref('customers') }}) as other_count
where id_count <> other_count
union all
select
    'links' as what,
    (select count(*) from {{ ref('customer_identities') }}) as id_count,
    (select count(*) from {{ ref('int_customer_links') }}) as other_count
where id_count <> other_count
