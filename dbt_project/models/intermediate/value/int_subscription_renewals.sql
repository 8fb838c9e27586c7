-- One row per segment and renewal (1, 2, ...): subscriptions lost at it, and those still there
-- after it for which no later one has been seen yet. Segments are the billing intervals, each
-- counted in its own renewals, and 'all', where every month counts as one.
with terms as (

    select * from {{ ref('int_subscription_terms') }}

),

clocks as (

    select
        billing_interval as segment,
        coalesce(lost_renewal, renewal_count) as renewal,
        lost_renewal is not null as is_lost
    from terms
    union all
    select
        'all' as segment,
        coalesce(lost_month, month_count) as renewal,
        lost_month is not null as is_lost
    from terms

),

final as (

    select
        segment,
        renewal,
        count(case when is_lost then 1 end) as lost_count,
        count(case when not is_lost then 1 end) as active_count
    from clocks
    -- Those in their first interval have come to no renewal yet.
    where renewal > 0
    group by segment, renewal

)

select * from final
