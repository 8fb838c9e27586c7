{{ config(meta={
    'description': 'Total CLV is the sum of its parts, its history that of the orders and payments',
    'dagster': {'ref': {'name': 'customer_lifetime_value'}},
}) }}

with customers as (

    select * from {{ ref('customer_lifetime_value') }}

),

wrong_rows as (

    select
        'total of ' || customer_key as what,
        total_clv as shown,
        historic_margin + historic_subscription_margin
        + case when order_count > 0 then predicted_clv_36m else 0 end
        + subscription_residual_value as expected
    from customers
    where
        total_clv is distinct from
        historic_margin + historic_subscription_margin
        + case when order_count > 0 then predicted_clv_36m else 0 end
        + subscription_residual_value

),

impossible_rows as (

    select
        'sign of ' || customer_key as what,
        predicted_clv_36m as shown,
        cast(null as decimal(18, 4)) as expected
    from customers
    where
        predicted_clv_12m < 0
        or predicted_clv_36m < predicted_clv_12m
        or subscription_residual_value < 0
        or probability_alive not between 0 and 1

),

totals as (

    select
        'orders' as what,
        (select sum(historic_revenue) from customers) as shown,
        (
            select sum(net_amount)
            from {{ ref('int_orders') }}
            where is_countable and customer_key is not null
        ) as expected
    union all
    select
        'order counts' as what,
        (select sum(order_count) from customers) as shown,
        (
            select count(*)
            from {{ ref('int_orders') }}
            where is_countable and customer_key is not null
        ) as expected
    union all
    select
        'payments' as what,
        (select sum(historic_subscription_revenue) from customers) as shown,
        (
            select sum(net_amount)
            from {{ ref('int_subscription_payments') }}
            where is_collected and customer_key is not null
        ) as expected
    union all
    select
        'customers of the model ' || models.model || ' held out, ' || models.segment as what,
        models.hold_out_customer_count as shown,
        sum(hold_out.customer_count) as expected
    from {{ ref('clv_models') }} as models
    left join {{ ref('clv_hold_out') }} as hold_out
        on
            models.model = hold_out.model
            and models.segment = hold_out.segment
            and hold_out.frequency_class <> 'all'
    group by models.model, models.segment, models.hold_out_customer_count

)

select * from wrong_rows
union all
select * from impossible_rows
union all
select *
from totals
where coalesce(shown, 0) <> coalesce(expected, 0)
