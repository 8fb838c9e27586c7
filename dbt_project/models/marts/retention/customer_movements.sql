-- One row per customer and month with recurring revenue at its end or at the end of the one before.
with {{ movements_against(months_back=1) }},

final as (

    select
        movements.customer_key,
        movements.month,
        movements.movement,
        movements.is_late_renewal,
        movements.is_in_grace,
        movements.starting_mrr,
        movements.ending_mrr,
        -- Capped customer by customer: nobody's growth hides another one's loss.
        case
            when movements.movement = 'retained'
                then least(movements.starting_mrr, movements.ending_mrr)
        end as kept_mrr,
        movements.segment,
        movements.country,
        movements.team,
        movements.leader,
        months.is_partial_month
    from movements
    inner join months on movements.month = months.month

)

select * from final
