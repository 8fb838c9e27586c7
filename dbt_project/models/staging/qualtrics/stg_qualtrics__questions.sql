-- Every row of a file carries the file's questions; the newest delivery of a survey words them.
with files as (

    select distinct
        survey,
        questions,
        delivered_on
    from {{ source('qualtrics', 'responses') }}
    where delivered_on <= {{ as_of() }}

),

questions as (

    select
        survey,
        delivered_on,
        {{ unnested_json_object('questions', 'question_id', 'question') }}
    from files

),

ranked as (

    select
        survey,
        question_id,
        {{ json_text('question', 'tag') }} as tag,
        {{ json_text('question', 'text') }} as question_text,
        coalesce({{ json_text('question', 'nps') }} = 'true', false) as has_nps_mark,
        -- Two files of one delivery may word a question differently: the wording itself decides.
        row_number() over (
            partition by survey, question_id
            order by delivered_on desc, question asc
        ) as wording_rank
    from questions

),

final as (

    select
        survey,
        question_id,
        tag,
        question_text,
        has_nps_mark
    from ranked
    where wording_rank = 1

)

select * from final
