with ratings as (

    select * from {{ ref('stg_intercom__ratings') }}

),

final as (

    {{ rating_question('ratings', 1, 5) }}

)

select * from final
