{%- set days = 180 -%}
{%- set least_answers = 5 -%}
-- One row per investment, first day and group that it touched: its change against the others'.
with investments as (

    select * from {{ ref('stg_reference__cx_investments') }}

),

scores as (

    select *
    from {{ ref('int_survey_scores') }}
    where metric = 'nps' and score is not null

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

dated as (

    select
        investments.*,
        row_number() over (
            order by
                investments.started_on,
                investments.investment,
                investments.dimension,
                investments.dimension_value
        ) as investment_number,
        cast({{ dbt.dateadd('day', -days, 'investments.started_on') }} as date) as watched_from,
        cast({{ dbt.dateadd('day', days, 'investments.started_on') }} as date) as watched_until,
        cast({{ dbt.dateadd('day', days - 1, 'investments.started_on') }} as date)
        <= as_of.as_of as is_watched
    from investments
    cross join as_of

),

-- Groups that an investment touched while another's group was watched changed for a reason of their
-- own. On the first day watched there is no day before, so that all of theirs is touched alike.
touched_meanwhile as (

    select distinct
        dated.investment_number,
        meanwhile.dimension_value
    from dated
    inner join dated as meanwhile
        on
            dated.dimension = meanwhile.dimension
            and dated.dimension_value <> meanwhile.dimension_value
            and dated.watched_from < meanwhile.started_on
            and dated.watched_until > meanwhile.started_on

),

near as (

    select
        dated.investment_number,
        case dated.dimension
            when 'segment' then scores.segment
            when 'country' then scores.country
            when 'team' then scores.team
            when 'leader' then scores.leader
        end as answer_group,
        dated.dimension_value,
        scores.responded_on >= dated.started_on as is_after,
        scores.band,
        -- Without a customer an answer counts for itself.
        coalesce(scores.customer_key, scores.score_key) as respondent,
        scores.responded_at,
        scores.response_key,
        scores.question_id
    from dated
    inner join scores
        on
            dated.watched_from <= scores.responded_on
            and dated.watched_until > scores.responded_on

),

-- An answer of which nobody knows the group is on neither side.
compared_answers as (

    select
        near.*,
        near.answer_group = near.dimension_value as is_touched
    from near
    left join touched_meanwhile
        on
            near.investment_number = touched_meanwhile.investment_number
            and near.answer_group = touched_meanwhile.dimension_value
    where near.answer_group is not null and touched_meanwhile.dimension_value is null

),

-- Of each respondent the latest answer on either side counts; ties as in nps_rolling_90d.
ranked as (

    select
        *,
        row_number() over (
            partition by investment_number, is_after, respondent
            order by responded_at desc, response_key desc, question_id desc
        ) as recency_rank
    from compared_answers

),

counted as (

    select
        investment_number,
        is_touched,
        is_after,
        count(*) as n,
        count(case when band = 'promoter' then 1 end) as promoter_count,
        count(case when band = 'detractor' then 1 end) as detractor_count
    from ranked
    where recency_rank = 1
    group by investment_number, is_touched, is_after

),

-- Too few answers have their count and no score.
scored as (

    select
        investment_number,
        is_touched,
        is_after,
        n,
        case
            when n >= {{ least_answers }}
                then {{ nps('promoter_count', 'detractor_count', 'n') }}
        end as nps,
        {{ nps_low('promoter_count', 'detractor_count', 'n') }} as nps_low,
        {{ nps_high('promoter_count', 'detractor_count', 'n') }} as nps_high
    from counted

),

sides as (

    select true as is_touched
    union all
    select false as is_touched

),

changed as (

    select
        dated.investment_number,
        sides.is_touched,
        coalesce(before.n, 0) as before_n,
        before.nps as nps_before,
        coalesce(after.n, 0) as after_n,
        after.nps as nps_after,
        after.nps - before.nps as change,
        {{ difference_end(
            'low',
            'after.nps', 'after.nps_low', 'after.nps_high',
            'before.nps', 'before.nps_low', 'before.nps_high',
        ) }} as change_low,
        {{ difference_end(
            'high',
            'after.nps', 'after.nps_low', 'after.nps_high',
            'before.nps', 'before.nps_low', 'before.nps_high',
        ) }} as change_high
    from dated
    cross join sides
    left join scored as before
        on
            dated.investment_number = before.investment_number
            and sides.is_touched = before.is_touched
            and not before.is_after
    left join scored as after
        on
            dated.investment_number = after.investment_number
            and sides.is_touched = after.is_touched
            and after.is_after

),

compared as (

    select
        dated.*,
        touched.before_n as group_before_n,
        touched.nps_before as group_nps_before,
        touched.after_n as group_after_n,
        touched.nps_after as group_nps_after,
        others.before_n as others_before_n,
        others.nps_before as others_nps_before,
        others.after_n as others_after_n,
        others.nps_after as others_nps_after,
        -- Until both spans are equally long there is nothing to compare.
        case when dated.is_watched then touched.change - others.change end as effect,
        {{ difference_end(
            'low',
            'touched.change', 'touched.change_low', 'touched.change_high',
            'others.change', 'others.change_low', 'others.change_high',
        ) }} as low,
        {{ difference_end(
            'high',
            'touched.change', 'touched.change_low', 'touched.change_high',
            'others.change', 'others.change_low', 'others.change_high',
        ) }} as high
    from dated
    inner join changed as touched
        on dated.investment_number = touched.investment_number and touched.is_touched
    inner join changed as others
        on dated.investment_number = others.investment_number and not others.is_touched

),

judged as (

    select
        *,
        case when effect is not null then low end as effect_low,
        case when effect is not null then high end as effect_high,
        case
            when not is_watched then 'too_early'
            when effect is null then 'too_few'
            when low > 0 then 'better'
            when high < 0 then 'worse'
            else 'no_evidence'
        end as evidence
    from compared

),

priced as (

    select
        judged.*,
        {{ in_reporting_currency(
            'judged.cost', 'judged.original_currency', 'exchange_rates.rate'
        ) }} as reported_cost
    from judged
    {{ join_exchange_rate('judged.original_currency', 'judged.started_on') }}

),

final as (

    select
        investment,
        dimension,
        dimension_value,
        started_on,
        reported_cost as cost,
        '{{ var("reporting_currency") }}' as currency,
        cost as original_cost,
        original_currency,
        group_nps_before,
        group_before_n,
        group_nps_after,
        group_after_n,
        others_nps_before,
        others_before_n,
        others_nps_after,
        others_after_n,
        effect,
        effect_low,
        effect_high,
        evidence,
        case when effect is not null then evidence in ('better', 'worse') end as is_beyond_doubt,
        -- A point that may not exist has no price.
        case when evidence = 'better' then {{ ratio('reported_cost', 'effect') }} end
            as cost_per_point,
        case when evidence = 'better' then {{ ratio('reported_cost', 'effect_high') }} end
            as cost_per_point_low,
        case when evidence = 'better' then {{ ratio('reported_cost', 'effect_low') }} end
            as cost_per_point_high
    from priced

)

select * from final
