{#- Only warns: whose records name nobody is for those who keep the systems to mend. -#}
{{ config(
    severity='warn',
    meta={
        'description': 'Most of each source\'s records find their customer',
        'dagster': {'ref': {'name': 'identity_coverage'}},
    },
) }}

select
    source,
    id_kind,
    id_count,
    resolved_count,
    coverage
from {{ ref('identity_coverage') }}
where coverage < {{ var('least_identity_coverage') }}
