with {{ newest_wording(source('qualtrics', 'responses')) }},

final as (

    select * from worded

)

select * from final
