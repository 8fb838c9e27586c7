-- One row per id by which a source, or anybody, may name a customer.
with accounts as (

    select * from {{ ref('stg_salesforce__accounts') }}

),

merged_accounts as (

    select * from {{ ref('int_merged_accounts') }}

),

contacts as (

    select * from {{ ref('stg_salesforce__contacts') }}

),

merged_contacts as (

    select * from {{ ref('int_merged_contacts') }}

),

cases as (

    select * from {{ ref('stg_salesforce__cases') }}

),

-- What further CRMs know: companies, their people, and cases.
crm_companies as (

    select
        'hubspot' as source,
        company_id,
        salesforce_account_id,
        merged_company_ids,
        created_at
    from {{ ref('stg_hubspot__companies') }}
    union all
    select
        'dynamics' as source,
        account_id as company_id,
        cast(null as varchar) as salesforce_account_id,
        cast(null as varchar[]) as merged_company_ids,
        created_at
    from {{ ref('stg_dynamics__accounts') }}
    union all
    select
        'pipedrive' as source,
        organization_id as company_id,
        cast(null as varchar) as salesforce_account_id,
        cast(null as varchar[]) as merged_company_ids,
        created_at
    from {{ ref('stg_pipedrive__organizations') }}

),

crm_contacts as (

    select
        'hubspot' as source,
        contact_id,
        company_id,
        salesforce_contact_id,
        merged_contact_ids,
        email_pseudonym,
        created_at
    from {{ ref('stg_hubspot__contacts') }}
    union all
    select
        'dynamics' as source,
        contact_id,
        account_id as company_id,
        cast(null as varchar) as salesforce_contact_id,
        cast(null as varchar[]) as merged_contact_ids,
        email_pseudonym,
        created_at
    from {{ ref('stg_dynamics__contacts') }}
    union all
    select
        'pipedrive' as source,
        person_id as contact_id,
        organization_id as company_id,
        cast(null as varchar) as salesforce_contact_id,
        cast(null as varchar[]) as merged_contact_ids,
        email_pseudonym,
        created_at
    from {{ ref('stg_pipedrive__persons') }}

),

crm_cases as (

    select
        'hubspot' as source,
        ticket_id as case_id,
        ticket_id as case_number,
        company_id,
        contact_ids,
        cast(null as varchar) as email_pseudonym,
        opened_at
    from {{ ref('stg_hubspot__tickets') }}
    union all
    select
        'dynamics' as source,
        case_id,
        case_number,
        account_id as company_id,
        cast(null as varchar[]) as contact_ids,
        email_pseudonym,
        opened_at
    from {{ ref('stg_dynamics__cases') }}

),

tickets as (

    select
        'zendesk' as source,
        ticket_id,
        opened_at,
        email_pseudonym,
        requester_external_id,
        organization_external_id
    from {{ ref('stg_zendesk__tickets') }}
    union all
    select
        'freshdesk' as source,
        ticket_id,
        opened_at,
        email_pseudonym,
        requester_external_id,
        cast(null as varchar) as organization_external_id
    from {{ ref('stg_freshdesk__tickets') }}
    union all
    select
        'intercom' as source,
        conversation_id as ticket_id,
        opened_at,
        email_pseudonym,
        requester_external_id,
        organization_external_id
    from {{ ref('stg_intercom__conversations') }}

),

orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

shop_customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

payments as (

    select * from {{ ref('stg_stripe__payments') }}

),

subscriptions as (

    select
        'stripe' as source,
        stripe_customer_id as customer_id,
        subscription_id,
        started_at,
        account_id,
        email_pseudonym
    from {{ ref('stg_stripe__subscriptions') }}
    union all
    select
        'chargebee' as source,
        chargebee_customer_id as customer_id,
        subscription_id,
        started_at,
        account_id,
        email_pseudonym
    from {{ ref('stg_chargebee__subscriptions') }}

),

-- Who paid without being a customer of Stripe's. What was never collected makes nobody a customer.
guest_payments as (

    select *
    from payments
    where stripe_customer_id is null and lower(trim(status)) in {{ collected_statuses() }}

),

responses as (

    select
        source,
        response_id,
        external_reference,
        email_pseudonym,
        case_number,
        responded_at
    from {{ ref('int_responses') }}

),

