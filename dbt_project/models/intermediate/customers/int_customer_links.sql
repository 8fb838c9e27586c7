{#- The CRMs beside Salesforce, the first one foremost: who is known to several of them is the
    customer of the first. -#}
{%- set further_crms = ['hubspot', 'dynamics', 'pipedrive'] -%}

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
        created_at,
        delivered_on
    from {{ ref('stg_hubspot__companies') }}
    union all
    select
        'dynamics' as source,
        account_id as company_id,
        cast(null as varchar) as salesforce_account_id,
        cast(null as varchar[]) as merged_company_ids,
        created_at,
        delivered_on
    from {{ ref('stg_dynamics__accounts') }}
    union all
    select
        'pipedrive' as source,
        organization_id as company_id,
        cast(null as varchar) as salesforce_account_id,
        cast(null as varchar[]) as merged_company_ids,
        created_at,
        delivered_on
    from {{ ref('stg_pipedrive__organizations') }}

),

crm_contacts as (

    select
        'hubspot' as source,
        contact_id,
        company_id,
        salesforce_contact_id,
        merged_contact_ids,
        email_pseudonyms,
        created_at,
        delivered_on
    from {{ ref('stg_hubspot__contacts') }}
    union all
    select
        'dynamics' as source,
        contact_id,
        account_id as company_id,
        cast(null as varchar) as salesforce_contact_id,
        cast(null as varchar[]) as merged_contact_ids,
        [email_pseudonym] as email_pseudonyms,
        created_at,
        delivered_on
    from {{ ref('stg_dynamics__contacts') }}
    union all
    select
        'pipedrive' as source,
        person_id as contact_id,
        organization_id as company_id,
        cast(null as varchar) as salesforce_contact_id,
        cast(null as varchar[]) as merged_contact_ids,
        email_pseudonyms,
        created_at,
        delivered_on
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
        case when merged_accounts.account_id is null then 'own_id' else 'merged' end as rule,
        case when merged_accounts.account_id is null then 'account_id' else 'master_account_id' end
            as evidence_kind,
        coalesce(merged_accounts.master_account_id, accounts.account_id) as evidence_value,
        case when merged_accounts.account_id is not null then accounts.delivered_on end
            as merger_delivered_on
    from accounts
    left join merged_accounts on accounts.account_id = merged_accounts.account_id

),

-- A merged contact belongs where its master belongs.
contact_masters as (

    select
        contacts.contact_id,
        contacts.email_pseudonym,
        contacts.created_at as first_seen_at,
        contacts.is_deleted,
        coalesce(masters.account_id, contacts.account_id) as account_id,
        case when masters.account_id is not null then masters.contact_id end as master_contact_id,
        case when masters.account_id is not null then contacts.delivered_on end
            as merger_delivered_on
    from contacts
    left join merged_contacts on contacts.contact_id = merged_contacts.contact_id
    left join contacts as masters on merged_contacts.master_contact_id = masters.contact_id

),

contact_accounts as (

    select
        contact_masters.*,
        account_customers.customer_key
    from contact_masters
    left join account_customers on contact_masters.account_id = account_customers.account_id

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
        company_id,
        delivered_on
    from crm_companies

),

-- Companies may be known by their people and cases alone. A merged record is gone from the export;
-- what it was merged into names it.
crm_companies_named as (

    select
        seen.source,
        seen.company_id as named_id,
        coalesce(min(merged.company_id), seen.company_id) as company_id,
        min(seen.seen_at) as first_seen_at,
        min(merged.delivered_on) as merger_delivered_on
    from crm_companies_seen as seen
    left join crm_companies_merged as merged
        on seen.source = merged.source and seen.company_id = merged.merged_id
    where seen.company_id is not null
    group by seen.source, seen.company_id

),

crm_contacts_named as (

    select
        source,
        named_id,
        min(contact_id) as contact_id,
        min(merger_delivered_on) as merger_delivered_on
    from (
        select
            source,
            contact_id as named_id,
            contact_id,
            cast(null as date) as merger_delivered_on
        from crm_contacts
        union all
        select
            source,
            unnest(merged_contact_ids) as named_id,
            contact_id,
            delivered_on as merger_delivered_on
        from crm_contacts
    ) as named
    group by source, named_id

),

