-- One row per month, dimension and value: recurring revenue against twelve months before.
{{ retention_against(months_back=12) }}
