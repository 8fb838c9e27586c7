with {{ newest_order_lines(source('shopify', 'orders')) }},

-- Order columns stand on every line; the first line that is there speaks for the order.
final as (

    select
        id as order_id,
        name as order_number,
        email_pseudonym,
        financial_status,
        fulfillment_status,
        created_at as ordered_at,
        case when paid_at < {{ as_of_end() }} then paid_at end as paid_at,
        case when cancelled_at < {{ as_of_end() }} then cancelled_at end as cancelled_at,
        upper(currency) as currency,
        subtotal as subtotal_amount,
        shipping as shipping_amount,
        taxes as tax_amount,
        total as total_amount,
        discount_amount,
        refunded_amount,
        payment_method,
        order_source as channel,
        {{ country_of('coalesce(billing_country, shipping_country)') }} as country,
        delivered_on
    from newest_lines
    where line_number = first_line_number

)

select * from final