account_customers as (

    select
        accounts.account_id,
        accounts.created_at as first_seen_at,
        {{ surrogate_key(
            'salesforce',
            'account',
            'coalesce(merged_accounts.master_account_id, accounts.account_id)'
        ) }} as customer_key,
        case when merged_accounts.account_id is null then 'own_id' else 'merged' end as rule
    from accounts
    left join merged_accounts on accounts.account_id = merged_accounts.account_id

),

-- A merged contact belongs where its master belongs.
contact_accounts as (

    select
        contacts.contact_id,
        contacts.email_pseudonym,
        contacts.created_at as first_seen_at,
        contacts.is_deleted,
        account_customers.customer_key
    from contacts
    left join merged_contacts on contacts.contact_id = merged_contacts.contact_id
    left join contacts as masters on merged_contacts.master_contact_id = masters.contact_id
    left join account_customers
        on coalesce(masters.account_id, contacts.account_id) = account_customers.account_id

),

crm_companies_seen as (

    select
        source,
        company_id,
        created_at as seen_at
    from crm_companies
    union all
    select
        source,
        unnest(merged_company_ids) as company_id,
        created_at as seen_at
    from crm_companies
    union all
    select
        source,
        company_id,
        created_at as seen_at
    from crm_contacts
    union all
    select
        source,
        company_id,
        opened_at as seen_at
    from crm_cases

),

crm_companies_merged as (

    select
        source,
        unnest(merged_company_ids) as merged_id,
        company_id
    from crm_companies

),

-- Companies may be known by their people and cases alone. A merged record is gone from the export;
-- what it was merged into names it.
crm_companies_named as (

    select
        seen.source,
        seen.company_id as named_id,
        coalesce(min(merged.company_id), seen.company_id) as company_id,
        min(seen.seen_at) as first_seen_at
    from crm_companies_seen as seen
    left join crm_companies_merged as merged
        on seen.source = merged.source and seen.company_id = merged.merged_id
    where seen.company_id is not null
    group by seen.source, seen.company_id

),

crm_contacts_named as (

    select
        source,
        contact_id as named_id,
        contact_id
    from crm_contacts
    union all
    select
        source,
        unnest(merged_contact_ids) as named_id,
        contact_id
    from crm_contacts

),

-- Addresses that the first CRM has at one account alone.
account_emails as (

    select
        email_pseudonym,
        min(customer_key) as customer_key
    from contact_accounts
    where email_pseudonym is not null and customer_key is not null and not is_deleted
    group by email_pseudonym
    having count(distinct customer_key) = 1

),

-- The first CRM's accounts that a company's own id names, its people's ids, or their addresses.
crm_company_evidence as (

    select
        named.source,
        named.company_id,
        account_customers.customer_key as own_customer_key,
        cast(null as varchar) as people_customer_key,
        cast(null as varchar) as email_customer_key
    from crm_companies
    inner join crm_companies_named as named
        on crm_companies.source = named.source and crm_companies.company_id = named.named_id
    inner join account_customers
        on crm_companies.salesforce_account_id = account_customers.account_id
    union all
    select
        named.source,
        named.company_id,
        cast(null as varchar) as own_customer_key,
        contact_accounts.customer_key as people_customer_key,
        account_emails.customer_key as email_customer_key
    from crm_contacts
    inner join crm_companies_named as named
        on crm_contacts.source = named.source and crm_contacts.company_id = named.named_id
    left join contact_accounts
        on crm_contacts.salesforce_contact_id = contact_accounts.contact_id
    left join account_emails on crm_contacts.email_pseudonym = account_emails.email_pseudonym
    where coalesce(contact_accounts.customer_key, account_emails.customer_key) is not null

),

crm_company_candidates as (

    select
        named.source,
        named.company_id,
        min(named.first_seen_at) as first_seen_at,
        min(evidence.own_customer_key) as own_customer_key,
        count(distinct evidence.people_customer_key) as people_customer_count,
        min(evidence.people_customer_key) as people_customer_key,
        count(distinct evidence.email_customer_key) as email_customer_count,
        min(evidence.email_customer_key) as email_customer_key
    from crm_companies_named as named
    left join crm_company_evidence as evidence
        on named.source = evidence.source and named.company_id = evidence.company_id
    group by named.source, named.company_id

),

