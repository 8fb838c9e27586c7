{{ config(meta={
    'description': 'No case has more business minutes than minutes, but those that Zendesk states',
    'dagster': {'ref': {'name': 'support_cases'}},
}) }}

select *
from {{ ref('support_cases') }}
where
    source <> 'zendesk'
    and (
        -- A closing that is dated before the opening has none.
        first_reply_business_minutes > greatest(first_reply_minutes, 0)
        or resolution_business_minutes > greatest(resolution_minutes, 0)
    )
