-- One row per customer: the account, else the person, else the biller's own customer.
with links as (

    select * from {{ ref('int_customer_links') }}

),

accounts as (

    select * from {{ ref('stg_salesforce__accounts') }}

),

contacts as (

    select * from {{ ref('stg_salesforce__contacts') }}

),

companies as (

    select
        'hubspot' as source,
        company_id,
        segment,
        country,
        industry
    from {{ ref('stg_hubspot__companies') }}
    union all
    select
        'dynamics' as source,
        account_id as company_id,
        segment,
        country,
        industry
    from {{ ref('stg_dynamics__accounts') }}
    union all
    select
        'pipedrive' as source,
        organization_id as company_id,
        segment,
        country,
        industry
    from {{ ref('stg_pipedrive__organizations') }}

),

orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

shop_customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

teams as (

    select * from {{ ref('int_agent_teams') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- Exactly one link names a customer by its own id: that id says what the customer is.
customers as (

    select
        customer_key,
        min(case when rule = 'own_id' then id_kind end) as own_id_kind,
        min(case when rule = 'own_id' then source end) as own_id_source,
        min(case when rule = 'own_id' and id_kind = 'account_id' then id_value end)
            as salesforce_account_id,
        min(case when rule = 'own_id' and id_kind = 'company_id' then id_value end)
            as company_id,
        -- Several billing customers may be one customer: the smallest id stands for them.
        min(case when source = 'stripe' and id_kind = 'customer_id' then id_value end)
            as stripe_customer_id,
        min(first_seen_on) as first_seen_on
    from links
    where customer_key is not null
    group by customer_key

),

order_countries_ranked as (

    select
        links.customer_key,
        orders.country,
        row_number() over (
            partition by links.customer_key
            order by orders.ordered_at desc, orders.order_id desc
        ) as order_rank
    from orders
    inner join links
        on
            orders.order_id = links.id_value
            and links.source = 'shopify'
            and links.id_kind = 'order_id'
    where orders.country is not null

),

-- Several customers of the shop may be one customer: the smallest id speaks for them.
shop_countries_ranked as (

    select
        links.customer_key,
        shop_customers.country,
        row_number() over (
            partition by links.customer_key
            order by shop_customers.customer_id
        ) as shop_customer_rank
    from shop_customers
    inner join links
        on
            shop_customers.customer_id = links.id_value
            and links.source = 'shopify'
            and links.id_kind = 'customer_id'
    where shop_customers.country is not null

),

contact_countries_ranked as (

    select
        links.customer_key,
        contacts.country,
        row_number() over (
            partition by links.customer_key
            order by contacts.modified_at desc, contacts.contact_id desc
        ) as contact_rank
    from contacts
    inner join links
        on
            contacts.contact_id = links.id_value
            and links.source = 'salesforce'
            and links.id_kind = 'contact_id'
    where contacts.country is not null

),

final as (

    select
        customers.customer_key,
        case
            when customers.own_id_kind in ('account_id', 'company_id') then 'account'
            when customers.own_id_kind = 'customer_id' and customers.own_id_source <> 'shopify'
                then 'billing'
            else 'person'
        end as customer_kind,
        customers.salesforce_account_id,
        customers.stripe_customer_id,
        customers.first_seen_on,
        case
            when customers.salesforce_account_id is not null then accounts.segment
            else companies.segment
        end as segment,
        case
            when customers.salesforce_account_id is not null then accounts.country
            when customers.company_id is not null then companies.country
            else coalesce(
                order_countries_ranked.country,
                contact_countries_ranked.country,
                shop_countries_ranked.country
            )
        end as country,
        case
            when customers.salesforce_account_id is not null then accounts.industry
            else companies.industry
        end as industry,
        accounts.owner_agent_id,
        teams.team,
        teams.leader,
        coalesce(accounts.is_deleted, false) as is_deleted,
        accounts.deleted_on
    from customers
    cross join as_of
    left join accounts on customers.salesforce_account_id = accounts.account_id
    left join companies
        on
            customers.own_id_source = companies.source
            and customers.company_id = companies.company_id
    left join order_countries_ranked
        on
            customers.customer_key = order_countries_ranked.customer_key
            and order_countries_ranked.order_rank = 1
    left join shop_countries_ranked
        on
            customers.customer_key = shop_countries_ranked.customer_key
            and shop_countries_ranked.shop_customer_rank = 1
    left join contact_countries_ranked
        on
            customers.customer_key = contact_countries_ranked.customer_key
            and contact_countries_ranked.contact_rank = 1
    left join teams
        on
            accounts.owner_agent_id = teams.agent_id
            and {{ within('as_of.as_of', 'teams.valid_from', 'teams.valid_to') }}

)

select * from final
