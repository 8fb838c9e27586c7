{{ config(materialized='view') }}

-- A view: as a table it would repeat each response once per question.
with responses as (

    select * from {{ ref('stg_qualtrics__responses') }}

),

final as (

    select
        response_id,
        survey,
        {{ unnested_answer('answers') }}
    from responses

)

select * from final
