{{ config(materialized='view') }}

with {{ newest_order_lines(source('shopify', 'orders')) }},

final as (

    select
        id as order_id,
        line_number,
        line_sku as sku,
        line_name as product_name,
        line_quantity as quantity,
        line_price as unit_price,
        line_discount as discount_amount,
        upper(currency) as currency,
        created_at as ordered_at,
        delivered_on
    from newest_lines

)

select * from final
