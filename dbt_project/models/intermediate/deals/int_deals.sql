-- One row per deal that nobody deleted, whatever the CRM. A new CRM is one more branch.
with salesforce as (

    select * from {{ ref('stg_salesforce__opportunities') }}

),

hubspot as (

    select * from {{ ref('stg_hubspot__deals') }}

),

pipedrive as (

    select * from {{ ref('stg_pipedrive__deals') }}

),

stages as (

    select * from {{ ref('stg_reference__deal_stages') }}

),

links as (

    select * from {{ ref('int_customer_links') }}

),

deals as (

    select
        'salesforce' as source,
        opportunity_id as deal_id,
        opportunity_type as deal_type,
        cast(null as varchar) as pipeline,
        stage,
        case
            when is_won then 'won'
            when is_closed and not is_won then 'lost'
            when not is_closed then 'open'
        end as stated_outcome,
        amount,
        currency,
        created_at as opened_at,
        closes_on
    from salesforce
    where not is_deleted
    union all
    select
        'hubspot' as source,
        deal_id,
        deal_type,
        pipeline,
        stage,
        cast(null as varchar) as stated_outcome,
        amount,
        currency,
        created_at as opened_at,
        cast(closed_at as date) as closes_on
    from hubspot
    union all
    select
        'pipedrive' as source,
        deal_id,
        deal_type,
        pipeline,
        stage,
        case when status in ('open', 'won', 'lost') then status end as stated_outcome,
        amount,
        currency,
        created_at as opened_at,
        cast(closed_at as date) as closes_on
    from pipedrive
    where not is_deleted

),

-- What a stage means is declared for its pipeline, else for all; two labels say it themselves.
judged as (

    select
        deals.*,
        coalesce(
            deals.stated_outcome,
            own_stages.outcome,
            all_stages.outcome,
            case
                when lower(deals.stage) in ('closed won', 'closedwon') then 'won'
                when lower(deals.stage) in ('closed lost', 'closedlost') then 'lost'
            end
        ) as outcome
    from deals
    left join stages as own_stages
        on
            deals.source = own_stages.source
            and lower(deals.pipeline) = own_stages.pipeline
            and lower(deals.stage) = own_stages.stage
    left join stages as all_stages
        on
            deals.source = all_stages.source
            and all_stages.pipeline is null
            and lower(deals.stage) = all_stages.stage

),

named_ids as (

    select
        'salesforce' as source,
        opportunity_id as deal_id,
        1 as id_rank,
        'account_id' as id_kind,
        account_id as id_value
    from salesforce
    union all
    select
        'salesforce' as source,
        opportunity_id as deal_id,
        2 as id_rank,
        'contact_id' as id_kind,
        contact_id as id_value
    from salesforce
    union all
    select
        'hubspot' as source,
        deal_id,
        1 as id_rank,
        'company_id' as id_kind,
        company_id as id_value
    from hubspot
    union all
    select
        'hubspot' as source,
        deal_id,
        2 as id_rank,
        'contact_id' as id_kind,
        unnest(contact_ids) as id_value
    from hubspot
    union all
    select
        'pipedrive' as source,
        deal_id,
        1 as id_rank,
        'company_id' as id_kind,
        organization_id as id_value
    from pipedrive
    union all
    select
        'pipedrive' as source,
        deal_id,
        2 as id_rank,
        'contact_id' as id_kind,
        person_id as id_value
    from pipedrive

),

addresses as (

    select
        'pipedrive' as source,
        deal_id,
        unnest(email_pseudonyms) as email_pseudonym
    from pipedrive

),

-- Of several people none is the deal's for certain unless they are one customer's.
named_customers as (

    select
        named_ids.source,
        named_ids.deal_id,
        named_ids.id_rank,
        min(links.customer_key) as customer_key
    from named_ids
    inner join links
        on
            named_ids.source = links.source
            and named_ids.id_kind = links.id_kind
            and named_ids.id_value = links.id_value
    group by named_ids.source, named_ids.deal_id, named_ids.id_rank
    having count(distinct links.customer_key) = 1
    union all
    select
        addresses.source,
        addresses.deal_id,
        3 as id_rank,
        min(links.customer_key) as customer_key
    from addresses
    inner join links
        on
            links.id_kind = 'email_pseudonym'
            and addresses.email_pseudonym = links.id_value
    group by addresses.source, addresses.deal_id
    having count(distinct links.customer_key) = 1

),

ranked_customers as (

    select
        *,
        row_number() over (partition by source, deal_id order by id_rank) as customer_rank
    from named_customers

),

with_customers as (

    select
        judged.*,
        ranked_customers.customer_key
    from judged
    left join ranked_customers
        on
            judged.source = ranked_customers.source
            and judged.deal_id = ranked_customers.deal_id
            and ranked_customers.customer_rank = 1

),

-- What the customer was when the deal was closed.
with_history as (

    select
        with_customers.*,
        {{ held_then('segment') }} as segment,
        {{ held_then('country') }} as country
    from with_customers
    {{ join_customer_then('with_customers', 'cast(with_customers.closes_on as timestamptz)') }}

),

final as (

    select
        {{ record_key('with_history.source', 'deal', 'with_history.deal_id') }} as deal_key,
        with_history.source,
        with_history.deal_id,
        with_history.customer_key,
        with_history.deal_type,
        with_history.pipeline,
        with_history.stage,
        with_history.outcome,
        with_history.opened_at,
        with_history.closes_on,
        with_history.amount as original_amount,
        with_history.currency as original_currency,
        {{ in_reporting_currency(
            'with_history.amount', 'with_history.currency', 'exchange_rates.rate'
        ) }} as amount,
        with_history.segment,
        with_history.country
    from with_history
    {{ join_exchange_rate('with_history.currency', 'with_history.closes_on') }}

)

select * from final