-- Of two accounts that its people name neither is the company's: it then stands for itself.
crm_company_customers as (

    select
        source,
        company_id,
        first_seen_at,
        coalesce(
            own_customer_key,
            case
                when people_customer_count = 1 then people_customer_key
                when people_customer_count = 0 and email_customer_count = 1 then email_customer_key
            end,
            {{ record_key('source', 'company', 'company_id') }}
        ) as customer_key,
        case
            when own_customer_key is not null or people_customer_count = 1 then 'foreign_id'
            when people_customer_count = 0 and email_customer_count = 1 then 'email'
            else 'own_id'
        end as rule,
        case
            when own_customer_key <> people_customer_key or people_customer_count > 1
                then people_customer_key
            when
                coalesce(own_customer_key, people_customer_key) <> email_customer_key
                or (
                    coalesce(own_customer_key, people_customer_key) is null
                    and email_customer_count > 1
                )
                then email_customer_key
        end as conflicting_customer_key
    from crm_company_candidates

),

crm_contact_companies as (

    select
        crm_contacts.source,
        crm_contacts.contact_id,
        crm_contacts.salesforce_contact_id,
        crm_contacts.email_pseudonym,
        crm_contacts.created_at as first_seen_at,
        coalesce(
            contact_accounts.customer_key, account_emails.customer_key, companies.customer_key
        ) as customer_key,
        case
            when contact_accounts.customer_key is not null then 'foreign_id'
            when account_emails.customer_key is not null then 'email'
            when companies.customer_key is not null then 'foreign_id'
        end as rule,
        case
            when
                coalesce(contact_accounts.customer_key, account_emails.customer_key)
                <> companies.customer_key
                then companies.customer_key
        end as conflicting_customer_key
    from crm_contacts
    left join contact_accounts
        on crm_contacts.salesforce_contact_id = contact_accounts.contact_id
    left join account_emails on crm_contacts.email_pseudonym = account_emails.email_pseudonym
    left join crm_companies_named as named
        on crm_contacts.source = named.source and crm_contacts.company_id = named.named_id
    left join crm_company_customers as companies
        on named.source = companies.source and named.company_id = companies.company_id

),

billing_records as (

    select
        source,
        customer_id,
        account_id,
        email_pseudonym,
        started_at as seen_at,
        subscription_id as record_id
    from subscriptions
    union all
    select
        'stripe' as source,
        stripe_customer_id as customer_id,
        account_id,
        email_pseudonym,
        paid_at as seen_at,
        payment_id as record_id
    from payments
    where stripe_customer_id is not null

),

-- The newest record that names an account that exists; the record's id ends ties.
billing_accounts_ranked as (

    select
        billing_records.source,
        billing_records.customer_id,
        account_customers.customer_key,
        row_number() over (
            partition by billing_records.source, billing_records.customer_id
            order by billing_records.seen_at desc, billing_records.record_id desc
        ) as record_rank
    from billing_records
    inner join account_customers on billing_records.account_id = account_customers.account_id

),

billing_accounts as (

    select
        source,
        customer_id,
        customer_key
    from billing_accounts_ranked
    where record_rank = 1

),

-- An address may change: the newest record's counts.
billing_emails_ranked as (

    select
        source,
        customer_id,
        email_pseudonym,
        seen_at,
        row_number() over (
            partition by source, customer_id
            order by seen_at desc, record_id desc
        ) as record_rank
    from billing_records
    where email_pseudonym is not null

),

billing_customers as (

    select
        source,
        customer_id,
        min(seen_at) as first_seen_at
    from billing_records
    group by source, customer_id

),

-- To whom stronger evidence than the address itself ties it. Deleted contacts speak last.
email_evidence as (

    select
        email_pseudonym,
        customer_key,
        is_deleted
    from contact_accounts
    where email_pseudonym is not null and customer_key is not null
    union all
    select
        email_pseudonym,
        customer_key,
        false as is_deleted
    from crm_contact_companies
    where email_pseudonym is not null and customer_key is not null
    union all
    select
        billing_emails_ranked.email_pseudonym,
        billing_accounts.customer_key,
        false as is_deleted
    from billing_emails_ranked
    inner join billing_accounts
        on
            billing_emails_ranked.source = billing_accounts.source
            and billing_emails_ranked.customer_id = billing_accounts.customer_id

),

email_owner_counts as (

    select
        email_pseudonym,
        count(distinct case when not is_deleted then customer_key end) as live_customer_count,
        min(case when not is_deleted then customer_key end) as live_customer_key,
        count(distinct customer_key) as customer_count,
        min(customer_key) as customer_key
    from email_evidence
    group by email_pseudonym

),

