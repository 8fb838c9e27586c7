-- One row per customer with orders: recency, frequency and monetary value in fifths, and what their
-- combination is called. Equal values score the same: a score tells which share of all is below.
with histories as (

    select * from {{ ref('int_clv_inputs') }}

),

names as (

    select * from {{ ref('rfm_segments') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

ranked as (

    select
        customer_key,
        last_order_on,
        order_count,
        historic_revenue,
        count(*) over () as customer_count,
        rank() over (order by last_order_on) - 1 as bought_earlier_count,
        rank() over (order by order_count) - 1 as bought_less_often_count,
        rank() over (order by historic_revenue) - 1 as spent_less_count
    from histories

),

scored as (

    select
        *,
        {{ fifth('bought_earlier_count', 'customer_count') }} as recency_score,
        {{ fifth('bought_less_often_count', 'customer_count') }} as frequency_score,
        {{ fifth('spent_less_count', 'customer_count') }} as monetary_score
    from ranked

),

combined as (

    select
        *,
        cast(floor((frequency_score + monetary_score + 1) / 2.0) as integer)
            as frequency_monetary_score
    from scored

),

final as (

    select
        combined.customer_key,
        combined.last_order_on,
        cast({{ dbt.datediff('combined.last_order_on', 'as_of.as_of', 'day') }} as bigint)
            as recency_days,
        cast(combined.order_count as bigint) as order_count,
        cast(combined.historic_revenue as decimal(18, 4)) as order_revenue,
        combined.recency_score,
        combined.frequency_score,
        combined.monetary_score,
        names.rfm_segment
    from combined
    cross join as_of
    left join names
        on
            combined.recency_score = names.recency_score
            and combined.frequency_monetary_score = names.frequency_monetary_score

)

select * from final
