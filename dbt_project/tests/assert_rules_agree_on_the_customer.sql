-- Only warns: the stronger rule won, as it should; who keeps the systems may mend the weaker one.
{{ config(severity='warn') }}

select
    source,
    id_kind,
    rule,
    count(*) as link_count
from {{ ref('int_customer_links') }}
where conflicting_customer_key is not null
group by source, id_kind, rule
