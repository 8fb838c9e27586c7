with {{ newest_wording(source('delighted', 'responses')) }},

final as (

    select * from worded

)

select * from final
