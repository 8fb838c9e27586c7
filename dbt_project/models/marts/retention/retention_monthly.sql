-- One row per month, dimension and value: recurring revenue against the month before.
{{ retention_against(months_back=1) }}
