{#-
    Retention of recurring revenue: each month's end against the end of `months_back` months before.

    Every customer who was active at either end is one row of `movements`, under the segment,
    country, team and leader that held at the end of the later month. One rule for all rows of a
    comparison is what lets the bridge close in each of them.

        with {{ movements_against(months_back=1) }}
        select * from movements
-#}

{% macro movements_against(months_back) -%}
    {#- CTE `movements`: what became of each customer's recurring revenue. -#}
    customer_months as (

        select * from {{ ref('customer_months') }}

    ),

    months as (

        select * from {{ ref('int_months') }}

    ),

    churn_events as (

        select * from {{ ref('churn_events') }}

    ),

    as_of as (

        select * from {{ ref('int_as_of') }}

    ),

    measured as (

        select
            months.month,
            least(months.month_end, as_of.as_of) as measured_on
        from months
        cross join as_of

    ),

    -- Who has ended and may still renew late, by what was known at the end of each month.
    in_grace as (

        select
            churn_events.customer_key,
            measured.month,
            max(case when churn_events.outcome = 'renewed_late' then 1 else 0 end) = 1
                as is_renewed_late
        from churn_events
        inner join measured
            on
                churn_events.ended_on <= measured.measured_on
                and {{ dbt.dateadd('day', var('grace_days'), 'churn_events.ended_on') }}
                > measured.measured_on
                and coalesce(churn_events.returned_on, cast('9999-12-31' as date))
                > measured.measured_on
        where churn_events.outcome <> 'changed'
        group by churn_events.customer_key, measured.month

    ),

    active as (

        select
            customer_key,
            month,
            {{ month_after('month', months_back) }} as compared_in,
            mrr,
            segment,
            country,
            team,
            leader
        from customer_months
        where is_subscriber

    ),

    first_months as (

        select
            customer_key,
            min(month) as first_month
        from active
        group by customer_key

    ),

    active_at_end as (

        select
            ending.customer_key,
            ending.month,
            starting.mrr as starting_mrr,
            ending.mrr as ending_mrr,
            coalesce(in_grace.is_renewed_late, false) as was_in_grace,
            false as is_in_grace,
            ending.segment,
            ending.country,
            ending.team,
            ending.leader
        from active as ending
        left join active as starting
            on
                ending.customer_key = starting.customer_key
                and ending.month = starting.compared_in
        left join in_grace
            on
                ending.customer_key = in_grace.customer_key
                and ending.month = {{ month_after('in_grace.month', months_back) }}

    ),

    churned as (

        select
            starting.customer_key,
            months.month,
            starting.mrr as starting_mrr,
            {{ last_moment_of('months.month_end') }} as ended_at
        from active as starting
        inner join months on starting.compared_in = months.month
        left join active as ending
            on
                starting.customer_key = ending.customer_key
                and starting.compared_in = ending.month
        where ending.customer_key is null

    ),

    churned_then as (

        select
            churned.customer_key,
            churned.month,
            churned.starting_mrr,
            cast(null as decimal(18, 4)) as ending_mrr,
            false as was_in_grace,
            in_grace.customer_key is not null as is_in_grace,
            {{ held_then('segment') }} as segment,
            {{ held_then('country') }} as country,
            {{ held_then('team') }} as team,
            {{ held_then('leader') }} as leader
        from churned
        left join in_grace
            on churned.customer_key = in_grace.customer_key and churned.month = in_grace.month
        {{ join_customer_then('churned', 'churned.ended_at') }}

    ),

    comparisons as (

        select * from active_at_end
        union all
        select * from churned_then

    ),

    classified as (

        select
            comparisons.customer_key,
            comparisons.month,
            case
                when comparisons.starting_mrr is not null and comparisons.ending_mrr is not null
                    then 'retained'
                when comparisons.starting_mrr is not null then 'churned'
                -- Active before the start, not at it: back again, not new.
                when {{ month_after('first_months.first_month', months_back) }} < comparisons.month
                    then 'reactivated'
                else 'new'
            end as movement,
            comparisons.starting_mrr,
            comparisons.ending_mrr,
            comparisons.was_in_grace,
            comparisons.is_in_grace,
            comparisons.segment,
            comparisons.country,
            comparisons.team,
            comparisons.leader
        from comparisons
        inner join first_months on comparisons.customer_key = first_months.customer_key

    ),

    movements as (

        select
            *,
            movement = 'reactivated' and was_in_grace as is_late_renewal
        from classified

    )
{%- endmacro %}

{% macro retention_of_movements() -%}
    {#- From CTEs `movements` and `months` on: the long form, and all of its rates. -#}
    {%- set dimensions = ['segment', 'country', 'team', 'leader'] -%}
placed as (

    select
        month,
        {%- for dimension in dimensions %}
        {{ not_set(dimension) }} as {{ dimension }},
        {%- endfor %}
        movement,
        is_late_renewal,
        is_in_grace,
        starting_mrr,
        ending_mrr
    from movements

),

summed as (

    select
        month,
        {%- for dimension in dimensions %}
        {{ dimension }},
        grouping({{ dimension }}) as is_not_by_{{ dimension }},
        {%- endfor %}
        count(starting_mrr) as starting_customers,
        count(case when movement = 'new' then 1 end) as new_customers,
        count(case when movement = 'reactivated' then 1 end) as reactivated_customers,
        count(case when is_late_renewal then 1 end) as late_renewal_customers,
        count(case when movement = 'churned' then 1 end) as churned_customers,
        count(case when is_in_grace then 1 end) as in_grace_customers,
        count(ending_mrr) as ending_customers,
        count(case when movement = 'retained' then 1 end) as retained_customers,
        coalesce(sum(starting_mrr), 0) as starting_mrr,
        coalesce(sum(case when movement = 'new' then ending_mrr end), 0) as new_mrr,
        coalesce(sum(case when movement = 'reactivated' then ending_mrr end), 0)
            as reactivation_mrr,
        coalesce(sum(case when is_late_renewal then ending_mrr end), 0) as late_renewal_mrr,
        coalesce(sum(
            case when ending_mrr > starting_mrr then ending_mrr - starting_mrr end
        ), 0) as expansion_mrr,
        coalesce(sum(
            case when ending_mrr < starting_mrr then starting_mrr - ending_mrr end
        ), 0) as contraction_mrr,
        coalesce(sum(case when movement = 'churned' then starting_mrr end), 0) as churned_mrr,
        coalesce(sum(case when is_in_grace then starting_mrr end), 0) as in_grace_mrr,
        coalesce(sum(ending_mrr), 0) as ending_mrr,
        -- Capped customer by customer: nobody's growth hides another one's loss.
        coalesce(sum(case when movement = 'retained' then least(starting_mrr, ending_mrr) end), 0)
            as kept_mrr,
        coalesce(sum(case when movement = 'retained' then ending_mrr end), 0) as retained_mrr
    from placed
    group by grouping sets (
        (month)
        {%- for dimension in dimensions %},
        (month, {{ dimension }})
        {%- endfor %}
    )

),

final as (

    select
        summed.month,
        case
            {%- for dimension in dimensions %}
            when summed.is_not_by_{{ dimension }} = 0 then '{{ dimension }}'
            {%- endfor %}
            else 'all'
        end as dimension,
        case
            {%- for dimension in dimensions %}
            when summed.is_not_by_{{ dimension }} = 0 then summed.{{ dimension }}
            {%- endfor %}
            else 'all'
        end as dimension_value,
        summed.starting_customers,
        summed.new_customers,
        summed.reactivated_customers,
        summed.late_renewal_customers,
        summed.churned_customers,
        summed.in_grace_customers,
        summed.ending_customers,
        summed.retained_customers,
        {{ ratio('summed.retained_customers', 'summed.starting_customers') }} as logo_retention,
        {%- for amount in [
            'starting_mrr', 'new_mrr', 'reactivation_mrr', 'late_renewal_mrr', 'expansion_mrr',
            'contraction_mrr', 'churned_mrr', 'in_grace_mrr', 'ending_mrr',
        ] %}
        cast(summed.{{ amount }} as decimal(38, 4)) as {{ amount }},
        {%- endfor %}
        {{ ratio('summed.kept_mrr', 'summed.starting_mrr') }} as grr,
        {{ ratio('summed.retained_mrr', 'summed.starting_mrr') }} as nrr,
        months.is_partial_month
    from summed
    inner join months on summed.month = months.month

)

select * from final
{%- endmacro %}
