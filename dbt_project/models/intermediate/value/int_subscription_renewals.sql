-- One row per segment and renewal (1, 2, ...): subscriptions lost at it, and those still there
-- after it for which no later one has been seen yet. Segments are the billing intervals, each
-- counted in its own renewals, and 'all', where every month counts as one.
with terms as (

    select * from {{ ref('int_subscription_terms') }}

),

clocks as (

    select
        billing_interval as segment,
        renewal_count,
        is_in_force
    from terms
    union all
    select
        'all' as segment,
        month_count as renewal_count,
        is_in_force
    from terms

),

last_renewals as (

    select
        segment,
        case when is_in_force then renewal_count else renewal_count + 1 end as renewal,
        is_in_force
    from clocks

),

final as (

    select
        segment,
        renewal,
        count(case when not is_in_force then 1 end) as lost_count,
        count(case when is_in_force then 1 end) as active_count
    from last_renewals
    -- Those in their first interval have come to no renewal yet.
    where renewal > 0
    group by segment, renewal

)

select * from final