-- The first CRM's accounts that a company's own id names, or its people's ids.
crm_company_evidence as (

    select
        named.source,
        named.company_id,
        crm_companies.salesforce_account_id as own_id,
        account_customers.customer_key as own_customer_key,
        cast(null as varchar) as people_id,
        cast(null as varchar) as people_customer_key
    from crm_companies
    inner join crm_companies_named as named
        on crm_companies.source = named.source and crm_companies.company_id = named.named_id
    inner join account_customers
        on crm_companies.salesforce_account_id = account_customers.account_id
    union all
    select
        named.source,
        named.company_id,
        cast(null as varchar) as own_id,
        cast(null as varchar) as own_customer_key,
        contact_accounts.contact_id as people_id,
        contact_accounts.customer_key as people_customer_key
    from crm_contacts
    inner join contact_accounts
        on
            crm_contacts.salesforce_contact_id = contact_accounts.contact_id
            and contact_accounts.customer_key is not null
    inner join crm_companies_named as named
        on crm_contacts.source = named.source and crm_contacts.company_id = named.named_id

),

crm_company_ids as (

    select
        source,
        company_id,
        min(own_id) as own_id,
        min(own_customer_key) as own_customer_key,
        min(people_id) as people_id,
        min(people_customer_key) as people_customer_key,
        max(people_customer_key) as last_people_customer_key
    from crm_company_evidence
    group by source, company_id

),

-- Of two accounts that its people's ids name neither is the company's.
crm_company_candidates as (

    select
        named.source,
        named.company_id,
        named.first_seen_at,
        ids.own_id,
        ids.people_id,
        ids.people_customer_key,
        ids.last_people_customer_key,
        coalesce(
            ids.own_customer_key,
            case
                when ids.people_customer_key = ids.last_people_customer_key
                    then ids.people_customer_key
            end
        ) as foreign_customer_key,
        ids.own_customer_key is null
        and ids.people_customer_key <> ids.last_people_customer_key as is_contested,
        {{ record_key('named.source', 'company', 'named.company_id') }} as own_customer_key
    from (
        select
            source,
            company_id,
            min(first_seen_at) as first_seen_at
        from crm_companies_named
        group by source, company_id
    ) as named
    left join crm_company_ids as ids
        on named.source = ids.source and named.company_id = ids.company_id

),

crm_contact_candidates as (

    select
        crm_contacts.source,
        crm_contacts.contact_id,
        crm_contacts.salesforce_contact_id,
        crm_contacts.email_pseudonyms,
        crm_contacts.created_at as first_seen_at,
        named.company_id,
        contact_accounts.customer_key as foreign_customer_key,
        contact_accounts.contact_id is not null as is_known_contact,
        coalesce(
            contact_accounts.customer_key,
            companies.foreign_customer_key,
            companies.own_customer_key
        ) as named_customer_key
    from crm_contacts
    left join contact_accounts
        on crm_contacts.salesforce_contact_id = contact_accounts.contact_id
    left join crm_companies_named as named
        on crm_contacts.source = named.source and crm_contacts.company_id = named.named_id
    left join crm_company_candidates as companies
        on named.source = companies.source and named.company_id = companies.company_id

),

crm_contact_emails as (

    select
        source,
        contact_id,
        named_customer_key,
        unnest(email_pseudonyms) as email_pseudonym
    from crm_contact_candidates

),

-- Whose an address is, the first CRM knows best; each further one adds those that are new to it.
salesforce_email_owners as (

    select
        email_pseudonym,
        customer_key,
        contact_id
    from contact_accounts
    where email_pseudonym is not null and customer_key is not null and not is_deleted

),
{% for crm in further_crms %}
{{ crm }}_earlier_owners as (

    select * from salesforce_email_owners
    {%- for earlier in further_crms[:loop.index0] %}
    union all
    select * from {{ earlier }}_email_owners
    {%- endfor %}

),

