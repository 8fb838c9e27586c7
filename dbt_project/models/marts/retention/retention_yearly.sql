-- One row per month, dimension and value: recurring revenue against twelve months before.
with {{ movements_against(months_back=12) }},

{{ retention_of_movements() }}
