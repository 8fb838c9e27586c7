-- Only warns: without margins everything else is right, and the margin columns are NULL.
{{ config(severity='warn') }}

select
    segment,
    min(ordered_on) as first_on,
    max(ordered_on) as last_on,
    count(*) as order_count
from {{ ref('int_orders') }}
where is_countable and margin is null
group by segment
