{%- set dimensions = ['segment', 'country'] -%}
{%- set amounts = [
    'historic_revenue', 'historic_margin', 'historic_subscription_revenue',
    'historic_subscription_margin', 'predicted_clv_12m', 'predicted_clv_36m',
    'subscription_residual_value', 'total_clv',
] -%}

-- One row per month of the first purchase, dimension and dimension value.
with customers as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'first_bought_on') }} as date) as cohort_month
    from {{ ref('customer_lifetime_value') }}

),

summed as (

    select
        cohort_month,
        {{ dimension_columns(dimensions) }},
        {%- for amount in amounts %}
        cast(sum({{ amount }}) as decimal(38, 4)) as {{ amount }},
        {%- endfor %}
        count(*) as customer_count,
        count(total_clv) as valued_customer_count
    from customers
    group by {{ by_dimension(['cohort_month'], dimensions) }}

),

final as (

    select
        cohort_month,
        dimension,
        dimension_value,
        '{{ var("reporting_currency") }}' as currency,
        customer_count,
        valued_customer_count,
        {%- for amount in amounts %}
        {{ amount }},
        {%- endfor %}
        {{ ratio('total_clv', 'valued_customer_count') }} as mean_total_clv
    from summed

)

select * from final
