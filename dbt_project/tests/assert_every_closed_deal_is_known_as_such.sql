{#- Only warns: the mart counts what is unknown beside what is known, and what a stage means is for
    those who keep the CRM to say. -#}
{{ config(
    severity='warn',
    meta={
        'description': 'Stages that reference/deal_stages lacks, and closed deals without a day',
        'dagster': {'ref': {'name': 'deals_monthly'}},
    },
) }}

select
    source,
    pipeline,
    stage,
    outcome,
    count(*) as deal_count
from {{ ref('int_deals') }}
where outcome is null or (outcome <> 'open' and closes_on is null)
group by source, pipeline, stage, outcome
