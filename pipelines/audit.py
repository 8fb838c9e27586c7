"""The audit: the search for personal data and free text in the marts of a build.

Belongs here: what else than a direct identifier must not be published, and the SQL that looks for
all of it. Does not belong here: what a direct identifier is called and looks like (`personal.py`),
what follows from a finding (`releases.py`), which marts are published.
"""

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from pipelines.personal import EMAIL, PERSONAL_FIELDS, PHONES, in_snake_case, is_personal_name
from pipelines.release_files import literal, quoted, reading, require_marts

FindingKind = Literal[
    "e-mail address",
    "IP address",
    "phone number",
    "card number",
    "name of a personal field",
    "free text",
    "unreadable type",
]


@dataclass(frozen=True)
class AuditFinding:
    """One column that must not be published, and why; never the value itself.

    Attributes:
        table: The mart.
        column: The column; `column.field` for a field of a struct.
        kind: What was found.
        count: In how many rows; where the name or type is to blame, the table's rows.
    """

    table: str
    column: str
    kind: FindingKind
    count: int

    def __str__(self) -> str:
        """The finding as one line."""
        return f"{self.table}.{self.column}: {self.kind} ({self.count} rows)"


# fmt: off
_HARMLESS_TYPES = frozenset({
    "boolean", "tinyint", "smallint", "integer", "bigint", "hugeint", "bignum",
    "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "float", "double", "decimal",
    "date", "time", "time_ns", "time with time zone", "interval", "uuid",
    "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone",
})
# fmt: on
_TEXT_TYPES = frozenset({"varchar", "enum"})
_NESTED_TYPES = frozenset({"list", "array", "struct", "map", "union"})

_FREE_TEXT_NAME = re.compile(
    r"(?:^|_)(?:(?:comments?|descriptions?|subject|body|messages?|notes?|verbatims?|transcript|"
    r"remarks?)(?:_text)?|free_?text|answer_text)$"
)
_QUESTION_NAME = re.compile(r"(?:^|_)(?:question|survey)(?:_(?:name|text|title))?$")
_ID_NAME = re.compile(r"(?:^|_)(?:id|key)$")

# Every pattern below runs only on the rows that its cheap condition lets through (a CASE, since
# an AND is evaluated on both sides in an aggregate's FILTER): 3 million ids take 0.02 s, not 0.3.

# The first alternative swallows numbers of more than four parts, which aren't addresses.
_IPV4 = (
    r"[0-9]+(?:\.[0-9]+){4,}|"
    r"\b((?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}"
    r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9]))\b"
)
# All eight groups; or with :: in the ranges that are in use, since 'a::b' and '2024::12' are not.
_IPV6 = (
    r"(?i)(?:^|[^0-9a-z:.])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|"
    r"(?:[23][0-9a-f]{3}:[0-9a-f]{1,4}|f[cde][0-9a-f]{2})(?::[0-9a-f]{1,4}){0,5}::"
    r"(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5})?)(?:$|[^0-9a-z:])"
)

_CARD_HINT = "[0-9]{14}|[0-9]{4}[ -][0-9]{4}"
# The first alternative swallows decimals, whose fractions can have sixteen digits.
_CARD_CANDIDATE = (
    r"[0-9]+\.[0-9]+|"
    r"\b([0-9]{14,19}|[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{3})?|"
    r"[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5})\b"
)
# The issuers' prefixes and lengths: a tenth of all numbers passes Luhn's check by chance. Thirteen
# digits are left out, since shops number their orders with them and cards no longer do.
_CARD_NUMBER = (
    r"4[0-9]{15}|4[0-9]{18}|5[1-5][0-9]{14}|"
    r"2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}|"
    r"3[47][0-9]{13}|3(?:0[0-5]|[689][0-9])[0-9]{11}|35[0-9]{14}|"
    r"6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|62[0-9]{14,17}"
)


