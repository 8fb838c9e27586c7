{%- set dimensions = ['segment', 'country', 'channel', 'source', 'survey', 'team', 'leader'] -%}

-- One row per day, dimension and dimension value: answers that are their customer's latest in the
-- 90 days up to and with that day.
with scores as (

    select *
    from {{ ref('int_survey_scores') }}
    where metric = 'nps' and score is not null

),

months as (

    select * from {{ ref('int_months') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

month_days as (

    {{ dbt.generate_series(31) }}

),

days as (

    select
        cast({{ dbt.dateadd('day', 'month_days.generated_number - 1', 'months.month') }} as date)
            as day,
        months.month_end,
        months.is_partial_month,
        as_of.as_of
    from months
    cross join month_days
    cross join as_of

),

followed as (

    select
        *,
        case
            when customer_key is not null
                then
                    lead(responded_on) over (
                        partition by customer_key
                        order by responded_at, response_key, question_id
                    )
        end as next_responded_on
    from scores

),

spans as (

    select
        *,
        case
            when next_responded_on < {{ dbt.dateadd('day', 90, 'responded_on') }}
                then next_responded_on
            else cast({{ dbt.dateadd('day', 90, 'responded_on') }} as date)
        end as counts_until
    from followed

),

signs as (

    select 1 as change
    union all
    select -1 as change

),

-- An answer counts from its day on, until the customer's next one or for 90 days: two changes of a
-- running sum, whereas joining each day to its 90 days of answers would take 90 rows per answer.
changes as (

    select
        spans.*,
        signs.change,
        case when signs.change = 1 then spans.responded_on else spans.counts_until end as day
    from spans
    cross join signs
    where spans.responded_on < spans.counts_until

),

net_changes as (

    select
        day,
        {{ dimension_columns(dimensions) }},
        sum(case when band = 'promoter' then change else 0 end) as promoters,
        sum(case when band = 'passive' then change else 0 end) as passives,
        sum(case when band = 'detractor' then change else 0 end) as detractors,
        sum(case when customer_key is null then change else 0 end) as anonymous
    from changes
    group by {{ by_dimension(['day'], dimensions) }}

),

groups as (

    select
        dimension,
        dimension_value,
        min(day) as first_day
    from net_changes
    group by dimension, dimension_value

),

-- Changes after as_of meet no day and fall away.
every_day as (

    select
        days.day,
        days.is_partial_month,
        groups.dimension,
        groups.dimension_value,
        coalesce(net_changes.promoters, 0) as promoters,
        coalesce(net_changes.passives, 0) as passives,
        coalesce(net_changes.detractors, 0) as detractors,
        coalesce(net_changes.anonymous, 0) as anonymous
    from groups
    inner join days on groups.first_day <= days.day
    left join net_changes
        on
            days.day = net_changes.day
            and groups.dimension = net_changes.dimension
            and groups.dimension_value = net_changes.dimension_value
    where days.day <= days.month_end and days.day <= days.as_of

),

running as (

    select
        day,
        dimension,
        dimension_value,
        is_partial_month,
        cast(sum(promoters) over group_days as bigint) as promoter_count,
        cast(sum(passives) over group_days as bigint) as passive_count,
        cast(sum(detractors) over group_days as bigint) as detractor_count,
        cast(sum(anonymous) over group_days as bigint) as anonymous_count
    from every_day
    window
        group_days as (
            partition by dimension, dimension_value
            order by day
            rows between unbounded preceding and current row
        )

),

final as (

    select
        day,
        dimension,
        dimension_value,
        promoter_count + passive_count + detractor_count as response_count,
        promoter_count,
        passive_count,
        detractor_count,
        anonymous_count,
        is_partial_month
    from running

)

select * from final
