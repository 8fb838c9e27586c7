with models as (

    select * from {{ ref('int_clv_models') }}

),

hold_out as (

    select *
    from {{ ref('int_clv_hold_out') }}
    where frequency_class = 'all'

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

final as (

    select
        models.model,
        models.segment,
        models.r,
        models.alpha,
        models.a,
        models.b,
        models.p,
        models.q,
        models.v,
        models.beta,
        models.log_likelihood,
        models.customers as customer_count,
        as_of.as_of as fitted_as_of,
        models.reason is null as is_fitted,
        models.reason,
        models.warnings,
        models.value_frequency_correlation,
        hold_out.customers as hold_out_customer_count,
        hold_out.actual_purchases as hold_out_actual_purchases,
        hold_out.predicted_purchases as hold_out_predicted_purchases,
        hold_out.mean_absolute_error as hold_out_mean_absolute_error,
        hold_out.bias as hold_out_bias
    from models
    cross join as_of
    left join hold_out on models.model = hold_out.model and models.segment = hold_out.segment

)

select * from final
