-- One row per customer with orders: the history that BG/NBD and Gamma-Gamma need, in weeks.
with purchase_days as (

    select * from {{ ref('int_purchase_days') }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

histories as (

    select
        customer_key,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(net_amount) as decimal(18, 4)) as historic_revenue,
        -- A margin that is missing for one order is missing for their sum.
        case
            when sum(order_with_margin_count) = sum(order_count)
                then cast(sum(margin_amount) as decimal(18, 4))
        end as historic_margin,
        count(*) - 1 as frequency,
        sum(case when purchase_number > 1 then net_amount end) as repeat_amount
    from purchase_days
    group by customer_key

),

final as (

    select
        histories.customer_key,
        histories.first_order_on,
        histories.last_order_on,
        histories.order_count,
        histories.historic_revenue,
        histories.historic_margin,
        histories.frequency,
        {{ ratio(dbt.datediff('histories.first_order_on', 'histories.last_order_on', 'day'), 7) }}
            as recency_weeks,
        {{ ratio(dbt.datediff('histories.first_order_on', 'as_of.as_of', 'day'), 7) }}
            as age_weeks,
        {{ ratio('histories.repeat_amount', 'histories.frequency') }} as mean_repeat_value,
        {{ margin_then() }} as present_margin
    from histories
    cross join as_of
    left join customers on histories.customer_key = customers.customer_key
    {{ join_margin('customers.segment', 'as_of.as_of') }}

)

select * from final
