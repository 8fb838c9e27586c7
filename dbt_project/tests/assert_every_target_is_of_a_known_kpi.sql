-- Targets that no KPI of the scorecard has the name of: mistyped, or not measured.
{{ config(severity='warn') }}

select distinct targets.kpi
from {{ ref('stg_reference__kpi_targets') }} as targets
left join {{ ref('leader_scorecard') }} as scorecard on targets.kpi = scorecard.kpi
where scorecard.kpi is null
