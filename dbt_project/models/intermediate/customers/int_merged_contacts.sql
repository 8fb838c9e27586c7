-- One row per contact that was merged away, and the contact it ended up in.
with recursive contacts as (

    select * from {{ ref('stg_salesforce__contacts') }}

),

{{ merged_into('contacts', 'contact_id', 'master_contact_id') }},

final as (

    select
        contact_id,
        master_id as master_contact_id
    from last_masters

)

select * from final
