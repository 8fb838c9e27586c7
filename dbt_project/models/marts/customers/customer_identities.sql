-- One row per id by which a source, or anybody, names a customer.
with links as (

    select * from {{ ref('int_customer_links') }}

),

final as (

    select
        {{ surrogate_key('identity', 'id', "source || '|' || id_kind || '|' || id_value") }}
            as identity_key,
        customer_key,
        source,
        id_kind,
        id_value,
        rule,
        evidence_kind,
        evidence_value,
        merger_delivered_on,
        customer_key is not null as is_resolved,
        conflicting_customer_key,
        first_seen_on
    from links

)

select * from final
