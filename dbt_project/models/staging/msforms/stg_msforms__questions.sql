with {{ newest_wording(source('msforms', 'responses')) }},

final as (

    select * from worded

)

select * from final
