-- One row per customer and calendar month with recurring revenue or an order.
with subscriber_months as (

    select * from {{ ref('int_subscriber_months') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

months as (

    select * from {{ ref('int_months') }}

),

order_months as (

    select
        customer_key,
        ordered_month as month,
        cast(sum(net_amount) as decimal(18, 4)) as order_revenue,
        count(*) as order_count
    from orders
    where customer_key is not null and is_countable
    group by customer_key, ordered_month

),

activity as (

    select
        coalesce(subscriber_months.customer_key, order_months.customer_key) as customer_key,
        coalesce(subscriber_months.month, order_months.month) as month,
        coalesce(subscriber_months.mrr, 0) as mrr,
        coalesce(subscriber_months.subscription_count, 0) as subscription_count,
        coalesce(order_months.order_revenue, 0) as order_revenue,
        coalesce(order_months.order_count, 0) as order_count
    from subscriber_months
    full outer join order_months
        on
            subscriber_months.customer_key = order_months.customer_key
            and subscriber_months.month = order_months.month

),

dated as (

    select
        activity.*,
        months.is_partial_month,
        {{ last_moment_of('months.month_end') }} as ended_at
    from activity
    inner join months on activity.month = months.month

),

final as (

    select
        dated.customer_key,
        dated.month,
        dated.mrr,
        dated.subscription_count,
        dated.order_revenue,
        dated.order_count,
        dated.mrr > 0 as is_subscriber,
        {{ held_then('segment') }} as segment,
        {{ held_then('country') }} as country,
        {{ held_then('team') }} as team,
        {{ held_then('leader') }} as leader,
        dated.is_partial_month
    from dated
    {{ join_customer_then('dated', 'dated.ended_at') }}

)

select * from final
