{{ config(materialized='view') }}

-- One row per survey tool, survey and question that was asked. A new tool is one more branch.
with delighted as (

    select * from {{ ref('stg_delighted__questions') }}

),

freshdesk as (

    select * from {{ ref('stg_freshdesk__questions') }}

),

googleforms as (

    select * from {{ ref('stg_googleforms__questions') }}

),

hotjar as (

    select * from {{ ref('stg_hotjar__questions') }}

),

intercom as (

    select * from {{ ref('stg_intercom__questions') }}

),

msforms as (

    select * from {{ ref('stg_msforms__questions') }}

),

qualtrics as (

    select * from {{ ref('stg_qualtrics__questions') }}

),

surveymonkey as (

    select * from {{ ref('stg_surveymonkey__questions') }}

),

typeform as (

    select * from {{ ref('stg_typeform__questions') }}

),

zendesk as (

    select * from {{ ref('stg_zendesk__questions') }}

),

final as (

    select
        'delighted' as source,
        {{ question_columns() }}
    from delighted
    union all
    select
        'freshdesk' as source,
        {{ question_columns() }}
    from freshdesk
    union all
    select
        'googleforms' as source,
        {{ question_columns() }}
    from googleforms
    union all
    select
        'hotjar' as source,
        {{ question_columns() }}
    from hotjar
    union all
    select
        'intercom' as source,
        {{ question_columns() }}
    from intercom
    union all
    select
        'msforms' as source,
        {{ question_columns() }}
    from msforms
    union all
    select
        'qualtrics' as source,
        {{ question_columns() }}
    from qualtrics
    union all
    select
        'surveymonkey' as source,
        {{ question_columns() }}
    from surveymonkey
    union all
    select
        'typeform' as source,
        {{ question_columns() }}
    from typeform
    union all
    select
        'zendesk' as source,
        {{ question_columns() }}
    from zendesk

)

select * from final
