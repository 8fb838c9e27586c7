with {{ newest_wording(source('googleforms', 'responses')) }},

final as (

    select * from worded

)

select * from final
