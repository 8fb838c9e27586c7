{{ config(meta={
    'description': 'Each KPI is of as many answers, cases or customers as the mart it comes from',
    'dagster': {'ref': {'name': 'leader_scorecard'}},
}) }}

{%- set kpis = [
    ('csat', 'csat_monthly', 'response_count'),
    ('nps', 'nps_monthly', 'response_count'),
    ('ces', 'ces_monthly', 'response_count'),
    ('enps', 'enps_monthly', 'response_count'),
    ('first_contact_resolution', 'service_monthly', 'fcr_known_count'),
    ('escalation', 'service_monthly', 'escalation_known_count'),
    ('first_reply_hours', 'service_monthly', 'first_reply_count'),
    ('closed_loop', 'closed_loop_monthly', 'due_count'),
    ('logo_retention', 'retention_monthly', 'starting_customers'),
] %}

with marts as (

    {% for kpi, mart, n in kpis -%}
    select
        '{{ kpi }}' as kpi,
        count(*) as row_count,
        sum({{ n }}) as n
    from {{ ref(mart) }}
    where dimension in ('all', 'leader')
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

shown as (

    select
        kpi,
        count(*) as row_count,
        sum(n) as n
    from {{ ref('leader_scorecard') }}
    group by kpi

)

select
    marts.*,
    shown.row_count as shown_row_count,
    shown.n as shown_n
from marts
left join shown on marts.kpi = shown.kpi
where
    marts.row_count <> coalesce(shown.row_count, 0)
    or marts.n is distinct from shown.n
