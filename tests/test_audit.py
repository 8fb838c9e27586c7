"""What the audit finds in a build, and what it leaves alone."""

from pathlib import Path

import pytest

from pipelines.audit import audit
from tests.build_files import write_build

PERSONAL_TEXTS = {
    "e-mail address": [
        "jane.doe@example.com",
        "Bitte an jörg@müller.de schreiben",
        "mailto:bob%40example.co.uk",
    ],
    "IP address": [
        "192.168.0.17",
        "from 8.8.8.8:443, twice",
        "2001:db8::1",
        "2001:0db8:0000:0000:0000:ff00:0042:8329",
        "fe80::1",
    ],
    "phone number": [
        "+4930123456",
        "+49 30 1234567",
        "call +1 (212) 555-0100 today",
        "0049 30 1234567",
        "(212) 555-0100",
        "+49 30 1234567 2025-01-01",
    ],
    "card number": [
        "4111111111111111",
        "paid by 5500 0000 0000 0004.",
        "3782-822463-10005",
        "1234567890123456 4111111111111111",
    ],
}

HARMLESS_TEXTS = [
    "0cc175b9c0f1b6a831c399e269772661",
    "00000000000000000000000000000000",
    "550e8400-e29b-41d4-a716-446655440000",
    "41111111-1111-4111-8111-111111111111",
    "2025-03-02",
    "2025-03-02T23:59:59+02:00",
    "2025-03-02 23:59:59.123456+00",
    "2025-01-01 2025-01-02",
    "02.03.2025",
    "12:34:56",
    "00001042",
    "CS-2025-000123",
    "sub_1QhXY2eZvKYlo2C4111111111",
    "0014000000AbCdEAAV",
    "500xx0000012345AAA",
    "12.50",
    "-1234567.89",
    "+12345678.90",
    "0.4111111111111111",
    "1,234,567,890",
    "5123456789012",
    "4929000000006",
    "20250302123456",
    "1.2.3",
    "v10.0.19045.1.2",
    "duckdb@1.5.5",
    "std::vector, face::book, 2024::12",
    "How satisfied are you with our support (1-5)?",
    "On a scale from 0 to 10 (0 = not at all, 10 = extremely), would you recommend us?",
    "Q1: 10 + 5 = 15?",
    "Team Köln / Bonn",
    "Ana María López",
    "all customers since 2020-2021 (2000+)",
    "€ 1.234.567,89",
]


@pytest.mark.parametrize(
    "wrapping",
    [
        "value",
        "['harmless', value]",
        "{'id': 1, 'parts': [{'what': value}]}",
        "map {'what': value}",
        "map {value: 'what'}",
        "to_json({'what': 'line one' || chr(10) || value})",
    ],
)
def test_personal_data_is_found_wherever_text_can_be(tmp_path: Path, wrapping: str) -> None:
    planted = [(kind, value) for kind, values in PERSONAL_TEXTS.items() for value in values]
    columns = [
        f"{wrapping.replace('value', literal)} as what_{number}"
        for number, literal in enumerate(f"'{value}'" for _, value in planted)
    ]
    build = write_build(
        tmp_path / "build.duckdb",
        {"mart": f"select {', '.join(columns)} from range(3)"},
    )
    assert [(f.table, f.column, f.kind, f.count) for f in audit(build, ["mart"])] == [
        ("mart", f"what_{number}", kind, 3) for number, (kind, _) in enumerate(planted)
    ]


@pytest.mark.parametrize("wrapping", ["value", "[value]", "{'what': value}", "to_json([value])"])
def test_ids_dates_numbers_versions_and_questions_are_no_personal_data(
    tmp_path: Path, wrapping: str
) -> None:
    listed = ", ".join("('" + text.replace("'", "''") + "')" for text in HARMLESS_TEXTS)
    build = write_build(
        tmp_path / "build.duckdb",
        {"marts": f"select {wrapping} as what from (values {listed}) t(value)"},
    )
    assert audit(build, ["marts"]) == []


