{%- set dimensions = ['segment', 'country', 'channel', 'source', 'survey', 'team', 'leader'] -%}

with scores as (

    select
        *,
        responded_month as month
    from {{ ref('int_survey_scores') }}
    where metric = 'nps' and score is not null

),

months as (

    select * from {{ ref('int_months') }}

),

-- Counting distinct keys in eight groupings is dear. Only those who answered more than once in a
-- month need it, and a number will do for each of them.
repeat_customers as (

    select
        month,
        customer_key,
        row_number() over (order by month, customer_key) as customer_number
    from scores
    where customer_key is not null
    group by month, customer_key
    having count(*) > 1

),

marked as (

    select
        scores.*,
        repeat_customers.customer_number
    from scores
    left join repeat_customers
        on
            scores.month = repeat_customers.month
            and scores.customer_key = repeat_customers.customer_key

),

counted as (

    select
        month,
        {{ dimension_columns(dimensions) }},
        count(*) as response_count,
        count(case when band = 'promoter' then 1 end) as promoter_count,
        count(case when band = 'passive' then 1 end) as passive_count,
        count(case when band = 'detractor' then 1 end) as detractor_count,
        count(distinct customer_number)
        + count(case when customer_number is null then 1 end) as respondent_count,
        count(case when customer_key is null then 1 end) as anonymous_count
    from marked
    group by {{ by_dimension(['month'], dimensions) }}

),

{{ every_month([
    'response_count',
    'promoter_count',
    'passive_count',
    'detractor_count',
    'respondent_count',
    'anonymous_count',
]) }},

compared as (

    select
        every_month.*,
        {{ nps(
            'every_month.promoter_count',
            'every_month.detractor_count',
            'every_month.response_count',
        ) }} as nps,
        {{ nps('before.promoter_count', 'before.detractor_count', 'before.response_count') }}
            as nps_before,
        {{ nps_change_z(
            'every_month.promoter_count',
            'every_month.detractor_count',
            'every_month.response_count',
            'before.promoter_count',
            'before.detractor_count',
            'before.response_count',
        ) }} as nps_change_z
    from every_month
    {{ join_month_before() }}

),

final as (

    select
        month,
        dimension,
        dimension_value,
        response_count,
        promoter_count,
        passive_count,
        detractor_count,
        nps,
        {{ nps_low('promoter_count', 'detractor_count', 'response_count') }} as nps_low,
        {{ nps_high('promoter_count', 'detractor_count', 'response_count') }} as nps_high,
        nps - nps_before as nps_change,
        {{ two_sided_p_value('nps_change_z') }} as nps_change_p_value,
        respondent_count,
        anonymous_count,
        is_partial_month
    from compared

)

select * from final
