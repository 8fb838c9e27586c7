-- One row per basis, cohort and month of age: the whole square, NULL right of the known triangle.
with customer_months as (

    select * from {{ ref('customer_months') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

activity as (

    select
        'purchases' as basis,
        customer_key,
        month,
        order_revenue as revenue
    from customer_months
    where order_count > 0
    union all
    select
        'subscriptions' as basis,
        customer_key,
        month,
        mrr as revenue
    from customer_months
    where is_subscriber

),

customers as (

    select
        basis,
        customer_key,
        min(month) as cohort_month
    from activity
    group by basis, customer_key

),

cohorts as (

    select
        basis,
        cohort_month,
        count(*) as cohort_size
    from customers
    group by basis, cohort_month

),

active_counts as (

    select
        activity.basis,
        customers.cohort_month,
        activity.month,
        count(*) as active_customers,
        sum(activity.revenue) as revenue
    from activity
    inner join customers
        on
            activity.basis = customers.basis
            and activity.customer_key = customers.customer_key
    group by activity.basis, customers.cohort_month, activity.month

),

oldest as (

    select
        cohorts.basis,
        {{ dbt.datediff('min(cohorts.cohort_month)', 'min(as_of.current_month)', 'month') }}
            as oldest_age
    from cohorts
    cross join as_of
    group by cohorts.basis

),

numbers as (

    {{ dbt.generate_series(1200) }}

),

cells as (

    select
        cohorts.basis,
        cohorts.cohort_month,
        cohorts.cohort_size,
        cast(numbers.generated_number - 1 as integer) as months_since,
        {{ month_after('cohorts.cohort_month', 'numbers.generated_number - 1') }} as month
    from cohorts
    inner join oldest on cohorts.basis = oldest.basis
    inner join numbers on numbers.generated_number <= oldest.oldest_age + 1

),

counted as (

    select
        cells.basis,
        cells.cohort_month,
        cells.months_since,
        cells.month,
        cells.cohort_size,
        -- Not known yet is NULL; known and nobody there is 0.
        case
            when cells.month <= as_of.last_complete_month
                then coalesce(active_counts.active_customers, 0)
        end as active_customers,
        case
            when cells.month <= as_of.last_complete_month
                then cast(coalesce(active_counts.revenue, 0) as decimal(38, 4))
        end as revenue
    from cells
    cross join as_of
    left join active_counts
        on
            cells.basis = active_counts.basis
            and cells.cohort_month = active_counts.cohort_month
            and cells.month = active_counts.month

),

measured as (

    select
        *,
        max(case when months_since = 0 then revenue end) over (partition by basis, cohort_month)
            as first_revenue
    from counted

),

final as (

    select
        basis,
        cohort_month,
        months_since,
        month,
        cohort_size,
        active_customers,
        {{ ratio('active_customers', 'cohort_size') }} as retention_rate,
        -- Only cohorts that reached the age have a say in its average.
        {{ ratio(
            'sum(active_customers) over (partition by basis, months_since)',
            'sum(case when active_customers is not null then cohort_size end)'
            ' over (partition by basis, months_since)'
        ) }} as average_retention_rate,
        first_revenue,
        revenue,
        {{ ratio('revenue', 'first_revenue') }} as revenue_retention_rate,
        {{ ratio(
            'sum(revenue) over (partition by basis, months_since)',
            'sum(case when revenue is not null then first_revenue end)'
            ' over (partition by basis, months_since)'
        ) }} as average_revenue_retention_rate
    from measured

)

select * from final
