with customers as (

    select * from {{ ref('int_customers') }}

),

histories as (

    select * from {{ ref('int_clv_inputs') }}

),

forecasts as (

    select * from {{ ref('int_clv_forecasts') }}

),

payments as (

    select *
    from {{ ref('int_subscription_payments') }}
    where is_collected and customer_key is not null

),

terms as (

    select *
    from {{ ref('int_subscription_terms') }}
    where customer_key is not null

),

lifetimes as (

    select * from {{ ref('int_residual_lifetimes') }}

),

paid as (

    select
        customer_key,
        min(paid_on) as first_paid_on,
        cast(sum(net_amount) as decimal(18, 4)) as revenue,
        -- A margin that is missing for one payment is missing for their sum.
        case
            when count(net_amount * margin) = count(*)
                then cast(sum(net_amount * margin) as decimal(18, 4))
        end as margin_amount
    from payments
    group by customer_key

),

-- Months expected to come times what one brings: by the model of the billing interval, else, when
-- too few of its renewals have been seen, by that of all subscriptions. What is cancelled to the
-- end of its interval will see no renewal.
valued as (

    select
        terms.customer_key,
        terms.paid_from,
        terms.is_in_force,
        case
            when not terms.is_in_force or terms.is_cancel_at_period_end then 0
            else
                cast(round(
                    coalesce(of_interval.expected_months, of_all.expected_months)
                    * cast(terms.mrr as double)
                    * cast(terms.present_margin as double),
                    2
                ) as decimal(18, 4))
        end as residual_value
    from terms
    left join lifetimes as of_interval
        on
            terms.billing_interval = of_interval.segment
            and terms.renewal_count + 1 = of_interval.period_number
    left join lifetimes as of_all
        on of_all.segment = 'all' and terms.month_count + 1 = of_all.period_number

),

subscribed as (

    select
        customer_key,
        min(paid_from) as first_subscribed_on,
        count(case when is_in_force then 1 end) as subscription_count,
        case
            when count(residual_value) = count(*)
                then cast(sum(residual_value) as decimal(18, 4))
        end as residual_value
    from valued
    group by customer_key

),

-- Whoever bought or subscribed; a prospect has no lifetime to value yet.
joined as (

    select
        customers.customer_key,
        customers.segment,
        customers.country,
        histories.customer_key is not null as has_orders,
        -- At least one of them is there; engines differ in what least() makes of a NULL.
        least(
            coalesce(histories.first_order_on, cast('9999-12-31' as date)),
            coalesce(paid.first_paid_on, cast('9999-12-31' as date)),
            coalesce(subscribed.first_subscribed_on, cast('9999-12-31' as date))
        ) as first_bought_on,
        histories.first_order_on,
        histories.last_order_on,
        coalesce(histories.order_count, 0) as order_count,
        histories.frequency,
        histories.recency_weeks,
        histories.age_weeks,
        histories.mean_repeat_value,
        case
            when histories.customer_key is null then 0 else histories.historic_revenue
        end as historic_revenue,
        case
            when histories.customer_key is null then 0 else histories.historic_margin
        end as historic_margin,
        case
            when paid.customer_key is null then 0 else paid.revenue
        end as historic_subscription_revenue,
        case
            when paid.customer_key is null then 0 else paid.margin_amount
        end as historic_subscription_margin,
        coalesce(subscribed.subscription_count, 0) as subscription_count,
        case
            when subscribed.customer_key is null then 0 else subscribed.residual_value
        end as subscription_residual_value
    from customers
    left join histories on customers.customer_key = histories.customer_key
    left join paid on customers.customer_key = paid.customer_key
    left join subscribed on customers.customer_key = subscribed.customer_key
    where
        histories.customer_key is not null
        or paid.customer_key is not null
        or subscribed.customer_key is not null

),

totalled as (

    select
        joined.*,
        forecasts.probability_alive,
        forecasts.expected_orders_12m,
        forecasts.expected_order_value,
        forecasts.predicted_clv_12m,
        forecasts.predicted_clv_36m,
        -- The forecast is of customers who order; for the others it isn't a missing part.
        joined.historic_margin
        + joined.historic_subscription_margin
        + case when joined.has_orders then forecasts.predicted_clv_36m else 0 end
        + joined.subscription_residual_value as total_clv
    from joined
    left join forecasts on joined.customer_key = forecasts.customer_key

),

final as (

    select
        customer_key,
        '{{ var("reporting_currency") }}' as currency,
        first_bought_on,
        first_order_on,
        last_order_on,
        order_count,
        cast(historic_revenue as decimal(18, 4)) as historic_revenue,
        cast(historic_margin as decimal(18, 4)) as historic_margin,
        cast(historic_subscription_revenue as decimal(18, 4)) as historic_subscription_revenue,
        cast(historic_subscription_margin as decimal(18, 4)) as historic_subscription_margin,
        frequency,
        recency_weeks,
        age_weeks,
        cast({{ ratio('historic_revenue', 'order_count') }} as decimal(18, 4))
            as average_order_value,
        cast(mean_repeat_value as decimal(18, 4)) as repeat_order_value,
        probability_alive,
        expected_orders_12m,
        expected_order_value,
        predicted_clv_12m,
        predicted_clv_36m,
        subscription_count,
        cast(subscription_residual_value as decimal(18, 4)) as subscription_residual_value,
        cast(total_clv as decimal(18, 4)) as total_clv,
        -- The key ends ties, so that the same customers are in the same tenth in every run.
        case
            when total_clv is not null
                then
                    cast(ntile(10) over (
                        partition by case when total_clv is null then 0 else 1 end
                        order by total_clv desc, customer_key asc
                    ) as integer)
        end as clv_decile,
        segment,
        country
    from totalled

)

select * from final
