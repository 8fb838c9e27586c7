{{ config(materialized='view') }}

-- One row per response, whatever the survey tool. A new tool is one more branch.
with delighted as (

    select * from {{ ref('stg_delighted__responses') }}

),

freshdesk as (

    select * from {{ ref('stg_freshdesk__ratings') }}

),

googleforms as (

    select * from {{ ref('stg_googleforms__responses') }}

),

hotjar as (

    select * from {{ ref('stg_hotjar__responses') }}

),

intercom as (

    select * from {{ ref('stg_intercom__ratings') }}

),

msforms as (

    select * from {{ ref('stg_msforms__responses') }}

),

qualtrics as (

    select * from {{ ref('stg_qualtrics__responses') }}

),

surveymonkey as (

    select * from {{ ref('stg_surveymonkey__responses') }}

),

typeform as (

    select * from {{ ref('stg_typeform__responses') }}

),

zendesk as (

    select * from {{ ref('stg_zendesk__ratings') }}

),

responses as (

    select
        'delighted' as source,
        {{ response_columns() }}
    from delighted
    union all
    select
        'freshdesk' as source,
        {{ response_columns() }}
    from freshdesk
    union all
    select
        'googleforms' as source,
        {{ response_columns() }}
    from googleforms
    union all
    select
        'hotjar' as source,
        {{ response_columns() }}
    from hotjar
    union all
    select
        'intercom' as source,
        {{ response_columns() }}
    from intercom
    union all
    select
        'msforms' as source,
        {{ response_columns() }}
    from msforms
    union all
    select
        'qualtrics' as source,
        {{ response_columns() }}
    from qualtrics
    union all
    select
        'surveymonkey' as source,
        {{ response_columns() }}
    from surveymonkey
    union all
    select
        'typeform' as source,
        {{ response_columns() }}
    from typeform
    union all
    select
        'zendesk' as source,
        {{ response_columns() }}
    from zendesk

),

final as (

    select
        source,
        survey,
        response_id,
        {{ response_key('source', 'response_id') }} as response_key,
        responded_at,
        is_finished,
        channel,
        language,
        email_pseudonym,
        external_reference,
        case_number,
        answers
    from responses

)

select * from final
