{#- Only warns: the band follows from the score. A difference says that the vendor's file
    contradicts itself, not that the score is wrong. -#}
{{ config(
    severity='warn',
    meta={
        'description': 'Where Qualtrics names the NPS group, it is the band of the score',
        'dagster': {'ref': {'name': 'survey_responses'}},
    },
) }}

with named as (

    select
        survey,
        response_id,
        replace(question_id, '_NPS_GROUP', '') as question_id,
        case lower(answer)
            when '1' then 'detractor'
            when '2' then 'passive'
            when '3' then 'promoter'
            else lower(answer)
        end as band
    from {{ ref('stg_qualtrics__answers') }}
    where question_id like '%\_NPS\_GROUP' escape '\'

),

keyed as (

    select
        survey,
        question_id,
        band,
        {{ surrogate_key('qualtrics', 'response', 'response_id') }} as response_key
    from named

)

select
    keyed.*,
    scores.score,
    scores.band as our_band
from keyed
inner join {{ ref('int_survey_scores') }} as scores
    on
        keyed.response_key = scores.response_key
        and keyed.question_id = scores.question_id
where
    scores.metric in ('nps', 'enps')
    -- Other words are the group's name in the exporting user's language.
    and keyed.band in ('promoter', 'passive', 'detractor')
    and keyed.band is distinct from scores.band
