with {{ newest_wording(source('hotjar', 'responses')) }},

final as (

    select * from worded

)

select * from final