def test_twenty_thousand_ids_of_each_kind_raise_no_finding(tmp_path: Path) -> None:
    build = write_build(
        tmp_path / "build.duckdb",
        {
            "ids": "select md5(range::varchar) as customer_key, "
            "md5(range::varchar)[:16] as short_key, "
            "sha256(range::varchar) as response_key, "
            "(5000000000000 + range * 7919)::varchar as shopify, "
            "(4000000000000000 + range * 7919)::varchar as vendor_id, "
            "'sub_1Qh' || md5(range::varchar)[:17] as stripe, "
            "'500' || upper(md5(range::varchar)[:12]) || 'AAA' as salesforce, "
            "lpad(range::varchar, 8, '0') as case_number, "
            "(range / 7)::varchar as ratio, "
            "(timestamp '2020-01-01' + interval (range) minute)::varchar || '+00' as moment, "
            "epoch_us(timestamp '2020-01-01' + interval (range) minute)::varchar as micros "
            "from range(20000)"
        },
    )
    assert audit(build, ["ids"]) == []


def test_a_column_named_after_personal_data_is_a_finding_even_when_empty(tmp_path: Path) -> None:
    names = (
        *("email", "RecipientEmail", "phone", "phone_2", "first_name", "LastName", "IPAddress"),
        *("ip", "street", "billing_address", "postal_code", "mobile", "Vorname", "Téléphone"),
    )
    plain = ", ".join(f'null::varchar as "{name}"' for name in names)
    nested = ", ".join(f"[{{'{name}': 1}}] as details_{n}" for n, name in enumerate(names))
    json_text = ", ".join(
        f"""'{{"a": {{"{name}" : null}}}}'::json as details_{n}""" for n, name in enumerate(names)
    )
    build = write_build(
        tmp_path / "build.duckdb",
        {
            "plain": f"select {plain} where false",
            "nested": f"select {nested}",
            "json": f"select {json_text}",
        },
    )
    findings = audit(build, ["plain", "nested", "json"])

    assert {finding.kind for finding in findings} == {"name of a personal field"}
    assert [(finding.table, finding.column) for finding in findings] == (
        [("plain", name) for name in names]
        + [("nested", f"details_{n}.{name}") for n, name in enumerate(names)]
        + [("json", f"details_{n}") for n in range(len(names))]
    )


def test_keys_pseudonyms_counts_and_names_of_things_are_no_personal_data(tmp_path: Path) -> None:
    columns = (
        "email_key, phone_pseudonym, email_count, has_phone, is_mobile, last_email_at, shipping, "
        "ip_count, team, team_name, leader, survey_name, question_text, segment, street_rate, "
        "description_count, channel, comment_language, zipper, country, stripe_id"
    )
    build = write_build(
        tmp_path / "build.duckdb",
        {"mart": "select " + ", ".join(f"'x' as {name.strip()}" for name in columns.split(","))},
    )
    assert audit(build, ["mart"]) == []


def test_free_text_is_found_by_name_and_by_sentences_that_differ(tmp_path: Path) -> None:
    sentence = "'The agent on duty number ' || range || ' was very kind to me'"
    build = write_build(
        tmp_path / "build.duckdb",
        {
            "answers": f"select 'ok' as comment, 'ok' as case_subject, {sentence} as what, "
            f"{sentence} as question_text, "
            "'How satisfied are you with our support of today? ' || range % 20 as prompt, "
            "'one two three four five' as label, sha256(range::varchar) as response_key "
            "from range(200)"
        },
    )
    assert [(f.column, f.kind, f.count) for f in audit(build, ["answers"])] == [
        ("comment", "free text", 200),
        ("case_subject", "free text", 200),
        ("what", "free text", 200),
    ]


def test_a_type_that_cannot_be_searched_is_a_finding(tmp_path: Path) -> None:
    build = write_build(
        tmp_path / "build.duckdb",
        {"mart": "select 'x'::blob as picture, ['x'::blob] as pictures, 'x'::enum('x') as letter"},
    )
    assert [(f.column, f.kind) for f in audit(build, ["mart"])] == [
        ("picture", "unreadable type"),
        ("pictures", "unreadable type"),
    ]
