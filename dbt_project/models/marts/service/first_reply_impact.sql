{%- set dimensions = ['segment', 'country', 'channel', 'priority', 'source', 'team', 'leader'] -%}
{%- set hours = var('first_reply_band_hours') -%}
{%- set slowest = hours | length + 1 -%}
{%- set least_cases = 5 -%}
-- One row per dimension value and band of the time to the first reply: how many were satisfied.
with cases as (

    select
        *,
        -- A reply that came after the rating can't have moved it.
        case when first_reply_at <= latest_rated_at then first_reply_minutes end as reply_minutes
    from {{ ref('support_cases') }}
    where
        rating_count > 0
        -- Nothing known of replies is not the same as none by the time of the rating.
        and (
            first_reply_at is not null
            or (reply_count = 0 and cast(latest_rated_at as date) <= replies_known_through)
        )

),

banded as (

    select
        *,
        case
            when reply_minutes is null then {{ slowest + 1 }}
            {%- for hour in hours %}
            when reply_minutes < 60 * {{ hour }} then {{ loop.index }}
            {%- endfor %}
            else {{ slowest }}
        end as band_number
    from cases

),

bands as (

    {%- for hour in hours %}
    select
        {{ loop.index }} as band_number,
        {% if loop.first -%}
        'under {{ hour }} h' as reply_band,
        0 as from_hours,
        {% else -%}
        '{{ loop.previtem }} to {{ hour }} h' as reply_band,
        {{ loop.previtem }} as from_hours,
        {% endif -%}
        {{ hour }} as until_hours
    union all
    {%- endfor %}
    select
        {{ slowest }} as band_number,
        '{{ hours | last }} h and more' as reply_band,
        {{ hours | last }} as from_hours,
        null as until_hours
    union all
    select
        {{ slowest + 1 }} as band_number,
        'no reply' as reply_band,
        null as from_hours,
        null as until_hours

),

counted as (

    select
        band_number,
        {{ dimension_columns(dimensions) }},
        count(*) as rated_case_count,
        count(case when latest_csat_band = 'satisfied' then 1 end) as satisfied_count
    from banded
    group by {{ by_dimension(['band_number'], dimensions) }}

),

rated as (

    select
        *,
        {{ ratio('satisfied_count', 'rated_case_count') }} as csat,
        {{ wilson_low('satisfied_count', 'rated_case_count') }} as csat_low,
        {{ wilson_high('satisfied_count', 'rated_case_count') }} as csat_high
    from counted

),

-- Those with a reply against those of the same group that waited longest for theirs.
compared as (

    select
        rated.*,
        rated.band_number < {{ slowest }} as is_compared,
        rated.rated_case_count >= {{ least_cases }}
        and slowest.rated_case_count >= {{ least_cases }} as is_enough,
        rated.csat - slowest.csat as difference,
        {{ difference_end(
            'low',
            'rated.csat', 'rated.csat_low', 'rated.csat_high',
            'slowest.csat', 'slowest.csat_low', 'slowest.csat_high',
        ) }} as low,
        {{ difference_end(
            'high',
            'rated.csat', 'rated.csat_low', 'rated.csat_high',
            'slowest.csat', 'slowest.csat_low', 'slowest.csat_high',
        ) }} as high
    from rated
    left join rated as slowest
        on
            rated.dimension = slowest.dimension
            and rated.dimension_value = slowest.dimension_value
            and slowest.band_number = {{ slowest }}

),

final as (

    select
        compared.dimension,
        compared.dimension_value,
        compared.band_number as reply_band_number,
        bands.reply_band,
        bands.from_hours,
        bands.until_hours,
        compared.rated_case_count,
        compared.satisfied_count,
        compared.csat,
        compared.csat_low,
        compared.csat_high,
        case when compared.is_compared and compared.is_enough then compared.difference end
            as effect,
        case when compared.is_compared and compared.is_enough then compared.low end as effect_low,
        case when compared.is_compared and compared.is_enough then compared.high end as effect_high,
        case
            when not compared.is_compared then null
            when not coalesce(compared.is_enough, false) then 'too_few'
            when compared.low > 0 then 'better'
            when compared.high < 0 then 'worse'
            else 'no_evidence'
        end as evidence
    from compared
    inner join bands on compared.band_number = bands.band_number

)

select * from final
