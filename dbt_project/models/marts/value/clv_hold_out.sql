with hold_out as (

    select * from {{ ref('int_clv_hold_out') }}

),

final as (

    select
        model,
        segment,
        frequency_class,
        customers as customer_count,
        actual_purchases,
        predicted_purchases,
        mean_absolute_error,
        bias
    from hold_out

)

select * from final
