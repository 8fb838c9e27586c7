{% macro newest_order_lines(orders) -%}
    {#- CTE `newest_lines`: an order's lines as its newest delivery has them, each with the number
        of the order's first. An order delivered again replaces all of its lines, so that a line
        taken off it doesn't stay. The first is counted with the delivery: to name the lines twice
        would keep all of them in memory. -#}
    deliveries as {{ not_materialized() }} (

        select *
        from {{ orders }}
        where
            delivered_on <= {{ as_of() }}
            and created_at < {{ as_of_end() }}

    ),

    order_deliveries as (

        select
            id as order_id,
            delivered_on as order_delivered_on,
            min(line_number) as first_line_number
        from deliveries
        group by id, delivered_on

    ),

    newest_deliveries as (

        select
            order_id,
            max(order_delivered_on) as order_delivered_on,
            arg_max(first_line_number, order_delivered_on) as first_line_number
        from order_deliveries
        group by order_id

    ),

    newest_lines as (

        select
            deliveries.*,
            newest_deliveries.first_line_number
        from newest_deliveries
        inner join deliveries
            on
                newest_deliveries.order_id = deliveries.id
                and newest_deliveries.order_delivered_on = deliveries.delivered_on

    )
{%- endmacro %}