def audit(build: Path, marts: Sequence[str], schema: str = "marts") -> list[AuditFinding]:
    """Look for personal data and free text in every column of the marts, over all rows.

    Text, and text nested in lists, structs, maps and JSON, is searched for e-mail and IP
    addresses, phone numbers in international form and card numbers. Names of columns and fields
    that denote personal data or free text are findings too, unless they are keys, pseudonyms,
    counts or the like, and so is a column of sentences that mostly differ. People's names are
    not looked for: a team leader is a legitimate dimension. A type that can't be searched, such as
    BLOB, is a finding.

    Raises:
        ReleaseError: The build can't be read, or a mart is missing in it.
    """
    with reading(build, "build") as connection:
        require_marts(connection, build, schema, marts)
        return audit_attached(connection, schema, marts)


def audit_attached(
    connection: duckdb.DuckDBPyConnection, schema: str, marts: Sequence[str]
) -> list[AuditFinding]:
    """As `audit`, of a build that is attached as `build` and known to have the marts."""

    def findings_in(mart: str) -> list[AuditFinding]:
        with connection.cursor() as cursor:
            cursor.execute(
                "create temp macro is_luhn(digits) as list_sum(list_transform("
                "string_split(reverse(digits), ''), lambda digit, place: case when place % 2 = 0 "
                "then [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit::int + 1] else digit::int end)) % 10 = 0"
            )
            return _audit_table(cursor, mart, f"build.{quoted(schema)}.{quoted(mart)}")

    # A small mart keeps one core busy, and DuckDB less than that with some hundred short queries.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return [finding for found in threads.map(findings_in, marts) for finding in found]


def _audit_table(
    connection: duckdb.DuckDBPyConnection, mart: str, source: str
) -> list[AuditFinding]:
    relation = connection.sql(f"select * from {source}")
    by_name: list[tuple[str, FindingKind]] = []
    by_value: list[AuditFinding] = []
    for column, column_type in zip(relation.columns, relation.types, strict=True):
        parts = list(_parts(column, column_type))
        types = {part.id for _, part in parts}
        has_text = not types.isdisjoint(_TEXT_TYPES)
        for path in dict.fromkeys(path for path, _ in parts):
            name = path.rpartition(".")[2]
            if is_personal_name(name):
                by_name.append((path, "name of a personal field"))
            if has_text and _FREE_TEXT_NAME.search(in_snake_case(name)):
                by_name.append((path, "free text"))
        if not types <= _HARMLESS_TYPES | _TEXT_TYPES | _NESTED_TYPES:
            by_name.append((column, "unreadable type"))
        if has_text:
            counts = _kinds_in_column(connection, source, column, column_type)
            if (column, "free text") in by_name:
                counts.pop("free text", None)
            by_value += [AuditFinding(mart, column, kind, counts[kind]) for kind in counts]
    rows = relation.count("*").fetchall()[0][0]
    return [AuditFinding(mart, path, kind, rows) for path, kind in by_name] + by_value


def _kinds_in_column(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    column: str,
    column_type: "duckdb.sqltypes.DuckDBPyType",
) -> dict[FindingKind, int]:
    """What the values of a column with text hold, with the number of rows."""
    is_plain = column_type.id in _TEXT_TYPES and str(column_type) != "JSON"
    text = f"{quoted(column)}::varchar" if is_plain else _nested_text(column)
    values = f"select {text} as value from {source}"
    row = connection.execute(
        "select count(value), approx_count_distinct(value), "
        f"coalesce(avg(length(value)), 0) from ({values})"
    ).fetchone()
    assert row is not None
    rows, different, length = row

    is_id = is_plain and bool(_ID_NAME.search(in_snake_case(column)))
    conditions = _conditions(is_id=is_id)
    if re.search(r"\b(?:JSON|MAP)\b", str(column_type)):
        conditions["name of a personal field"] = _has_personal_key()
    # Five million labels of a few kinds take 0.02 s this way, and 5 s one by one.
    weighted = (
        f"select value, count(*) as weight from ({values}) group by value"
        if different < rows / 4
        else f"select value, 1 as weight from ({values})"
    )
    measures = [
        f"coalesce(sum(weight) filter (where {condition}), 0)" for condition in conditions.values()
    ]
    # Labels are shorter than six words and repeat themselves; twenty different sentences are what
    # a hand-kept list of reasons may have. Six words have eleven letters and blanks at least, which
    # spares counting the words in keys.
    may_be_sentences = (
        is_plain
        and length >= 11
        and different > max(20, rows / 2)
        and not _QUESTION_NAME.search(in_snake_case(column))
    )
    if may_be_sentences:
        measures.append("avg(length(value) - length(replace(value, ' ', '')) + 1)")
    row = connection.execute(f"select {', '.join(measures)} from ({weighted})").fetchone()
    assert row is not None
    counts = {kind: int(count) for kind, count in zip(conditions, row, strict=False) if count}
    if may_be_sentences and row[-1] >= 6:
        counts["free text"] = rows
    return counts