emails_seen as (

    select
        email_pseudonym,
        min(seen_at) as first_seen_at
    from (
        select
            email_pseudonym,
            first_seen_at as seen_at
        from contact_accounts
        union all
        select
            email_pseudonym,
            first_seen_at as seen_at
        from crm_contact_companies
        union all
        select
            email_pseudonym,
            seen_at
        from billing_emails_ranked
        where record_rank = 1
        union all
        select
            email_pseudonym,
            paid_at as seen_at
        from guest_payments
        union all
        select
            email_pseudonym,
            cast(first_delivered_on as timestamptz) as seen_at
        from shop_customers
        union all
        select
            email_pseudonym,
            ordered_at as seen_at
        from orders
        union all
        select
            email_pseudonym,
            opened_at as seen_at
        from cases
        union all
        select
            email_pseudonym,
            opened_at as seen_at
        from tickets
        union all
        select
            email_pseudonym,
            opened_at as seen_at
        from crm_cases
        union all
        -- Landing seals an address given as an id: it then is a pseudonym.
        select
            requester_external_id as email_pseudonym,
            opened_at as seen_at
        from tickets
        where length(requester_external_id) = 32
        union all
        select
            email_pseudonym,
            responded_at as seen_at
        from responses
        union all
        -- Landing seals an address given as the reference: it then is a pseudonym.
        select
            external_reference as email_pseudonym,
            responded_at as seen_at
        from responses
        where length(external_reference) = 32
    ) as emails
    where email_pseudonym is not null
    group by email_pseudonym

),

email_customers as (

    select
        emails_seen.email_pseudonym,
        emails_seen.first_seen_at,
        case
            when owners.live_customer_count = 1 then owners.live_customer_key
            when owners.live_customer_count = 0 and owners.customer_count = 1
                then owners.customer_key
            when owners.customer_count is null
                then {{ surrogate_key('all', 'person', 'emails_seen.email_pseudonym') }}
        end as customer_key,
        case
            when owners.customer_count is null then 'own_id'
            when
                owners.live_customer_count = 1
                or (owners.live_customer_count = 0 and owners.customer_count = 1)
                then 'email'
            else 'shared_mailbox'
        end as rule
    from emails_seen
    left join email_owner_counts as owners
        on emails_seen.email_pseudonym = owners.email_pseudonym

),

contact_customers as (

    select
        contact_accounts.contact_id,
        contact_accounts.first_seen_at,
        coalesce(
            contact_accounts.customer_key,
            email_customers.customer_key,
            {{ surrogate_key('salesforce', 'contact', 'contact_accounts.contact_id') }}
        ) as customer_key,
        case
            when contact_accounts.customer_key is not null then 'foreign_id'
            when email_customers.customer_key is not null then 'email'
            else 'own_id'
        end as rule
    from contact_accounts
    left join email_customers
        on contact_accounts.email_pseudonym = email_customers.email_pseudonym

),

crm_contact_customers as (

    select
        contacts.source,
        contacts.contact_id,
        contacts.first_seen_at,
        coalesce(
            contacts.customer_key,
            contact_customers.customer_key,
            email_customers.customer_key,
            {{ record_key('contacts.source', 'contact', 'contacts.contact_id') }}
        ) as customer_key,
        case
            when contacts.rule is not null then contacts.rule
            when contact_customers.customer_key is not null then 'foreign_id'
            when email_customers.customer_key is not null then 'email'
            else 'own_id'
        end as rule,
        contacts.conflicting_customer_key
    from crm_contact_companies as contacts
    left join contact_customers
        on contacts.salesforce_contact_id = contact_customers.contact_id
    left join email_customers on contacts.email_pseudonym = email_customers.email_pseudonym

),

crm_case_contacts as (

    select
        source,
        case_id,
        unnest(contact_ids) as contact_id
    from crm_cases

),

-- Whose a case is, several of its people tell only if they are one customer's.
crm_case_people as (

    select
        cases.source,
        cases.case_id,
        case
            when count(distinct contact_customers.customer_key) = 1
                then min(contact_customers.customer_key)
        end as customer_key
    from crm_case_contacts as cases
    inner join crm_contacts_named as named
        on cases.source = named.source and cases.contact_id = named.named_id
    inner join crm_contact_customers as contact_customers
        on
            named.source = contact_customers.source
            and named.contact_id = contact_customers.contact_id
    group by cases.source, cases.case_id

),

