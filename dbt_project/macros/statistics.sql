{#-
    The statistics of survey scores, from whole-number counts alone: equal counts give equal bits,
    whatever the order of the rows. Arguments are names of columns, which the formulas repeat; an
    empty group (n of 0) gives NULL.
-#}

{% macro z_95() -%}
    {#- Two-sided 95 % of the normal distribution, to the digits that metrics.md writes down. -#}
    1.959964
{%- endmacro %}

{% macro two_sided_p_value(z) -%}
    {{ return(adapter.dispatch('two_sided_p_value')(z)) }}
{%- endmacro %}

{% macro default__two_sided_p_value(z) -%}
    {#- 2 · (1 - Φ(|z|)) for engines without erf: Hart's rational approximation 5666 (Computer
        Approximations, 1968; West, Better Approximations to Cumulative Normal Functions, 2005),
        absolute error below 1e-15 for every z. -#}
    {%- set numerator = [
        '3.52624965998911e-02', '0.700383064443688', '6.37396220353165', '33.912866078383',
        '112.079291497871', '221.213596169931', '220.206867912376',
    ] -%}
    {%- set denominator = [
        '8.83883476483184e-02', '1.75566716318264', '16.064177579207', '86.7807322029461',
        '296.564248779674', '637.333633378831', '793.826512519948', '440.413735824752',
    ] -%}
    2 * exp(-{{ z }} * {{ z }} / 2)
    * {{ polynomial(numerator, 'abs(' ~ z ~ ')') }}
    / {{ polynomial(denominator, 'abs(' ~ z ~ ')') }}
{%- endmacro %}

{% macro polynomial(coefficients, x) -%}
    {#- Horner's scheme, the highest power's coefficient first. -#}
    {%- set ns = namespace(nested='cast(' ~ coefficients[0] ~ ' as double)') -%}
    {%- for coefficient in coefficients[1:] -%}
        {%- set ns.nested = '(' ~ ns.nested ~ ' * ' ~ x ~ ' + ' ~ coefficient ~ ')' -%}
    {%- endfor -%}
    {{ ns.nested }}
{%- endmacro %}
