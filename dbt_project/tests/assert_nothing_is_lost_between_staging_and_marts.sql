{{ config(meta={
    'description': 'Every case, deal and subscription staged is in its model, every customer known',
    'dagster': {'ref': {'name': 'customers'}},
}) }}

with counts as (

    select
        'cases' as what,
        (
            (select count(*) from {{ ref('stg_salesforce__cases') }})
            + (select count(*) from {{ ref('stg_zendesk__tickets') }})
            + (select count(*) from {{ ref('stg_freshdesk__tickets') }})
            + (select count(*) from {{ ref('stg_hubspot__tickets') }})
            + (select count(*) from {{ ref('stg_dynamics__cases') }})
            + (select count(*) from {{ ref('stg_intercom__conversations') }})
        ) as count_in,
        (select count(*) from {{ ref('int_cases') }}) as count_out
    union all
    select
        'cases not deleted' as what,
        (
            select count(*)
            from (
                select is_deleted from {{ ref('stg_salesforce__cases') }}
                union all
                select is_deleted from {{ ref('stg_zendesk__tickets') }}
                union all
                select is_deleted from {{ ref('stg_freshdesk__tickets') }}
                union all
                select is_deleted from {{ ref('stg_hubspot__tickets') }}
                union all
                select is_deleted from {{ ref('stg_dynamics__cases') }}
                union all
                select is_deleted from {{ ref('stg_intercom__conversations') }}
            ) as staged
            where not is_deleted
        ) as count_in,
        (select count(*) from {{ ref('support_cases') }}) as count_out
    union all
    select
        'deals' as what,
        (
            (
                select count(*)
                from {{ ref('stg_salesforce__opportunities') }}
                where not is_deleted
            )
            + (select count(*) from {{ ref('stg_hubspot__deals') }})
            + (
                select count(*)
                from {{ ref('stg_pipedrive__deals') }}
                where not is_deleted
            )
        ) as count_in,
        (select count(*) from {{ ref('int_deals') }}) as count_out
    union all
    select
        'deals closed, once in each of six breakdowns' as what,
        (
            select 6 * count(*)
            from {{ ref('int_deals') }}
            where closes_on <= {{ as_of() }} and outcome is distinct from 'open'
        ) as count_in,
        (
            select coalesce(sum(won_count + lost_count + undeclared_count), 0)
            from {{ ref('deals_monthly') }}
        ) as count_out
    union all
    select
        'subscriptions' as what,
        (
            (select count(*) from {{ ref('stg_stripe__subscriptions') }})
            + (select count(*) from {{ ref('stg_chargebee__subscriptions') }})
        ) as count_in,
        (select count(*) from {{ ref('int_subscriptions') }}) as count_out
    union all
    select
        'customers named by a link' as what,
        (select count(distinct customer_key) from {{ ref('int_customer_links') }}) as count_in,
        (select count(*) from {{ ref('customers') }}) as count_out
    union all
    select
        'customers with history' as what,
        (select count(*) from {{ ref('customers') }}) as count_in,
        (
            select count(distinct history.customer_key)
            from {{ ref('customers_history') }} as history
            inner join {{ ref('customers') }} as customers
                on history.customer_key = customers.customer_key
        ) as count_out

)

select *
from counts
where count_in <> count_out