-- Shops may number alike: a number that two orders carry names neither.
order_documents as (

    select
        order_number as document,
        min(order_id) as order_id,
        min(email_pseudonym) as email_pseudonym
    from orders
    group by order_number
    having count(*) = 1
    union all
    select
        order_id as document,
        order_id,
        email_pseudonym
    from orders

),

paid_orders_ranked as (

    select
        order_documents.order_id,
        order_documents.email_pseudonym,
        payments.stripe_customer_id,
        row_number() over (
            partition by order_documents.order_id
            order by payments.paid_at desc, payments.payment_id desc
        ) as order_payment_rank,
        row_number() over (
            partition by payments.stripe_customer_id
            order by payments.paid_at desc, payments.payment_id desc
        ) as customer_payment_rank
    from payments
    inner join order_documents on payments.order_number = order_documents.document
    where payments.stripe_customer_id is not null

),

order_candidates as (

    select
        orders.order_id,
        orders.ordered_at as first_seen_at,
        billing_accounts.customer_key as document_customer_key,
        email_customers.customer_key as email_customer_key
    from orders
    left join paid_orders_ranked
        on
            orders.order_id = paid_orders_ranked.order_id
            and paid_orders_ranked.order_payment_rank = 1
    left join billing_accounts
        on
            paid_orders_ranked.stripe_customer_id = billing_accounts.customer_id
            and billing_accounts.source = 'stripe'
    left join email_customers on orders.email_pseudonym = email_customers.email_pseudonym

),

billing_candidates as (

    select
        billing_customers.source,
        billing_customers.customer_id,
        billing_customers.first_seen_at,
        billing_accounts.customer_key as foreign_customer_key,
        order_emails.customer_key as document_customer_key,
        email_customers.customer_key as email_customer_key
    from billing_customers
    left join billing_accounts
        on
            billing_customers.source = billing_accounts.source
            and billing_customers.customer_id = billing_accounts.customer_id
    left join paid_orders_ranked
        on
            billing_customers.customer_id = paid_orders_ranked.stripe_customer_id
            and billing_customers.source = 'stripe'
            and paid_orders_ranked.customer_payment_rank = 1
    left join email_customers as order_emails
        on paid_orders_ranked.email_pseudonym = order_emails.email_pseudonym
    left join billing_emails_ranked
        on
            billing_customers.source = billing_emails_ranked.source
            and billing_customers.customer_id = billing_emails_ranked.customer_id
            and billing_emails_ranked.record_rank = 1
    left join email_customers
        on billing_emails_ranked.email_pseudonym = email_customers.email_pseudonym

),

billing_links as (

    select
        source,
        customer_id,
        first_seen_at,
        coalesce(
            foreign_customer_key,
            document_customer_key,
            email_customer_key,
            case source
                when 'stripe' then {{ surrogate_key('stripe', 'customer', 'customer_id') }}
                else {{ surrogate_key('chargebee', 'customer', 'customer_id') }}
            end
        ) as customer_key,
        case
            when foreign_customer_key is not null then 'foreign_id'
            when document_customer_key is not null then 'document'
            when email_customer_key is not null then 'email'
            else 'own_id'
        end as rule,
        case
            when foreign_customer_key <> document_customer_key then document_customer_key
            when
                coalesce(foreign_customer_key, document_customer_key) <> email_customer_key
                then email_customer_key
        end as conflicting_customer_key
    from billing_candidates

),

shop_customer_links as (

    select
        shop_customers.customer_id,
        shop_customers.first_delivered_on,
        coalesce(
            email_customers.customer_key,
            {{ surrogate_key('shopify', 'customer', 'shop_customers.customer_id') }}
        ) as customer_key,
        case when email_customers.customer_key is null then 'own_id' else 'email' end as rule
    from shop_customers
    left join email_customers
        on shop_customers.email_pseudonym = email_customers.email_pseudonym

),

