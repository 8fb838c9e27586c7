{{ config(meta={
    'description': 'Customers and months of cx_value, cx_investments and follow_up_impact are all there',
    'dagster': {'ref': {'name': 'cx_value'}},
}) }}

with answers as (

    select
        *,
        coalesce(customer_key, score_key) as respondent,
        cast({{ dbt.dateadd('month', 12, 'responded_on') }} as date) <= {{ as_of() }}
            as is_a_year_old
    from {{ ref('survey_responses') }}
    where metric <> 'enps'

),

valued as (

    select
        metric,
        sum(customer_count) as old_count,
        sum(present_customer_count) as present_count
    from {{ ref('cx_value') }}
    group by metric

),

answered as (

    select
        metric,
        count(distinct case when is_a_year_old then customer_key end) as old_count,
        count(distinct case when not is_a_year_old then customer_key end) as present_count
    from answers
    where customer_key is not null and band is not null
    group by metric

),

investments as (

    select
        investment,
        dimension,
        dimension_value,
        started_on,
        cast({{ dbt.dateadd('day', -180, 'started_on') }} as date) as watched_from,
        cast({{ dbt.dateadd('day', 180, 'started_on') }} as date) as watched_until,
        group_before_n + group_after_n + others_before_n + others_after_n as n
    from {{ ref('cx_investments') }}

),

grouped as (

    select
        investments.*,
        answers.respondent || (answers.responded_on >= investments.started_on) as respondent,
        case investments.dimension
            when 'segment' then answers.segment
            when 'country' then answers.country
            when 'team' then answers.team
            when 'leader' then answers.leader
        end as answer_group
    from investments
    inner join answers
        on
            answers.metric = 'nps'
            and investments.watched_from <= answers.responded_on
            and investments.watched_until > answers.responded_on

),

-- Whoever answered before and after counts twice; groups touched meanwhile are on no side.
compared_answers as (

    select
        investment,
        dimension,
        dimension_value,
        started_on,
        count(distinct respondent) as n
    from grouped
    where
        answer_group is not null
        and not exists (
            select 1
            from investments as meanwhile
            where
                meanwhile.dimension = grouped.dimension
                and meanwhile.dimension_value = grouped.answer_group
                and meanwhile.dimension_value <> grouped.dimension_value
                and meanwhile.started_on > grouped.watched_from
                and meanwhile.started_on < grouped.watched_until
        )
    group by investment, dimension, dimension_value, started_on

),

metrics as (

    select distinct metric
    from {{ ref('follow_up_impact') }}

),

-- By the answer that was the customer's latest when a month began.
moments as (

    select
        answers.metric,
        answers.customer_key,
        answers.responded_at as happened_at,
        answers.response_key,
        answers.question_id,
        coalesce(answers.band, 'none') as band,
        answers.responded_on,
        -- Of several of one moment, any.
        max(
            case
                when follow_ups.status is not null and follow_ups.has_follow_up is not null then 1
                else 0
            end
        ) over (
            partition by answers.metric, answers.customer_key, answers.responded_at
        ) as known,
        null as month,
        null as movement
    from answers
    left join {{ ref('detractor_follow_up') }} as follow_ups
        on answers.score_key = follow_ups.score_key
    where answers.customer_key is not null
    union all
    select
        metrics.metric,
        movements.customer_key,
        cast(movements.month as timestamptz) as happened_at,
        null as response_key,
        null as question_id,
        null as band,
        null as responded_on,
        null as known,
        movements.month,
        movements.movement
    from {{ ref('customer_movements') }} as movements
    cross join metrics
    where movements.movement in ('retained', 'churned') and not movements.is_partial_month

),

followed as (

    select
        metric,
        month,
        movement,
        last_value(band ignore nulls) over latest as band,
        last_value(responded_on ignore nulls) over latest as responded_on,
        last_value(known ignore nulls) over latest as known
    from moments
    window latest as (
        partition by metric, customer_key
        -- An answer of the moment at which a month begins comes after it.
        order by
            happened_at,
            case when month is null then 1 else 0 end,
            response_key,
            question_id
        rows between unbounded preceding and current row
    )

),

months as (

    select
        metric,
        count(*) as month_count,
        count(case when movement = 'churned' then 1 end) as lost_count
    from followed
    where
        month is not null
        and band in ('detractor', 'dissatisfied', 'hard')
        and known = 1
        and {{ month_after('responded_on', 12) }} >= month
    group by metric

),

compared as (

    select
        'customers in cx_value, by ' || answered.metric as what,
        answered.old_count as expected,
        valued.old_count as shown
    from answered
    left join valued on answered.metric = valued.metric
    union all
    select
        'present customers in cx_value, by ' || answered.metric as what,
        answered.present_count as expected,
        valued.present_count as shown
    from answered
    left join valued on answered.metric = valued.metric
    union all
    select
        'answers in cx_investments, of ' || investments.investment || ', '
        || investments.dimension_value as what,
        coalesce(compared_answers.n, 0) as expected,
        investments.n as shown
    from investments
    left join compared_answers
        on
            investments.investment = compared_answers.investment
            and investments.dimension = compared_answers.dimension
            and investments.dimension_value = compared_answers.dimension_value
            and investments.started_on = compared_answers.started_on
    union all
    select
        'months in follow_up_impact, by ' || impact.metric as what,
        coalesce(months.month_count, 0) as expected,
        impact.contacted_month_count + impact.others_month_count as shown
    from {{ ref('follow_up_impact') }} as impact
    left join months on impact.metric = months.metric
    union all
    select
        'months lost in follow_up_impact, by ' || impact.metric as what,
        coalesce(months.lost_count, 0) as expected,
        impact.contacted_lost_count + impact.others_lost_count as shown
    from {{ ref('follow_up_impact') }} as impact
    left join months on impact.metric = months.metric

)

select *
from compared
where expected is distinct from shown
