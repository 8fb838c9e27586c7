-- Only warns: an order carries one margin, that of its segment; the list may know more.
{{ config(severity='warn') }}

select *
from {{ ref('stg_reference__margins') }}
where nullif(trim(product), '') is not null