-- Salesforce ids come with 15 or 18 characters; the first 15 tell them apart.
foreign_ids_named as (

    select
        contact_id as foreign_id,
        customer_key
    from contact_customers
    union all
    select
        left(contact_id, 15) as foreign_id,
        customer_key
    from contact_customers
    where length(contact_id) = 18
    union all
    select
        account_id as foreign_id,
        customer_key
    from account_customers
    union all
    select
        left(account_id, 15) as foreign_id,
        customer_key
    from account_customers
    where length(account_id) = 18
    union all
    select
        customer_id as foreign_id,
        customer_key
    from billing_links
    union all
    select
        customer_id as foreign_id,
        customer_key
    from shop_customer_links
    union all
    select
        named.named_id as foreign_id,
        contact_customers.customer_key
    from crm_contacts_named as named
    inner join crm_contact_customers as contact_customers
        on
            named.source = contact_customers.source
            and named.contact_id = contact_customers.contact_id
    -- It counts its records from 1: another system's number may be the same.
    where named.source <> 'pipedrive'
    union all
    select
        company_id as foreign_id,
        customer_key
    from crm_company_customers
    where source = 'dynamics'

),

-- A company may choose its ids in one system and take those of another: then it has to be the same
-- customer.
foreign_ids as (

    select
        foreign_id,
        min(customer_key) as customer_key
    from foreign_ids_named
    group by foreign_id
    having count(distinct customer_key) = 1

),

case_candidates as (

    select
        'salesforce' as source,
        cases.case_number,
        cases.opened_at as first_seen_at,
        coalesce(account_customers.customer_key, contact_customers.customer_key)
            as foreign_customer_key,
        contact_customers.customer_key as further_customer_key,
        email_customers.customer_key as email_customer_key,
        -- Numbers are unique in one CRM; were they not, the newest case would own the number.
        row_number() over (
            partition by cases.case_number
            order by cases.opened_at desc, cases.case_id desc
        ) as case_rank
    from cases
    left join account_customers on cases.account_id = account_customers.account_id
    left join contact_customers on cases.contact_id = contact_customers.contact_id
    left join email_customers on cases.email_pseudonym = email_customers.email_pseudonym
    union all
    select
        tickets.source,
        tickets.ticket_id as case_number,
        tickets.opened_at as first_seen_at,
        coalesce(requesters.customer_key, organizations.customer_key) as foreign_customer_key,
        organizations.customer_key as further_customer_key,
        coalesce(email_customers.customer_key, external_emails.customer_key)
            as email_customer_key,
        1 as case_rank
    from tickets
    left join foreign_ids as requesters
        on tickets.requester_external_id = requesters.foreign_id
    left join foreign_ids as organizations
        on tickets.organization_external_id = organizations.foreign_id
    left join email_customers on tickets.email_pseudonym = email_customers.email_pseudonym
    left join email_customers as external_emails
        on tickets.requester_external_id = external_emails.email_pseudonym
    union all
    select
        crm_cases.source,
        crm_cases.case_number,
        crm_cases.opened_at as first_seen_at,
        coalesce(companies.customer_key, people.customer_key) as foreign_customer_key,
        people.customer_key as further_customer_key,
        email_customers.customer_key as email_customer_key,
        row_number() over (
            partition by crm_cases.source, crm_cases.case_number
            order by crm_cases.opened_at desc, crm_cases.case_id desc
        ) as case_rank
    from crm_cases
    left join crm_companies_named as named
        on crm_cases.source = named.source and crm_cases.company_id = named.named_id
    left join crm_company_customers as companies
        on named.source = companies.source and named.company_id = companies.company_id
    left join crm_case_people as people
        on crm_cases.source = people.source and crm_cases.case_id = people.case_id
    left join email_customers on crm_cases.email_pseudonym = email_customers.email_pseudonym

),

case_links as (

    select
        source,
        case_number,
        first_seen_at,
        coalesce(foreign_customer_key, email_customer_key) as customer_key,
        case
            when foreign_customer_key is not null then 'foreign_id'
            when email_customer_key is not null then 'email'
            else 'unresolved'
        end as rule,
        case
            when foreign_customer_key <> further_customer_key then further_customer_key
            when foreign_customer_key <> email_customer_key then email_customer_key
        end as conflicting_customer_key
    from case_candidates
    where case_rank = 1

),

-- A survey tells a case's number and not whose it is: one that two desks gave names nobody.
numbered_cases as (

    select
        case_number,
        min(customer_key) as customer_key
    from case_links
    group by case_number
    having count(*) = 1

),

