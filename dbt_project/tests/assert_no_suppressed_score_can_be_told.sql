{{ config(meta={
    'description': 'What enps_monthly shows leaves five answers or more to be told by subtraction',
    'dagster': {'ref': {'name': 'enps_monthly'}},
}) }}

select
    parts.month,
    parts.dimension,
    sum(parts.response_count) as suppressed_count
from {{ ref('enps_monthly') }} as parts
inner join {{ ref('enps_monthly') }} as wholes
    on parts.month = wholes.month and wholes.dimension = 'all' and not wholes.is_suppressed
where parts.is_suppressed
group by parts.month, parts.dimension
having sum(parts.response_count) < 5