-- The addresses that this CRM shares with those before it. They tell something where both sides
-- have them at one customer alone.
{{ crm }}_known_emails as (

    select
        emails.email_pseudonym,
        min(owners.customer_key) as customer_key,
        min(owners.customer_key) = max(owners.customer_key)
        and coalesce(min(emails.named_customer_key) = max(emails.named_customer_key), true)
            as is_unique
    from crm_contact_emails as emails
    inner join {{ crm }}_earlier_owners as owners
        on emails.email_pseudonym = owners.email_pseudonym
    where emails.source = '{{ crm }}'
    group by emails.email_pseudonym

),

{{ crm }}_contact_emails as (

    select
        emails.contact_id,
        min(case when known.is_unique then known.email_pseudonym end) as email_pseudonym,
        min(case when known.is_unique then known.customer_key end) as customer_key,
        max(case when known.is_unique then known.customer_key end) as last_customer_key,
        min(case when not known.is_unique then known.customer_key end) as shared_customer_key
    from crm_contact_emails as emails
    inner join {{ crm }}_known_emails as known on emails.email_pseudonym = known.email_pseudonym
    where emails.source = '{{ crm }}'
    group by emails.contact_id

),

{{ crm }}_company_emails as (

    select
        contacts.company_id,
        min(emails.email_pseudonym) as email_pseudonym,
        min(emails.customer_key) as customer_key,
        max(emails.last_customer_key) as last_customer_key
    from crm_contact_candidates as contacts
    inner join {{ crm }}_contact_emails as emails on contacts.contact_id = emails.contact_id
    where contacts.source = '{{ crm }}' and contacts.company_id is not null
    group by contacts.company_id

),

-- Of two customers that its people's addresses name neither is the company: it stands for itself.
{{ crm }}_company_customers as (

    select
        companies.*,
        emails.email_pseudonym,
        emails.customer_key as email_customer_key,
        emails.last_customer_key as last_email_customer_key,
        case
            when companies.foreign_customer_key is not null then companies.foreign_customer_key
            when
                not coalesce(companies.is_contested, false)
                and emails.customer_key = emails.last_customer_key
                then emails.customer_key
            else companies.own_customer_key
        end as customer_key,
        case
            when companies.foreign_customer_key is not null then 'foreign_id'
            when
                not coalesce(companies.is_contested, false)
                and emails.customer_key = emails.last_customer_key
                then 'email'
            else 'own_id'
        end as rule
    from crm_company_candidates as companies
    left join {{ crm }}_company_emails as emails on companies.company_id = emails.company_id
    where companies.source = '{{ crm }}'

),

-- Who has several addresses and nothing else is a customer of their own: no one of them can stand
-- for the others.
{{ crm }}_contact_customers as (

    select
        contacts.source,
        contacts.contact_id,
        contacts.salesforce_contact_id,
        contacts.first_seen_at,
        contacts.company_id,
        emails.email_pseudonym,
        case
            when contacts.foreign_customer_key is not null then 'foreign_id'
            when emails.customer_key = emails.last_customer_key then 'email'
            when companies.customer_key is not null then 'company'
            when not contacts.is_known_contact and len(contacts.email_pseudonyms) > 1 then 'own_id'
        end as found_by,
        case
            when contacts.foreign_customer_key is not null then contacts.foreign_customer_key
            when emails.customer_key = emails.last_customer_key then emails.customer_key
            when companies.customer_key is not null then companies.customer_key
            when not contacts.is_known_contact and len(contacts.email_pseudonyms) > 1
                then {{ record_key('contacts.source', 'contact', 'contacts.contact_id') }}
        end as customer_key,
        -- What the address, then the company, says beside that.
        coalesce(emails.customer_key, emails.shared_customer_key) as email_customer_key,
        companies.customer_key as company_customer_key
    from crm_contact_candidates as contacts
    left join {{ crm }}_contact_emails as emails on contacts.contact_id = emails.contact_id
    left join {{ crm }}_company_customers as companies
        on contacts.company_id = companies.company_id
    where contacts.source = '{{ crm }}'

),