response_candidates as (

    select
        responses.source,
        responses.response_id,
        responses.responded_at as first_seen_at,
        foreign_ids.customer_key as foreign_customer_key,
        coalesce(own_cases.customer_key, numbered_cases.customer_key) as document_customer_key,
        coalesce(email_customers.customer_key, reference_emails.customer_key)
            as email_customer_key
    from responses
    left join foreign_ids on responses.external_reference = foreign_ids.foreign_id
    -- A desk's own rating is about its own case.
    left join case_links as own_cases
        on
            responses.source = own_cases.source
            and responses.case_number = own_cases.case_number
    left join numbered_cases on responses.case_number = numbered_cases.case_number
    left join email_customers on responses.email_pseudonym = email_customers.email_pseudonym
    left join email_customers as reference_emails
        on responses.external_reference = reference_emails.email_pseudonym

),

record_links as (

    select
        'salesforce' as source,
        'account_id' as id_kind,
        account_id as id_value,
        customer_key,
        rule,
        cast(null as varchar) as conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from account_customers
    union all
    select
        'salesforce' as source,
        'contact_id' as id_kind,
        contact_id as id_value,
        customer_key,
        rule,
        cast(null as varchar) as conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from contact_customers
    union all
    select
        source,
        'company_id' as id_kind,
        company_id as id_value,
        customer_key,
        rule,
        conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from crm_company_customers
    union all
    select
        source,
        'contact_id' as id_kind,
        contact_id as id_value,
        customer_key,
        rule,
        conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from crm_contact_customers
    union all
    select
        source,
        'case_number' as id_kind,
        case_number as id_value,
        customer_key,
        rule,
        conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from case_links
    union all
    select
        source,
        'customer_id' as id_kind,
        customer_id as id_value,
        customer_key,
        rule,
        conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from billing_links
    union all
    select
        'stripe' as source,
        'payment_id' as id_kind,
        guest_payments.payment_id as id_value,
        email_customers.customer_key,
        case when email_customers.customer_key is null then 'unresolved' else 'email' end as rule,
        cast(null as varchar) as conflicting_customer_key,
        cast(guest_payments.paid_at as date) as first_seen_on
    from guest_payments
    left join email_customers
        on guest_payments.email_pseudonym = email_customers.email_pseudonym
    union all
    select
        'shopify' as source,
        'customer_id' as id_kind,
        customer_id as id_value,
        customer_key,
        rule,
        cast(null as varchar) as conflicting_customer_key,
        first_delivered_on as first_seen_on
    from shop_customer_links
    union all
    select
        'shopify' as source,
        'order_id' as id_kind,
        order_id as id_value,
        coalesce(document_customer_key, email_customer_key) as customer_key,
        case
            when document_customer_key is not null then 'document'
            when email_customer_key is not null then 'email'
            else 'unresolved'
        end as rule,
        case
            when document_customer_key <> email_customer_key then email_customer_key
        end as conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from order_candidates
    union all
    select
        source,
        'response_id' as id_kind,
        response_id as id_value,
        coalesce(foreign_customer_key, document_customer_key, email_customer_key) as customer_key,
        case
            when foreign_customer_key is not null then 'foreign_id'
            when document_customer_key is not null then 'document'
            when email_customer_key is not null then 'email'
            else 'unresolved'
        end as rule,
        case
            when foreign_customer_key <> document_customer_key then document_customer_key
            when
                coalesce(foreign_customer_key, document_customer_key) <> email_customer_key
                then email_customer_key
        end as conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from response_candidates

),

-- An address by itself makes nobody a customer: some record has to be theirs.
customer_keys as (

    select distinct customer_key
    from record_links
    where customer_key is not null

),

known_emails as (

    select email_customers.*
    from email_customers
    left join customer_keys on email_customers.customer_key = customer_keys.customer_key
    where email_customers.rule <> 'own_id' or customer_keys.customer_key is not null

),

final as (

    select
        record_links.source,
        record_links.id_kind,
        record_links.id_value,
        record_links.customer_key,
        record_links.rule,
        customer_keys.customer_key as conflicting_customer_key,
        record_links.first_seen_on
    from record_links
    left join customer_keys
        on record_links.conflicting_customer_key = customer_keys.customer_key
    union all
    select
        'all' as source,
        'email_pseudonym' as id_kind,
        email_pseudonym as id_value,
        customer_key,
        rule,
        cast(null as varchar) as conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from known_emails

)

select * from final
