-- One row per customer and calendar month with recurring revenue at the month's end.
with months as (

    select * from {{ ref('int_months') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

versions as (

    select * from {{ ref('int_subscription_versions') }}

),

-- The current month is measured on as_of, its last day being unknown.
measured as (

    select
        months.month,
        case
            when months.is_partial_month then as_of.as_of
            else months.month_end
        end as measured_on
    from months
    cross join as_of

),

-- A price in force: within its own span and within the subscription's paid life.
spans as (

    select
        subscriptions.customer_key,
        versions.mrr,
        versions.valid_from,
        case
            when subscriptions.ended_on < versions.valid_to or versions.valid_to is null
                then subscriptions.ended_on
            else versions.valid_to
        end as valid_to
    from subscriptions
    inner join versions on subscriptions.subscription_key = versions.subscription_key
    where subscriptions.is_paying and versions.mrr > 0

),

final as (

    select
        spans.customer_key,
        measured.month,
        cast(sum(spans.mrr) as decimal(18, 4)) as mrr,
        count(*) as subscription_count
    from spans
    inner join measured
        on {{ within('measured.measured_on', 'spans.valid_from', 'spans.valid_to') }}
    group by spans.customer_key, measured.month

)

select * from final
