{%- set dimensions = ['source', 'deal_type', 'pipeline', 'segment', 'country'] -%}

-- One row per month, dimension and dimension value.
with deals as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'closes_on') }} as date) as month
    from {{ ref('int_deals') }}
    where closes_on <= {{ as_of() }} and outcome is distinct from 'open'

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

counted as (

    select
        month,
        {{ dimension_columns(dimensions) }},
        count(case when outcome = 'won' then 1 end) as won_count,
        count(case when outcome = 'lost' then 1 end) as lost_count,
        count(outcome) as closed_count,
        count(*) - count(outcome) as undeclared_count,
        count(case when outcome = 'won' then amount end) as priced_won_count,
        coalesce(sum(case when outcome = 'won' then amount end), 0) as won_amount
    from deals
    group by {{ by_dimension(['month'], dimensions) }}

),

final as (

    select
        counted.month,
        counted.dimension,
        counted.dimension_value,
        '{{ var("reporting_currency") }}' as currency,
        counted.won_count,
        counted.lost_count,
        counted.undeclared_count,
        {{ ratio('counted.won_count', 'counted.closed_count') }} as win_rate,
        {{ wilson_low('counted.won_count', 'counted.closed_count') }} as win_rate_low,
        {{ wilson_high('counted.won_count', 'counted.closed_count') }} as win_rate_high,
        counted.priced_won_count,
        counted.won_amount,
        counted.month > as_of.last_complete_month as is_partial_month
    from counted
    cross join as_of

)

select * from final
