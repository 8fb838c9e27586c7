-- Nobody is recognised for more ratings in a month than csat_monthly counts.
select
    recognition.month,
    recognition.recognised_kind,
    recognition.response_count,
    csat_monthly.response_count as csat_response_count
from (
    select
        month,
        recognised_kind,
        sum(response_count) as response_count,
        sum(satisfied_count) as satisfied_count
    from {{ ref('recognition_monthly') }}
    group by month, recognised_kind
) as recognition
left join {{ ref('csat_monthly') }} as csat_monthly
    on recognition.month = csat_monthly.month and csat_monthly.dimension = 'all'
where
    csat_monthly.response_count is null
    or recognition.response_count > csat_monthly.response_count
    or recognition.satisfied_count > csat_monthly.satisfied_count
