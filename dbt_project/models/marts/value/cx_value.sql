{%- set amounts = ['order_revenue', 'realised_clv'] -%}

-- One row per metric and band: what customers who answered so did in the twelve months after it,
-- against those of the baseline band, and what is at stake with those who answer so now.
with scores as (

    select
        customer_key,
        metric,
        band,
        responded_on,
        responded_at,
        response_key,
        question_id
    from {{ ref('int_survey_scores') }}
    where score is not null and band is not null and customer_key is not null and metric <> 'enps'

),

orders as (

    select *
    from {{ ref('int_orders') }}
    where is_countable and customer_key is not null

),

payments as (

    select *
    from {{ ref('int_subscription_payments') }}
    where is_collected and customer_key is not null

),

subscriptions as (

    select *
    from {{ ref('int_subscriptions') }}
    where is_paying and customer_key is not null

),

subscriber_months as (

    select * from {{ ref('int_subscriber_months') }}

),

lifetime_values as (

    select * from {{ ref('customer_lifetime_value') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

dated as (

    select
        scores.*,
        as_of.current_month,
        cast({{ dbt.dateadd('month', 12, 'scores.responded_on') }} as date) as year_later_on,
        cast({{ dbt.dateadd('month', 12, 'scores.responded_on') }} as date) <= as_of.as_of
            as is_a_year_old
    from scores
    cross join as_of

),

-- A customer counts once for what came after an answer, and once for the present.
ranked as (

    select
        *,
        row_number() over (
            partition by metric, customer_key, is_a_year_old
            order by responded_at desc, response_key desc, question_id desc
        ) as recency_rank
    from dated

),

answers as (

    select * from ranked
    where recency_rank = 1

),

subscriptions_of_answers as (

    select
        answers.metric,
        answers.customer_key,
        {{ within('answers.responded_on', 'subscriptions.paid_from', 'subscriptions.ended_on') }}
            as is_in_force_then,
        {{ within('answers.year_later_on', 'subscriptions.paid_from', 'subscriptions.ended_on') }}
            as is_in_force_later
    from answers
    inner join subscriptions on answers.customer_key = subscriptions.customer_key
    where answers.is_a_year_old

),

subscribed as (

    select
        metric,
        customer_key,
        max(case when is_in_force_later then 1 else 0 end) as retained_count
    from subscriptions_of_answers
    group by metric, customer_key
    having count(case when is_in_force_then then 1 end) > 0

),

gains as (

    select
        customer_key,
        ordered_on as gained_on,
        net_amount as order_revenue,
        net_amount * margin as margin_amount
    from orders
    union all
    select
        customer_key,
        paid_on as gained_on,
        null as order_revenue,
        net_amount * margin as margin_amount
    from payments

),

gained as (

    select
        answers.metric,
        answers.customer_key,
        cast(sum(gains.order_revenue) as decimal(18, 4)) as order_revenue,
        -- What has no margin is unknown, and so is their sum.
        case
            when count(gains.margin_amount) = count(*)
                then cast(sum(gains.margin_amount) as decimal(18, 4))
        end as realised_clv
    from answers
    inner join gains
        on
            answers.customer_key = gains.customer_key
            and answers.responded_on < gains.gained_on
            and answers.year_later_on >= gains.gained_on
    where answers.is_a_year_old
    group by answers.metric, answers.customer_key

),

followed as (

    select
        answers.metric,
        answers.band,
        count(*) as customer_count,
        count(subscribed.customer_key) as subscriber_count,
        cast(coalesce(sum(subscribed.retained_count), 0) as bigint) as retained_count,
        cast(coalesce(sum(gained.order_revenue), 0) as decimal(18, 4)) as order_revenue_12m,
        sum(cast(gained.order_revenue * gained.order_revenue as decimal(38, 8)))
            as squared_order_revenue,
        case
            when count(gained.customer_key) = count(gained.realised_clv)
                then cast(coalesce(sum(gained.realised_clv), 0) as decimal(18, 4))
        end as realised_clv_12m,
        sum(cast(gained.realised_clv * gained.realised_clv as decimal(38, 8)))
            as squared_realised_clv
    from answers
    left join subscribed
        on answers.metric = subscribed.metric and answers.customer_key = subscribed.customer_key
    left join gained
        on answers.metric = gained.metric and answers.customer_key = gained.customer_key
    where answers.is_a_year_old
    group by answers.metric, answers.band

),

present as (

    select
        answers.metric,
        answers.band,
        count(*) as present_customer_count,
        cast(coalesce(sum(subscriber_months.mrr), 0) as decimal(18, 4)) as present_mrr,
        cast(sum(lifetime_values.total_clv) as decimal(18, 4)) as present_clv
    from answers
    left join subscriber_months
        on
            answers.customer_key = subscriber_months.customer_key
            and answers.current_month = subscriber_months.month
    left join lifetime_values on answers.customer_key = lifetime_values.customer_key
    where not answers.is_a_year_old
    group by answers.metric, answers.band

),

measured as (

    select
        coalesce(followed.metric, present.metric) as metric,
        coalesce(followed.band, present.band) as band,
        coalesce(followed.customer_count, 0) as customer_count,
        coalesce(followed.subscriber_count, 0) as subscriber_count,
        coalesce(followed.retained_count, 0) as retained_count,
        coalesce(followed.order_revenue_12m, 0) as order_revenue_12m,
        coalesce(followed.squared_order_revenue, 0) as squared_order_revenue,
        case when followed.metric is null then 0 else followed.realised_clv_12m end
            as realised_clv_12m,
        coalesce(followed.squared_realised_clv, 0) as squared_realised_clv,
        coalesce(present.present_customer_count, 0) as present_customer_count,
        coalesce(present.present_mrr, 0) as present_mrr,
        present.present_clv
    from followed
    full outer join present
        on followed.metric = present.metric and followed.band = present.band

),

described as (

    select
        *,
        case metric
            when 'nps' then 'passive'
            when 'csat' then 'dissatisfied'
            when 'ces' then 'hard'
        end as baseline_band,
        {%- for each in amounts %}
        {{ ratio(each ~ '_12m', 'customer_count') }} as mean_{{ each }},
        {{ variance_of_mean(each ~ '_12m', 'squared_' ~ each, 'customer_count') }}
            as {{ each }}_variance,
        {%- endfor %}
        {{ ratio('retained_count', 'subscriber_count') }} as retention,
        {{ wilson_low('retained_count', 'subscriber_count') }} as retention_low,
        {{ wilson_high('retained_count', 'subscriber_count') }} as retention_high
    from measured

),

final as (

    select
        described.metric,
        described.band,
        described.baseline_band,
        described.customer_count,
        described.subscriber_count,
        described.retained_count,
        described.retention as retention_12m,
        described.retention_low as retention_12m_low,
        described.retention_high as retention_12m_high,
        described.retention - baseline.retention as retention_difference,
        {{ difference_end(
            'low',
            'described.retention', 'described.retention_low', 'described.retention_high',
            'baseline.retention', 'baseline.retention_low', 'baseline.retention_high',
        ) }} as retention_difference_low,
        {{ difference_end(
            'high',
            'described.retention', 'described.retention_low', 'described.retention_high',
            'baseline.retention', 'baseline.retention_low', 'baseline.retention_high',
        ) }} as retention_difference_high,
        {%- for each in amounts %}
        described.{{ each }}_12m,
        described.mean_{{ each }} as mean_{{ each }}_12m,
        described.mean_{{ each }} - {{ z_95() }} * sqrt(described.{{ each }}_variance)
            as mean_{{ each }}_12m_low,
        described.mean_{{ each }} + {{ z_95() }} * sqrt(described.{{ each }}_variance)
            as mean_{{ each }}_12m_high,
        described.mean_{{ each }} - baseline.mean_{{ each }} as {{ each }}_difference,
        described.mean_{{ each }} - baseline.mean_{{ each }}
        - {{ z_95() }} * sqrt(described.{{ each }}_variance + baseline.{{ each }}_variance)
            as {{ each }}_difference_low,
        described.mean_{{ each }} - baseline.mean_{{ each }}
        + {{ z_95() }} * sqrt(described.{{ each }}_variance + baseline.{{ each }}_variance)
            as {{ each }}_difference_high,
        {%- endfor %}
        described.present_customer_count,
        described.present_mrr,
        described.present_clv
    from described
    left join described as baseline
        on
            described.metric = baseline.metric
            and described.baseline_band = baseline.band
            and described.band <> baseline.band

)

select * from final
