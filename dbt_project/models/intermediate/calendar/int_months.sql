-- One row per calendar month from the first event to the month of as_of.
with as_of as (

    select * from {{ ref('int_as_of') }}

),

first_events as (

    select min(ordered_at) as first_at from {{ ref('stg_shopify__orders') }}
    union all
    select min(paid_at) as first_at from {{ ref('int_payments') }}
    where purpose = 'order' and is_collected
    union all
    select min(started_at) as first_at from {{ ref('stg_stripe__subscriptions') }}
    union all
    select min(started_at) as first_at from {{ ref('stg_chargebee__subscriptions') }}
    union all
    select min(opened_at) as first_at from {{ ref('int_cases') }}
    union all
    select min(responded_at) as first_at from {{ ref('int_responses') }}

),

-- A hundred years: an event dated before them would be a fault, and show as one.
numbers as (

    {{ dbt.generate_series(1200) }}

),

first_month as (

    select cast({{ dbt.date_trunc('month', 'min(first_at)') }} as date) as month
    from first_events

),

months as (

    select
        {{ month_after('first_month.month', 'numbers.generated_number - 1') }} as month
    from first_month
    cross join numbers

),

final as (

    select
        months.month,
        cast({{ dbt.last_day('months.month', 'month') }} as date) as month_end,
        {{ dbt.last_day('months.month', 'month') }} > as_of.as_of as is_partial_month
    from months
    cross join as_of
    where months.month <= as_of.current_month

)

select * from final
