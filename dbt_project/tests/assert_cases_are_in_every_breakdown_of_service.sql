{{ config(meta={
    'description': 'Each dimension opens, closes and rates every case once, and ends with the open ones',
    'dagster': {'ref': {'name': 'support_cases'}},
}) }}

with summed as (

    select
        'service_monthly' as mart,
        dimension,
        sum(opened_count) as first_count,
        sum(closed_count) as second_count,
        sum(
            case
                when month = (select max(months.month) from {{ ref('int_months') }} as months)
                    then backlog_count
            end
        ) as third_count
    from {{ ref('service_monthly') }}
    group by dimension
    union all
    select
        'first_reply_impact' as mart,
        dimension,
        sum(rated_case_count) as first_count,
        sum(satisfied_count) as second_count,
        sum(case when from_hours is null then rated_case_count else 0 end) as third_count
    from {{ ref('first_reply_impact') }}
    group by dimension

),

cases as (

    select
        'service_monthly' as mart,
        count(*) as first_count,
        count(closed_on) as second_count,
        count(case when not is_closed then 1 end) as third_count
    from {{ ref('support_cases') }}
    union all
    select
        'first_reply_impact' as mart,
        count(*) as first_count,
        count(case when latest_csat_band = 'satisfied' then 1 end) as second_count,
        -- What has no reply, or none by the time of the rating.
        count(*) - count(case when first_reply_at <= latest_rated_at then 1 end) as third_count
    from {{ ref('support_cases') }}
    where
        latest_csat is not null
        and (
            first_reply_at is not null
            or (reply_count = 0 and cast(latest_rated_at as date) <= replies_known_through)
        )

)

select
    summed.*,
    cases.first_count as expected_first_count,
    cases.second_count as expected_second_count,
    cases.third_count as expected_third_count
from summed
inner join cases on summed.mart = cases.mart
where
    summed.first_count <> cases.first_count
    or summed.second_count <> cases.second_count
    or summed.third_count <> cases.third_count
