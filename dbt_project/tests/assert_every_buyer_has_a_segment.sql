-- Each customer with orders is in customer_segments once, with the revenue that customers states.
select
    customers.customer_key,
    customers.order_revenue,
    customer_segments.order_revenue as segment_revenue
from {{ ref('customers') }} as customers
full join {{ ref('customer_segments') }} as customer_segments
    on customers.customer_key = customer_segments.customer_key
where
    coalesce(customers.order_count, 0) <> coalesce(customer_segments.order_count, 0)
    or (
        customer_segments.order_count is not null
        and customers.order_revenue <> customer_segments.order_revenue
    )
