-- The desk words its one question nowhere in the export; what it measures, and how, is its own.
with ratings as (

    select * from {{ ref('stg_zendesk__ratings') }}

),

final as (

    select distinct
        survey,
        'satisfaction' as question_id,
        'Satisfaction rating' as question_text,
        'csat' as marked_metric,
        0 as marked_scale_min,
        1 as marked_scale_max
    from ratings

)

select * from final
