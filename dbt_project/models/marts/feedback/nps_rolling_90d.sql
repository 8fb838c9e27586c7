with counts as (

    select * from {{ ref('int_nps_rolling_counts') }}

),

-- The change is on the 90 days before these 90: windows that overlap share their answers.
compared as (

    select
        counts.*,
        {{ nps('counts.promoter_count', 'counts.detractor_count', 'counts.response_count') }}
            as nps,
        {{ nps('before.promoter_count', 'before.detractor_count', 'before.response_count') }}
            as nps_before,
        {{ nps_change_z(
            'counts.promoter_count',
            'counts.detractor_count',
            'counts.response_count',
            'before.promoter_count',
            'before.detractor_count',
            'before.response_count',
        ) }} as nps_change_z
    from counts
    left join counts as before
        on
            counts.dimension = before.dimension
            and counts.dimension_value = before.dimension_value
            and counts.day = {{ dbt.dateadd('day', 90, 'before.day') }}

),

final as (

    select
        day,
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
        response_count as respondent_count,
        anonymous_count,
        is_partial_month
    from compared

)

select * from final