def _parts(
    path: str, part: "duckdb.sqltypes.DuckDBPyType"
) -> "Iterator[tuple[str, duckdb.sqltypes.DuckDBPyType]]":
    """A type and all types inside it, each with the path of the struct field that it is in."""
    yield path, part
    if part.id in _NESTED_TYPES:
        for child_name, child in part.children:
            # An array's length is among its children; a union's hidden tag has no name.
            if isinstance(child, duckdb.sqltypes.DuckDBPyType) and child_name:
                is_field = part.id in ("struct", "union")
                yield from _parts(f"{path}.{child_name}" if is_field else path, child)


def _nested_text(column: str) -> str:
    """A nested value as JSON, its escapes blanked: the n of a line end would hide an address."""
    escapes = r'\\(?:[bfnrt"\\/]|u[0-9a-fA-F]{4})'
    return f"regexp_replace(to_json({quoted(column)})::varchar, {literal(escapes)}, ' ', 'g')"


def _conditions(*, is_id: bool) -> dict[FindingKind, str]:
    """SQL conditions on the text in `value`, by what they find in it."""

    def only_where(cheap: str, dear: str) -> str:
        return f"case when {cheap} then {dear} else false end"

    def any_group(pattern: str, group: int, test: str) -> str:
        candidates = f"regexp_extract_all(value, {literal(pattern)}, {group})"
        return only_where(
            f"regexp_matches(value, {literal(pattern)})",
            f"len(list_filter({candidates}, lambda found: found <> '' and {test})) > 0",
        )

    digits = "regexp_replace(found, '[^0-9]', '', 'g')"
    is_phone = (
        f"length({digits}) >= 8 and not regexp_matches(found, '[0-9]{{16,}}') "
        r"and not regexp_full_match(found, '\+[0-9]{4,}\.[0-9]+')"
    )
    is_card = f"regexp_full_match({digits}, {literal(_CARD_NUMBER)}) and is_luhn({digits})"
    # Among a vendor's ids of sixteen digits some look like cards by chance.
    not_an_id = " and not regexp_full_match(value, '[0-9]+')" if is_id else ""
    ipv4 = only_where("value like '%.%.%.%'", any_group(_IPV4, 1, "true"))
    ipv6 = only_where("value like '%:%:%'", f"regexp_matches(value, {literal(_IPV6)})")
    return {
        "e-mail address": only_where(
            "contains(value, '@') or contains(value, '%40')",
            f"regexp_matches(value, {literal(EMAIL)})",
        ),
        "IP address": f"({ipv4}) or ({ipv6})",
        "phone number": only_where(
            "contains(value, '+') or contains(value, '00') or contains(value, '(')",
            " or ".join(any_group(phone, 2, is_phone) for phone in PHONES),
        ),
        "card number": only_where(
            f"length(value) >= 14 and regexp_matches(value, {literal(_CARD_HINT)}){not_an_id}",
            any_group(_CARD_CANDIDATE, 1, is_card),
        ),
    }


def _has_personal_key() -> str:
    """An SQL condition: the JSON in `value` has a key that denotes personal data."""
    fields = PERSONAL_FIELDS.replace("_", "[_ -]")
    keys = rf'"(?:[a-z0-9]+[_ -])*(?:{fields}|mobile)[0-9]*(?:[_ -][0-9]+)?"\s*:'
    snake_case = "strip_accents(lower(regexp_replace(value, '([a-z])([A-Z])', '\\1_\\2', 'g')))"
    return f"regexp_matches({snake_case}, {literal(keys)})"
