-- One row: the last day of which the replies to cases are known.
with held as (

    select
        'comment' as reply_kind,
        delivered_on
    from {{ ref('stg_salesforce__case_comments') }}
    union all
    select
        'email' as reply_kind,
        delivered_on
    from {{ ref('stg_salesforce__email_messages') }}
    -- A company may use e-mail for sales alone.
    where case_id is not null

),

newest as (

    select
        reply_kind,
        max(delivered_on) as delivered_on
    from held
    group by reply_kind

),

-- Of what a company uses, the one that stopped first. No row at all: NULL.
final as (

    select min(delivered_on) as known_through
    from newest

)

select * from final
