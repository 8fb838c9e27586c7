with ratings as (

    select * from {{ ref('stg_freshdesk__ratings') }}

),

final as (

    {{ rating_question('ratings', 1, 3) }}

)

select * from final
