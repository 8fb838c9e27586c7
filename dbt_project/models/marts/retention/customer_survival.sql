{%- set dimensions = ['segment', 'country', 'plan'] -%}

-- One row per dimension value and month of a subscription's life.
with lives as (

    select
        segment,
        country,
        first_plan as plan,
        -- Who is in force leaves before a month that isn't over; whoever ended in such a month has
        -- to as well, or those months would have losses and no survivors.
        case when life_months < watched_months then life_months else watched_months end
            as seen_months,
        is_ended and life_months <= watched_months as is_loss
    from {{ ref('int_subscription_lives') }}

),

-- A thousand months: a life that is longer would be a fault.
numbers as (

    {{ dbt.generate_series(1001) }}

),

ends as (

    select
        seen_months,
        {{ dimension_columns(dimensions) }},
        count(*) as life_count,
        count(case when is_loss then 1 end) as churned
    from lives
    group by {{ by_dimension(['seen_months'], dimensions) }}

),

groups as (

    select
        dimension,
        dimension_value,
        sum(life_count) as life_count,
        max(seen_months) as last_month
    from ends
    group by dimension, dimension_value

),

every_month as (

    select
        groups.dimension,
        groups.dimension_value,
        groups.life_count,
        numbers.generated_number - 1 as months,
        coalesce(ends.churned, 0) as churned,
        coalesce(ends.life_count, 0) as leaving
    from groups
    inner join numbers on numbers.generated_number - 1 <= groups.last_month
    left join ends
        on
            groups.dimension = ends.dimension
            and groups.dimension_value = ends.dimension_value
            and numbers.generated_number - 1 = ends.seen_months

),

-- Who was last seen after m months was still at risk in month m, and is gone from the next one.
at_risk as (

    select
        dimension,
        dimension_value,
        months,
        churned,
        life_count - coalesce(
            sum(leaving) over (
                partition by dimension, dimension_value
                order by months
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as at_risk
    from every_month

),

estimated as (

    select
        *,
        -- The logarithm of a product is a sum; nobody left makes it minus infinity, told apart.
        sum(case when churned < at_risk then ln(1 - {{ ratio('churned', 'at_risk') }}) end)
            over life as log_survival,
        max(case when churned = at_risk then 1 else 0 end) over life = 1 as is_nobody_left,
        sum({{ ratio('churned', 'at_risk * (at_risk - churned)') }}) over life as relative_variance
    from at_risk
    window
        life as (
            partition by dimension, dimension_value
            order by months
            rows between unbounded preceding and current row
        )

),

final as (

    select
        dimension,
        dimension_value,
        cast(months as integer) as months,
        cast(at_risk as bigint) as at_risk,
        cast(churned as bigint) as churned,
        case when is_nobody_left then 0 else exp(log_survival) end as survival,
        -- Greenwood's variance on the log-log scale; it has no width before the first loss, and
        -- none that could be told once nobody is left.
        case
            when log_survival < 0 and not is_nobody_left
                then
                    exp(
                        log_survival
                        * exp({{ z_95() }} * sqrt(relative_variance) / -log_survival)
                    )
        end as survival_low,
        case
            when log_survival < 0 and not is_nobody_left
                then
                    exp(
                        log_survival
                        * exp(-{{ z_95() }} * sqrt(relative_variance) / -log_survival)
                    )
        end as survival_high
    from estimated

)

select * from final
