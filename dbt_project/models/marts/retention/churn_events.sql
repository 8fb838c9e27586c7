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

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- Through its last day of grace an end may turn out to be a late renewal.
ends as (

    select
        *,
        cast({{ dbt.dateadd('day', var('grace_days'), 'ended_on') }} as date) as grace_ends_on
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

returns as (

    select
        ends.subscription_key,
        min(others.paid_from) as returned_on
    from ends
    inner join lives as others
        on ends.customer_key = others.customer_key and ends.ended_on < others.paid_from
    group by ends.subscription_key

),

judged as (

    select
        ends.*,
        returns.returned_on,
        case
            when staying.subscription_key is not null then 'changed'
            when returns.returned_on <= ends.grace_ends_on then 'renewed_late'
            when as_of.as_of < ends.grace_ends_on then 'in_grace'
            else 'lost'
        end as outcome
    from ends
    cross join as_of
    left join staying on ends.subscription_key = staying.subscription_key
    left join returns on ends.subscription_key = returns.subscription_key

),

final as (

    select
        judged.subscription_key,
        judged.customer_key,
        judged.paid_from,
        judged.ended_on,
        cast({{ dbt.date_trunc('month', 'judged.ended_on') }} as date) as month,
        judged.life_months,
        judged.plan,
        judged.product,
        judged.cancel_reason,
        judged.is_voluntary,
        judged.outcome,
        judged.returned_on,
        judged.outcome in ('in_grace', 'lost') as is_customer_lost,
        cast(coalesce(judged.mrr, 0) as decimal(18, 4)) as mrr_lost,
        judged.currency,
        last_said.last_nps_score,
        last_said.last_nps_band,
        last_said.last_csat_score,
        last_said.last_csat_band,
        {{ held_then('segment') }} as segment,
        {{ held_then('country') }} as country
    from judged
    left join last_said on judged.subscription_key = last_said.subscription_key
    {{ join_customer_then('judged', 'cast(judged.ended_on as timestamptz)') }}

)

select * from final
