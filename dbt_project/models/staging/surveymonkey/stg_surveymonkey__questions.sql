with {{ newest_wording(source('surveymonkey', 'responses')) }},

final as (

    select * from worded

)

select * from final
