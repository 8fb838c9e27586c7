{% macro newest_order_lines(orders) -%}
    {#- CTE `newest_lines`: an order's lines as its newest delivery has them. An order delivered
        again replaces all of its lines, so that a line taken off it doesn't stay. -#}
    deliveries as {{ not_materialized() }} (

        select *
        from {{ orders }}
        where
            delivered_on <= {{ as_of() }}
            and created_at < {{ as_of_end() }}

    ),

    newest_deliveries as (

        select
            id as order_id,
            max(delivered_on) as order_delivered_on
        from deliveries
        group by id

    ),

    newest_lines as (

        select deliveries.*
        from newest_deliveries
        inner join deliveries
            on
                newest_deliveries.order_id = deliveries.id
                and newest_deliveries.order_delivered_on = deliveries.delivered_on

    )
{%- endmacro %}
