with ratings as (

    select * from {{ ref('stg_zendesk__ratings') }}

),

final as (

    {{ rating_question('ratings', 0, 1) }}

)

select * from final
