{% macro is_agent(owner_id) -%}
    {#- Salesforce ids tell what they name: 005 a user, 00G a queue. -#}
    left({{ owner_id }}, 3) = '005'
{%- endmacro %}

{% macro user_emails(users) -%}
    {#- CTE `user_emails`: the user of each address; an address of two users names neither. -#}
    user_emails as (

        select
            email_pseudonym,
            min(user_id) as user_id
        from {{ users }}
        where email_pseudonym is not null
        group by email_pseudonym
        having count(*) = 1

    )
{%- endmacro %}
