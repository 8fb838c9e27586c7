-- Only warns: a mailbox of several customers names nobody, and what it wrote has no customer.
{{ config(severity='warn') }}

select id_value as email_pseudonym
from {{ ref('int_customer_links') }}
where rule = 'shared_mailbox'
