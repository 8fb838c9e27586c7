-- One row per response with a comment and theme that its comments are held against: those with a
-- word or phrase in the response's language, or in all; where the language isn't known, every one.
-- None of the comment's words are kept.
with comments as (

    select * from {{ ref('int_comments') }}

),

dictionary as (

    select
        theme,
        lower(language) as language,
        {{ pattern_words('pattern') }} as pattern_words
    from {{ ref('stg_reference__theme_dictionary') }}

),

final as (

    select
        comments.response_key,
        dictionary.theme,
        max(
            case
                when {{ has_words('comments.words', 'dictionary.pattern_words') }} then 1
                else 0
            end
        ) = 1 as is_mentioned
    from comments
    inner join dictionary
        on
            dictionary.language is null
            or comments.language is null
            or comments.language = dictionary.language
    group by comments.response_key, dictionary.theme

)

select * from final
