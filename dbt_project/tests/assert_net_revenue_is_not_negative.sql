-- Only warns: a refund of tax and shipping on top of the goods is real, and stays below 0.
{{ config(severity='warn') }}

select
    order_key,
    order_number,
    gross_amount,
    refunded_amount,
    net_amount
from {{ ref('int_orders') }}
where net_amount < 0