{{ crm }}_email_owners as (

    select
        emails.email_pseudonym,
        contacts.customer_key,
        contacts.contact_id
    from crm_contact_emails as emails
    inner join {{ crm }}_contact_customers as contacts on emails.contact_id = contacts.contact_id
    where
        emails.source = '{{ crm }}'
        and emails.email_pseudonym is not null
        and contacts.customer_key is not null

),
{% endfor %}

crm_company_customers as (

    {%- for crm in further_crms %}
    {% if not loop.first %}union all{% endif %}
    select * from {{ crm }}_company_customers
    {%- endfor %}

),

crm_contact_companies as (

    {%- for crm in further_crms %}
    {% if not loop.first %}union all{% endif %}
    select * from {{ crm }}_contact_customers
    {%- endfor %}

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

-- An address may change: the newest record's counts. So does an account's, of those that exist. The
-- record's id ends ties.
billing_customers as (

    select
        billing_records.source,
        billing_records.customer_id,
        min(billing_records.seen_at) as first_seen_at,
        arg_max(
            billing_records.email_pseudonym, (billing_records.seen_at, billing_records.record_id)
        ) as email_pseudonym,
        max(
            case when billing_records.email_pseudonym is not null then billing_records.seen_at end
        ) as email_seen_at,
        arg_max(
            account_customers.account_id, (billing_records.seen_at, billing_records.record_id)
        ) as account_id
    from billing_records
    left join account_customers on billing_records.account_id = account_customers.account_id
    group by billing_records.source, billing_records.customer_id

),

billing_accounts as (

    select
        billing_customers.source,
        billing_customers.customer_id,
        billing_customers.account_id,
        account_customers.customer_key
    from billing_customers
    inner join account_customers on billing_customers.account_id = account_customers.account_id

),

-- To whom stronger evidence than the address itself ties it. Deleted contacts speak last.
email_evidence as (

    select
        email_pseudonym,
        customer_key,
        is_deleted,
        'salesforce contact_id ' || contact_id as record
    from contact_accounts
    where email_pseudonym is not null and customer_key is not null
    {%- for crm in further_crms %}
    union all
    select
        email_pseudonym,
        customer_key,
        false as is_deleted,
        '{{ crm }} contact_id ' || contact_id as record
    from {{ crm }}_email_owners
    {%- endfor %}
    union all
    select
        billing_records.email_pseudonym,
        billing_accounts.customer_key,
        false as is_deleted,
        billing_records.source || ' customer_id ' || billing_records.customer_id as record
    from billing_records
    inner join billing_accounts
        on
            billing_records.source = billing_accounts.source
            and billing_records.customer_id = billing_accounts.customer_id
    where billing_records.email_pseudonym is not null

),

live_email_owners as (

    select
        email_pseudonym,
        min(customer_key) as customer_key,
        max(customer_key) as last_customer_key,
        min(record) as record
    from email_evidence
    where not is_deleted
    group by email_pseudonym

),

deleted_email_owners as (

    select
        email_evidence.email_pseudonym,
        min(email_evidence.customer_key) as customer_key,
        max(email_evidence.customer_key) as last_customer_key,
        min(email_evidence.record) as record
    from email_evidence
    anti join live_email_owners
        on email_evidence.email_pseudonym = live_email_owners.email_pseudonym
    where email_evidence.is_deleted
    group by email_evidence.email_pseudonym

),

email_owners as (

    select
        email_pseudonym,
        case when customer_key = last_customer_key then customer_key end as customer_key,
        record
    from live_email_owners
    union all
    select
        email_pseudonym,
        case when customer_key = last_customer_key then customer_key end as customer_key,
        record
    from deleted_email_owners

),

-- How many customers share a mailbox is counted for shared ones alone.
shared_mailboxes as (

    select
        email_owners.email_pseudonym,
        cast(count(distinct email_evidence.customer_key) as varchar) as customer_count
    from email_evidence
    inner join email_owners
        on
            email_evidence.email_pseudonym = email_owners.email_pseudonym
            and email_owners.customer_key is null
    group by email_owners.email_pseudonym

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
            unnest(email_pseudonyms) as email_pseudonym,
            first_seen_at as seen_at
        from crm_contact_candidates
        union all
        select
            email_pseudonym,
            email_seen_at as seen_at
        from billing_customers
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
            when owners.email_pseudonym is null
                then {{ surrogate_key('all', 'person', 'emails_seen.email_pseudonym') }}
            else owners.customer_key
        end as customer_key,
        case
            when owners.email_pseudonym is null then 'own_id'
            when owners.customer_key is null then 'shared_mailbox'
            else 'email'
        end as rule,
        owners.record
    from emails_seen
    left join email_owners as owners on emails_seen.email_pseudonym = owners.email_pseudonym

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
            when
                contact_accounts.customer_key is not null
                and contact_accounts.master_contact_id is not null
                then 'merged'
            when contact_accounts.customer_key is not null then 'foreign_id'
            when email_customers.customer_key is not null then 'email'
            else 'own_id'
        end as rule,
        contact_accounts.account_id,
        contact_accounts.email_pseudonym,
        contact_accounts.master_contact_id,
        contact_accounts.merger_delivered_on
    from contact_accounts
    left join email_customers
        on contact_accounts.email_pseudonym = email_customers.email_pseudonym

),

-- Who has no customer yet: the addresses may tell, where they are one customer's.
crm_contact_persons as (

    select
        contacts.source,
        contacts.contact_id,
        min(email_customers.email_pseudonym) as email_pseudonym,
        min(email_customers.customer_key) as customer_key,
        max(email_customers.customer_key) as last_customer_key
    from crm_contact_companies as contacts
    inner join crm_contact_emails as emails
        on contacts.source = emails.source and contacts.contact_id = emails.contact_id
    inner join email_customers on emails.email_pseudonym = email_customers.email_pseudonym
    where contacts.customer_key is null and email_customers.customer_key is not null
    group by contacts.source, contacts.contact_id

),

crm_contacts_found as (

    select
        contacts.source,
        contacts.contact_id,
        contacts.first_seen_at,
        contacts.salesforce_contact_id,
        contacts.company_id,
        coalesce(contacts.email_pseudonym, persons.email_pseudonym) as email_pseudonym,
        coalesce(
            contacts.customer_key,
            contact_customers.customer_key,
            case
                when persons.customer_key = persons.last_customer_key then persons.customer_key
            end,
            {{ record_key('contacts.source', 'contact', 'contacts.contact_id') }}
        ) as customer_key,
        coalesce(
            contacts.found_by,
            case
                when contact_customers.customer_key is not null then 'foreign_id'
                when persons.customer_key = persons.last_customer_key then 'email'
                else 'own_id'
            end
        ) as found_by,
        coalesce(contacts.email_customer_key, persons.customer_key) as email_customer_key,
        contacts.company_customer_key
    from crm_contact_companies as contacts
    left join contact_customers
        on contacts.salesforce_contact_id = contact_customers.contact_id
    left join crm_contact_persons as persons
        on contacts.source = persons.source and contacts.contact_id = persons.contact_id

),

crm_contact_customers as (

    select
        *,
        case when found_by = 'company' then 'foreign_id' else found_by end as rule,
        case found_by
            when 'foreign_id' then 'salesforce_contact_id'
            when 'email' then 'email_pseudonym'
            when 'company' then 'company_id'
            else 'contact_id'
        end as evidence_kind,
        case found_by
            when 'foreign_id' then salesforce_contact_id
            when 'email' then email_pseudonym
            when 'company' then company_id
            else contact_id
        end as evidence_value,
        case
            when customer_key <> email_customer_key then email_customer_key
            when customer_key <> company_customer_key then company_customer_key
        end as conflicting_customer_key
    from crm_contacts_found

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
        min(cases.contact_id) as contact_id,
        min(contact_customers.customer_key) as customer_key,
        max(contact_customers.customer_key) as last_customer_key
    from crm_case_contacts as cases
    inner join crm_contacts_named as named
        on cases.source = named.source and cases.contact_id = named.named_id
    inner join crm_contact_customers as contact_customers
        on
            named.source = contact_customers.source
            and named.contact_id = contact_customers.contact_id
    group by cases.source, cases.case_id

),

payments_of_orders as (

    select
        payment_id,
        paid_at,
        stripe_customer_id,
        order_number
    from payments
    where stripe_customer_id is not null and order_number is not null

),

named_documents as (

    select distinct order_number as document
    from payments_of_orders

),

-- Shops may number alike: a number that two orders carry names neither.
order_documents as (

    select
        named_documents.document,
        min(orders.order_id) as order_id
    from orders
    inner join named_documents on orders.order_number = named_documents.document
    group by named_documents.document
    having count(*) = 1
    union all
    select
        named_documents.document,
        orders.order_id
    from orders
    inner join named_documents on orders.order_id = named_documents.document

),

paid_orders as (

    select
        order_documents.order_id,
        payments.payment_id,
        payments.paid_at,
        payments.stripe_customer_id
    from payments_of_orders as payments
    inner join order_documents on payments.order_number = order_documents.document

),

-- Of several payments the newest counts; the payment's id ends ties.
newest_order_payments as (

    select
        order_id,
        arg_max(payment_id, (paid_at, payment_id)) as payment_id,
        arg_max(stripe_customer_id, (paid_at, payment_id)) as stripe_customer_id
    from paid_orders
    group by order_id

),

newest_customer_orders as (

    select
        stripe_customer_id,
        arg_max(order_id, (paid_at, payment_id, order_id)) as order_id
    from paid_orders
    group by stripe_customer_id

),

order_candidates as (

    select
        orders.order_id,
        orders.ordered_at as first_seen_at,
        orders.email_pseudonym,
        newest_order_payments.payment_id,
        billing_accounts.customer_key as document_customer_key,
        email_customers.customer_key as email_customer_key
    from orders
    left join newest_order_payments on orders.order_id = newest_order_payments.order_id
    left join billing_accounts
        on
            newest_order_payments.stripe_customer_id = billing_accounts.customer_id
            and billing_accounts.source = 'stripe'
    left join email_customers on orders.email_pseudonym = email_customers.email_pseudonym

),

customer_order_emails as (

    select
        newest_customer_orders.stripe_customer_id,
        newest_customer_orders.order_id,
        email_customers.customer_key
    from newest_customer_orders
    inner join orders on newest_customer_orders.order_id = orders.order_id
    inner join email_customers on orders.email_pseudonym = email_customers.email_pseudonym

),

billing_candidates as (

    select
        billing_customers.source,
        billing_customers.customer_id,
        billing_customers.first_seen_at,
        billing_customers.account_id,
        order_emails.order_id,
        billing_customers.email_pseudonym,
        account_customers.customer_key as foreign_customer_key,
        order_emails.customer_key as document_customer_key,
        email_customers.customer_key as email_customer_key
    from billing_customers
    left join account_customers on billing_customers.account_id = account_customers.account_id
    left join customer_order_emails as order_emails
        on
            billing_customers.customer_id = order_emails.stripe_customer_id
            and billing_customers.source = 'stripe'
    left join email_customers
        on billing_customers.email_pseudonym = email_customers.email_pseudonym

),

billing_links as (

    select
        *,
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
        shop_customers.email_pseudonym,
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
    having min(customer_key) = max(customer_key)

),

case_candidates as (

    select
        'salesforce' as source,
        cases.case_number,
        cases.opened_at as first_seen_at,
        case when account_customers.customer_key is null then 'contact_id' else 'account_id' end
            as foreign_kind,
        case
            when account_customers.customer_key is null then cases.contact_id
            else cases.account_id
        end as foreign_value,
        cases.email_pseudonym,
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
        case
            when requesters.customer_key is null then 'organization_external_id'
            else 'requester_external_id'
        end as foreign_kind,
        case
            when requesters.customer_key is null then tickets.organization_external_id
            else tickets.requester_external_id
        end as foreign_value,
        case
            when email_customers.customer_key is null then tickets.requester_external_id
            else tickets.email_pseudonym
        end as email_pseudonym,
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
        case when companies.customer_key is null then 'contact_id' else 'company_id' end
            as foreign_kind,
        case
            when companies.customer_key is null then people.contact_id
            else crm_cases.company_id
        end as foreign_value,
        crm_cases.email_pseudonym,
        coalesce(
            companies.customer_key,
            case when people.customer_key = people.last_customer_key then people.customer_key end
        ) as foreign_customer_key,
        case
            when people.customer_key = companies.customer_key then people.last_customer_key
            else people.customer_key
        end as further_customer_key,
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
            when foreign_customer_key is not null then foreign_kind
            when email_customer_key is not null then 'email_pseudonym'
        end as evidence_kind,
        case
            when foreign_customer_key is not null then foreign_value
            when email_customer_key is not null then email_pseudonym
        end as evidence_value,
        case
            when coalesce(foreign_customer_key, email_customer_key, '') <> further_customer_key
                then further_customer_key
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
        responses.external_reference,
        responses.case_number,
        case
            when email_customers.customer_key is null then responses.external_reference
            else responses.email_pseudonym
        end as email_pseudonym,
        foreign_ids.customer_key as foreign_customer_key,
        coalesce(own_cases.customer_key, numbered_cases.customer_key) as document_customer_key,
        coalesce(email_customers.customer_key, reference_emails.customer_key)
            as email_customer_key,
        reference_emails.customer_key as reference_customer_key
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
        evidence_kind,
        evidence_value,
        merger_delivered_on,
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
        case rule
            when 'merged' then 'master_contact_id'
            when 'foreign_id' then 'account_id'
            when 'email' then 'email_pseudonym'
            else 'contact_id'
        end as evidence_kind,
        case rule
            when 'merged' then master_contact_id
            when 'foreign_id' then account_id
            when 'email' then email_pseudonym
            else contact_id
        end as evidence_value,
        case when rule = 'merged' then merger_delivered_on end as merger_delivered_on,
        cast(null as varchar) as conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from contact_customers
    union all
    select
        named.source,
        'company_id' as id_kind,
        named.named_id as id_value,
        companies.customer_key,
        case when named.named_id = named.company_id then companies.rule else 'merged' end as rule,
        case
            when named.named_id <> named.company_id then 'merged_into_company_id'
            when companies.rule = 'email' then 'email_pseudonym'
            when companies.rule = 'own_id' then 'company_id'
            when companies.own_id is not null then 'salesforce_account_id'
            else 'salesforce_contact_id'
        end as evidence_kind,
        case
            when named.named_id <> named.company_id then named.company_id
            when companies.rule = 'email' then companies.email_pseudonym
            when companies.rule = 'own_id' then companies.company_id
            else coalesce(companies.own_id, companies.people_id)
        end as evidence_value,
        named.merger_delivered_on,
        case
            when named.named_id <> named.company_id then null
            when companies.customer_key <> companies.people_customer_key
                then companies.people_customer_key
            when companies.customer_key <> companies.last_people_customer_key
                then companies.last_people_customer_key
            when companies.customer_key <> companies.email_customer_key
                then companies.email_customer_key
            when companies.customer_key <> companies.last_email_customer_key
                then companies.last_email_customer_key
        end as conflicting_customer_key,
        cast(named.first_seen_at as date) as first_seen_on
    from crm_companies_named as named
    inner join crm_company_customers as companies
        on named.source = companies.source and named.company_id = companies.company_id
    union all
    select
        named.source,
        'contact_id' as id_kind,
        named.named_id as id_value,
        contacts.customer_key,
        case when named.named_id = named.contact_id then contacts.rule else 'merged' end as rule,
        case
            when named.named_id = named.contact_id then contacts.evidence_kind
            else 'merged_into_contact_id'
        end as evidence_kind,
        case
            when named.named_id = named.contact_id then contacts.evidence_value
            else named.contact_id
        end as evidence_value,
        named.merger_delivered_on,
        case when named.named_id = named.contact_id then contacts.conflicting_customer_key end
            as conflicting_customer_key,
        cast(contacts.first_seen_at as date) as first_seen_on
    from crm_contacts_named as named
    inner join crm_contact_customers as contacts
        on named.source = contacts.source and named.contact_id = contacts.contact_id
    union all
    select
        source,
        'case_number' as id_kind,
        case_number as id_value,
        customer_key,
        rule,
        evidence_kind,
        evidence_value,
        cast(null as date) as merger_delivered_on,
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
        case rule
            when 'foreign_id' then 'account_id'
            when 'document' then 'order_id'
            when 'email' then 'email_pseudonym'
            else 'customer_id'
        end as evidence_kind,
        case rule
            when 'foreign_id' then account_id
            when 'document' then order_id
            when 'email' then email_pseudonym
            else customer_id
        end as evidence_value,
        cast(null as date) as merger_delivered_on,
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
        case when email_customers.customer_key is not null then 'email_pseudonym' end
            as evidence_kind,
        case when email_customers.customer_key is not null then guest_payments.email_pseudonym end
            as evidence_value,
        cast(null as date) as merger_delivered_on,
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
        case when rule = 'email' then 'email_pseudonym' else 'customer_id' end as evidence_kind,
        case when rule = 'email' then email_pseudonym else customer_id end as evidence_value,
        cast(null as date) as merger_delivered_on,
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
            when document_customer_key is not null then 'payment_id'
            when email_customer_key is not null then 'email_pseudonym'
        end as evidence_kind,
        case
            when document_customer_key is not null then payment_id
            when email_customer_key is not null then email_pseudonym
        end as evidence_value,
        cast(null as date) as merger_delivered_on,
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
            when foreign_customer_key is not null then 'external_reference'
            when document_customer_key is not null then 'case_number'
            when email_customer_key is not null then 'email_pseudonym'
        end as evidence_kind,
        case
            when foreign_customer_key is not null then external_reference
            when document_customer_key is not null then case_number
            when email_customer_key is not null then email_pseudonym
        end as evidence_value,
        cast(null as date) as merger_delivered_on,
        case
            when foreign_customer_key <> document_customer_key then document_customer_key
            when
                coalesce(foreign_customer_key, document_customer_key) <> email_customer_key
                then email_customer_key
            -- The reference may be another address than the one that was written to.
            when
                coalesce(foreign_customer_key, document_customer_key, email_customer_key)
                <> reference_customer_key
                then reference_customer_key
        end as conflicting_customer_key,
        cast(first_seen_at as date) as first_seen_on
    from response_candidates

),

-- An address by itself makes nobody a customer: some record has to be theirs.
strangers as (

    select email_customers.customer_key
    from email_customers
    anti join record_links on email_customers.customer_key = record_links.customer_key
    where email_customers.rule = 'own_id'

),

final as (

    select
        record_links.source,
        record_links.id_kind,
        record_links.id_value,
        record_links.customer_key,
        record_links.rule,
        record_links.evidence_kind,
        record_links.evidence_value,
        record_links.merger_delivered_on,
        case when strangers.customer_key is null then record_links.conflicting_customer_key end
            as conflicting_customer_key,
        record_links.first_seen_on
    from record_links
    left join strangers on record_links.conflicting_customer_key = strangers.customer_key
    union all
    select
        'all' as source,
        'email_pseudonym' as id_kind,
        email_customers.email_pseudonym as id_value,
        email_customers.customer_key,
        email_customers.rule,
        case email_customers.rule
            when 'email' then 'record'
            when 'shared_mailbox' then 'customer_count'
            else 'email_pseudonym'
        end as evidence_kind,
        case email_customers.rule
            when 'email' then email_customers.record
            when 'shared_mailbox' then shared_mailboxes.customer_count
            else email_customers.email_pseudonym
        end as evidence_value,
        cast(null as date) as merger_delivered_on,
        cast(null as varchar) as conflicting_customer_key,
        cast(email_customers.first_seen_at as date) as first_seen_on
    from email_customers
    left join strangers on email_customers.customer_key = strangers.customer_key
    left join shared_mailboxes
        on email_customers.email_pseudonym = shared_mailboxes.email_pseudonym
    where strangers.customer_key is null

)

select * from final
