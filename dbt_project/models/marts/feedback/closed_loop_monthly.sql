{%- set dimensions = ['metric', 'segment', 'country', 'source', 'survey', 'team', 'leader'] -%}
{%- set list_counts = [
    'follow_up_count', 'contacted_count', 'due_count', 'contacted_in_time_count', 'closed_count',
    'overdue_count',
] -%}

-- One row per month, dimension and dimension value.
with answers as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'responded_on') }} as date) as month,
        -- Of who waits since the newest list nobody knows whether somebody has called.
        status is not null and has_follow_up is not null as is_known
    from {{ ref('detractor_follow_up') }}

),

months as (

    select * from {{ ref('int_months') }}

),

counted as (

    select
        month,
        {{ dimension_columns(dimensions) }},
        count(*) as bad_answer_count,
        count(case when is_known then 1 end) as known_count,
        count(case when is_known and has_follow_up then 1 end) as follow_up_count,
        count(case when is_known and first_contact_at is not null then 1 end) as contacted_count,
        count(is_sla_met) as due_count,
        count(case when is_sla_met then 1 end) as contacted_in_time_count,
        count(case when status = 'closed' then 1 end) as closed_count,
        count(case when status = 'overdue' then 1 end) as overdue_count,
        count(is_recovered) as answered_again_count,
        count(case when is_recovered then 1 end) as recovered_count
    from answers
    group by {{ by_dimension(['month'], dimensions) }}

),

{{ every_month(
    ['bad_answer_count', 'known_count', 'answered_again_count', 'recovered_count'] + list_counts
) }},

final as (

    select
        month,
        dimension,
        dimension_value,
        bad_answer_count,
        known_count,
        {%- for each in list_counts %}
        case when known_count > 0 or bad_answer_count = 0 then {{ each }} end as {{ each }},
        {%- endfor %}
        answered_again_count,
        recovered_count,
        {{ ratio('contacted_count', 'known_count') }} as contacted_share,
        {{ wilson_low('contacted_count', 'known_count') }} as contacted_share_low,
        {{ wilson_high('contacted_count', 'known_count') }} as contacted_share_high,
        {{ ratio('contacted_in_time_count', 'due_count') }} as contacted_in_time_share,
        {{ wilson_low('contacted_in_time_count', 'due_count') }} as contacted_in_time_share_low,
        {{ wilson_high('contacted_in_time_count', 'due_count') }} as contacted_in_time_share_high,
        {{ ratio('closed_count', 'known_count') }} as closed_share,
        {{ ratio('recovered_count', 'answered_again_count') }} as recovered_share,
        {{ wilson_low('recovered_count', 'answered_again_count') }} as recovered_share_low,
        {{ wilson_high('recovered_count', 'answered_again_count') }} as recovered_share_high,
        is_partial_month
    from every_month

)

select * from final
