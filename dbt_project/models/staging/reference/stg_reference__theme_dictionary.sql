{{ config(materialized='view') }}

with {{ newest_list(source('reference', 'theme_dictionary')) }},

final as (

    select
        theme,
        language,
        pattern
    from newest

)

select * from final
