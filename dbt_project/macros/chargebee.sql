{% macro chargebee_status(status) -%}
    {#- Chargebee's statuses, labels or not, in Stripe's words; `future` has not begun. What is not
        to be renewed is active until it ends. -#}
    case replace(lower(trim({{ status }})), '_', ' ')
        when 'active' then 'active'
        when 'non renewing' then 'active'
        when 'in trial' then 'trialing'
        when 'paused' then 'paused'
        when 'future' then 'future'
        else 'canceled'
    end
{%- endmacro %}
