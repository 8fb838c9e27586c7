-- One row per subscription life that ended.
with lives as (

    select * from {{ ref('int_subscription_lives') }}

),

scores as (

    select
        customer_key,
        metric,
        score,
        band,
        responded_on,
        responded_at,
        response_key,
        question_id
    from {{ ref('int_survey_scores') }}
    where metric in ('nps', 'csat') and score is not null and customer_key is not null

),

ends as (

    select *
    from lives
    where is_ended

),

-- What the customer said last before the end; ties as everywhere, the later and the larger key.
said as (

    select
        ends.subscription_key,
        scores.metric,
        scores.score,
        scores.band,
        row_number() over (
            partition by ends.subscription_key, scores.metric
            order by
                scores.responded_at desc, scores.response_key desc, scores.question_id desc
        ) as score_number
    from ends
    inner join scores
        on ends.customer_key = scores.customer_key and scores.responded_on < ends.ended_on

),

last_said as (

    select
        subscription_key,
        max(case when metric = 'nps' then score end) as last_nps_score,
        max(case when metric = 'nps' then band end) as last_nps_band,
        max(case when metric = 'csat' then score end) as last_csat_score,
        max(case when metric = 'csat' then band end) as last_csat_band
    from said
    where score_number = 1
    group by subscription_key

),

-- Whoever has another subscription on that day has changed it, not left.
staying as (

    select distinct ends.subscription_key
    from ends
    inner join lives as others
        on
            ends.customer_key = others.customer_key
            and ends.subscription_key <> others.subscription_key
            and {{ within('ends.ended_on', 'others.paid_from', 'others.ended_on') }}

),

final as (

    select
        ends.subscription_key,
        ends.customer_key,
        ends.paid_from,
        ends.ended_on,
        cast({{ dbt.date_trunc('month', 'ends.ended_on') }} as date) as month,
        ends.life_months,
        ends.plan,
        ends.product,
        ends.cancel_reason,
        ends.is_voluntary,
        staying.subscription_key is null as is_customer_lost,
        cast(coalesce(ends.mrr, 0) as decimal(18, 4)) as mrr_lost,
        ends.currency,
        last_said.last_nps_score,
        last_said.last_nps_band,
        last_said.last_csat_score,
        last_said.last_csat_band,
        {{ held_then('segment') }} as segment,
        {{ held_then('country') }} as country
    from ends
    left join last_said on ends.subscription_key = last_said.subscription_key
    left join staying on ends.subscription_key = staying.subscription_key
    {{ join_customer_then('ends', 'cast(ends.ended_on as timestamptz)') }}

)

select * from final
