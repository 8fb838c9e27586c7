with {{ newest_wording(source('typeform', 'responses')) }},

final as (

    select * from worded

)

select * from final
