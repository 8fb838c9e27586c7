{%- set months_watched = 12 -%}
{%- set least_customers = 5 -%}
-- One row per metric: whether customers who were contacted after a bad answer stay longer.
-- Of several bad answers of one moment one counts: a customer is lost once.
with answers as (

    select
        metric,
        band,
        customer_key,
        responded_at,
        responded_on,
        next_responded_at,
        min(first_contact_at) as first_contact_at
    from {{ ref('detractor_follow_up') }}
    -- Of the others nobody knows whether somebody has called.
    where customer_key is not null and status is not null and has_follow_up is not null
    group by metric, band, customer_key, responded_at, responded_on, next_responded_at

),

-- Whoever paid when a month began has stayed through it or not.
movements as (

    select
        *,
        cast(month as timestamptz) as began_at
    from {{ ref('customer_movements') }}
    where movement in ('retained', 'churned') and not is_partial_month

),

-- A month counts for the answer that was the latest when it began, as contacted only from the
-- first month after the contact: whoever left before could not be reached any more.
months_at_risk as (

    select
        answers.metric,
        answers.band,
        answers.customer_key,
        coalesce(answers.first_contact_at < movements.began_at, false) as is_contacted,
        movements.movement = 'churned' as is_lost
    from answers
    inner join movements
        on
            answers.customer_key = movements.customer_key
            and answers.responded_at < movements.began_at
            and coalesce(answers.next_responded_at, cast('9999-12-31' as timestamptz))
            >= movements.began_at
            and {{ month_after('answers.responded_on', months_watched) }} >= movements.month

),

counted as (

    select
        metric,
        band,
        count(distinct case when is_contacted then customer_key end) as contacted_customer_count,
        count(case when is_contacted then 1 end) as contacted_month_count,
        count(case when is_contacted and is_lost then 1 end) as contacted_lost_count,
        count(distinct case when not is_contacted then customer_key end) as others_customer_count,
        count(case when not is_contacted then 1 end) as others_month_count,
        count(case when not is_contacted and is_lost then 1 end) as others_lost_count
    from months_at_risk
    group by metric, band

),

rated as (

    select
        *,
        contacted_customer_count >= {{ least_customers }}
        and others_customer_count >= {{ least_customers }} as is_enough,
        {{ ratio('contacted_lost_count', 'contacted_month_count') }} as contacted_loss_rate,
        {{ wilson_low('contacted_lost_count', 'contacted_month_count') }}
            as contacted_loss_rate_low,
        {{ wilson_high('contacted_lost_count', 'contacted_month_count') }}
            as contacted_loss_rate_high,
        {{ ratio('others_lost_count', 'others_month_count') }} as others_loss_rate,
        {{ wilson_low('others_lost_count', 'others_month_count') }} as others_loss_rate_low,
        {{ wilson_high('others_lost_count', 'others_month_count') }} as others_loss_rate_high
    from counted

),

compared as (

    select
        *,
        case when is_enough then contacted_loss_rate - others_loss_rate end as effect,
        case
            when is_enough
                then
                    {{ difference_end(
                        'low',
                        'contacted_loss_rate', 'contacted_loss_rate_low', 'contacted_loss_rate_high',
                        'others_loss_rate', 'others_loss_rate_low', 'others_loss_rate_high',
                    ) }}
        end as effect_low,
        case
            when is_enough
                then
                    {{ difference_end(
                        'high',
                        'contacted_loss_rate', 'contacted_loss_rate_low', 'contacted_loss_rate_high',
                        'others_loss_rate', 'others_loss_rate_low', 'others_loss_rate_high',
                    ) }}
        end as effect_high
    from rated

),

final as (

    select
        metric,
        band,
        contacted_customer_count,
        contacted_month_count,
        contacted_lost_count,
        contacted_loss_rate,
        contacted_loss_rate_low,
        contacted_loss_rate_high,
        others_customer_count,
        others_month_count,
        others_lost_count,
        others_loss_rate,
        others_loss_rate_low,
        others_loss_rate_high,
        effect,
        effect_low,
        effect_high,
        case
            when effect is null then 'too_few'
            when effect_high < 0 then 'better'
            when effect_low > 0 then 'worse'
            else 'no_evidence'
        end as evidence
    from compared

)

select * from final
