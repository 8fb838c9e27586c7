-- One row per account that was merged away, and the account it ended up in.
with recursive accounts as (

    select * from {{ ref('stg_salesforce__accounts') }}

),

{{ merged_into('accounts', 'account_id', 'master_account_id') }},

final as (

    select
        account_id,
        master_id as master_account_id
    from last_masters

)

select * from final
