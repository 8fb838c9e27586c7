{{ config(materialized='view') }}

-- One row per survey tool, survey and question that was asked. A new tool is one more branch.
with qualtrics as (

    select * from {{ ref('stg_qualtrics__questions') }}

),

final as (

    select
        'qualtrics' as source,
        {{ question_columns() }}
    from qualtrics

)

select * from final
