{#-
    Business minutes between two moments: those until the later one less those until the earlier,
    which int_business_hours tells by schedule and day.

        select {{ business_seconds_until('events.happened_at', 'hours') }} …
        from events
        left join {{ ref('int_business_hours') }} as hours
            on
                events.schedule = hours.schedule
                and {{ utc_day('events.happened_at') }} = hours.day
-#}

{% macro minute_of_day(time) -%}
    {#- Of text such as 09:30, or 9:30:00. -#}
    cast(split_part({{ time }}, ':', 1) as integer) * 60
        + cast(split_part({{ time }}, ':', 2) as integer)
{%- endmacro %}

{% macro moment_of(day, minute, time_zone) -%}
    {#- The first moment at which a zone's clocks show that minute of the day, or a later one: of a
        minute that they show twice the first, of one that they skip that of the skipping. -#}
    {{ return(adapter.dispatch('moment_of')(day, minute, time_zone)) }}
{%- endmacro %}

{% macro duckdb__moment_of(day, minute, time_zone) -%}
    {#- timezone() alone takes the second of two, and adds what was skipped, so that 02:30 would
        come after 03:00. The search is dear, and for the days on which the clocks were moved. -#}
    {%- set shown = day ~ ' + ' ~ minute ~ ' * interval 1 minute' -%}
    {%- set moment = 'timezone(' ~ time_zone ~ ', ' ~ shown ~ ')' -%}
    case
        when
            timezone({{ time_zone }}, {{ moment }}) = {{ shown }}
            and timezone({{ time_zone }}, {{ moment }} - interval 24 hours)
            = {{ shown }} - interval 24 hours
            then {{ moment }}
        else
            list_min([
                candidate
                for candidate in generate_series(
                    {{ moment }} - interval 3 hours, {{ moment }}, interval 1 minute
                )
                if timezone({{ time_zone }}, candidate) >= {{ shown }}
            ])
    end
{%- endmacro %}

{% macro weekday_name(day) -%}
    {{ return(adapter.dispatch('weekday_name')(day)) }}
{%- endmacro %}

{% macro duckdb__weekday_name(day) -%}
    strftime({{ day }}, '%a')
{%- endmacro %}

{% macro list_of_spans(opens_second, closes_second) -%}
    {{ return(adapter.dispatch('list_of_spans')(opens_second, closes_second)) }}
{%- endmacro %}

{% macro duckdb__list_of_spans(opens_second, closes_second) -%}
    list(
        struct_pack(opens_second := {{ opens_second }}, closes_second := {{ closes_second }})
        order by {{ opens_second }}
    )
{%- endmacro %}

{% macro utc_day(moment) -%}
    {#- A cast would ask the time zone's rules for each row. -#}
    {{ return(adapter.dispatch('utc_day')(moment)) }}
{%- endmacro %}

{% macro default__utc_day(moment) -%}
    cast({{ moment }} as date)
{%- endmacro %}

{% macro duckdb__utc_day(moment) -%}
    date '1970-01-01' + cast(epoch_us({{ moment }}) // 86400000000 as integer)
{%- endmacro %}

{% macro business_seconds_until(moment, hours) -%}
    {{ return(adapter.dispatch('business_seconds_until')(moment, hours)) }}
{%- endmacro %}

{% macro duckdb__business_seconds_until(moment, hours) -%}
    {#- Seconds of the schedule that are over; NULL where none is declared. -#}
    {{ hours }}.seconds_before + coalesce(
        list_sum([
            greatest(
                least(epoch_us({{ moment }}) // 1000000 % 86400, span.closes_second)
                - span.opens_second, 0
            )
            for span in {{ hours }}.spans
        ]), 0
    )
{%- endmacro %}

{% macro held_until(reached_at, opened_at, schedules) -%}
    {#- Until when a case was under the schedule on its way to that moment; NULL where it came to
        the schedule afterwards, or not at all. What is reached at the opening is so in no time. -#}
    case
        -- The least of NULL and a moment is the moment.
        when {{ reached_at }} is null then null
        when
            coalesce({{ schedules }}.valid_from, {{ opened_at }}) < {{ reached_at }}
            or coalesce({{ schedules }}.valid_from, {{ opened_at }}) = {{ opened_at }}
            then least({{ reached_at }}, coalesce({{ schedules }}.valid_to, {{ reached_at }}))
    end
{%- endmacro %}

{% macro whole_minutes_of_all(seconds, held_until) -%}
    {#- Of a group of spans; NULL where those of one aren't known, as the others' would look like
        all. -#}
    case
        when count({{ held_until }}) = count({{ seconds }})
            then cast(floor(sum({{ seconds }}) / 60.0) as bigint)
    end
{%- endmacro %}
