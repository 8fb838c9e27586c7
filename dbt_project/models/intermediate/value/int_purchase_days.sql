-- One row per customer and day with orders: what the forecasts call a purchase.
with orders as (

    select *
    from {{ ref('int_orders') }}
    where is_countable and customer_key is not null

),

final as (

    select
        customer_key,
        ordered_on,
        count(*) as order_count,
        sum(net_amount) as net_amount,
        sum(net_amount * margin) as margin_amount,
        count(net_amount * margin) as order_with_margin_count,
        row_number() over (
            partition by customer_key
            order by ordered_on
        ) as purchase_number
    from orders
    group by customer_key, ordered_on

)

select * from final
