-- One row per currency and day: what one unit is worth in the reporting currency.
-- Days, not spans, so that amounts join by equality at any size.
with exchange_rates as (

    select * from {{ ref('stg_reference__exchange_rates') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

published as (

    select
        exchange_rates.from_currency as currency,
        exchange_rates.valid_on,
        exchange_rates.rate,
        cast({{ dbt.dateadd('day', 1, 'as_of.as_of') }} as date) as day_after_as_of
    from exchange_rates
    cross join as_of
    where
        exchange_rates.to_currency = '{{ var("reporting_currency") }}'
        and exchange_rates.from_currency <> '{{ var("reporting_currency") }}'
        and exchange_rates.valid_on <= as_of.as_of

),

-- A rate holds until the next one, the last one until as_of.
spans as (

    select
        currency,
        valid_on,
        rate,
        lead(valid_on, 1, day_after_as_of) over (
            partition by currency
            order by valid_on
        ) as next_valid_on
    from published

),

numbers as (

    {{ dbt.generate_series(36525) }}

),

final as (

    select
        spans.currency,
        cast({{ dbt.dateadd('day', 'numbers.generated_number - 1', 'spans.valid_on') }} as date)
            as rate_on,
        spans.valid_on as rate_published_on,
        spans.rate
    from spans
    inner join numbers
        on
            numbers.generated_number
            <= {{ dbt.datediff('spans.valid_on', 'spans.next_valid_on', 'day') }}

)

select * from final
