with {{ latest_version(source('stripe', 'payments'), 'id') }},

final as (

    select
        id as payment_id,
        created as paid_at,
        amount,
        amount_refunded as refunded_amount,
        upper(currency) as currency,
        converted_amount,
        converted_amount_refunded as converted_refunded_amount,
        upper(converted_currency) as converted_currency,
        decline_reason,
        refunded_date as refunded_at,
        -- Older layouts leave a disputed payment `Paid`; lost, its money is gone.
        case when lower(dispute_status) = 'lost' then 'Dispute lost' else status end as status,
        customer_id as stripe_customer_id,
        customer_email_pseudonym as email_pseudonym,
        invoice_id,
        account_id,
        order_number,
        delivered_on
    from latest
    where created < {{ as_of_end() }}

)

select * from final
