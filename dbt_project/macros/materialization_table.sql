{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {#- Made where it stays: a build's file is read by nobody before it is whole, so dbt's own way,
        another table that is renamed in the end, would guard nothing. -#}
    {%- set language = model['language'] -%}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {% call statement('main', language=language) -%}
        {{- create_table_as(False, target, compiled_code, language) -}}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
