"""JSON lines: what becomes of every line, whatever it holds."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts.contract import export_named
from pipelines.exports import json_lines
from pipelines.exports.files import FileRefused, delivered_files
from pipelines.exports.reading import Reading, Surroundings
from pipelines.settings import SourceSettings


def opened(folder: Path, content: str | bytes) -> Reading:
    """A file of this content, opened."""
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / "tickets.json").write_bytes(raw)
    (file,) = delivered_files(folder).files
    return json_lines.read(file, Surroundings(export_named("zendesk/tickets"), SourceSettings()))


def rows_of(reading: Reading) -> list[tuple[int, dict[str, str | None]]]:
    """All good rows with their numbers."""
    return [
        (number, row)
        for rows in reading.rows()
        for number, row in zip(rows.numbers, rows.frame.rows(named=True), strict=True)
    ]


def codes_of(reading: Reading) -> list[tuple[int, str]]:
    """All bad rows with their codes."""
    return [(bad.row, bad.code) for rows in reading.rows() for bad in rows.bad_rows]


def test_nested_fields_go_by_their_path_and_lists_stay_json(tmp_path: Path) -> None:
    reading = opened(
        tmp_path,
        '{"id": 90010020030011223344, "a": {"b": {"c": 18}, "d": null}, "tags": ["x", 1]}\n'
        "\n"
        '{"id": 2, "new": true, "share": 0.10, "tags": [], "name": "", "a": {}}',
    )
    assert reading.labels == ("id", "tags", "a.d", "a.b.c", "new", "share", "name")
    assert rows_of(reading) == [
        (
            1,
            {
                "id": "90010020030011223344",
                "tags": '["x", 1]',
                "a.d": None,
                "a.b.c": "18",
                "new": None,
                "share": None,
                "name": None,
            },
        ),
        (
            3,
            {
                "id": "2",
                "tags": None,
                "a.d": None,
                "a.b.c": None,
                "new": "true",
                "share": "0.10",
                "name": None,
            },
        ),
    ]
    assert reading.rows_read() == 2  # the blank line is no row


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"id": 1', "not_json"),
        (b'{"id": NaN}', "not_json"),
        (b'{"id": 1} {"id": 2}', "not_json"),
        (b'{"id": "\xff"}', "not_utf_8"),
        (b'[{"id": 1}]', "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"id": 1, "id": 2}', "repeated_field"),
        (b'{"a.b": 1, "a": {"b": 2}}', "repeated_field"),
        (b'{"id": "\\u0000"}', "nul_byte"),
        (b'{"id": "\\ud83d"}', "half_a_character"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested_too_deeply"),
        (b"[" * 100_000, "nested_too_deeply"),
    ],
)
def test_a_line_that_is_no_row_is_set_aside_alone(tmp_path: Path, line: bytes, code: str) -> None:
    reading = opened(tmp_path, b'{"id": 7}\r\n' + line + b'\r\n{"id": 8}\r\n')
    assert codes_of(reading) == [(2, code)]
    assert [(number, row["id"]) for number, row in rows_of(reading)] == [(1, "7"), (3, "8")]
    assert reading.rows_read() == 3


def test_a_whole_emoji_and_a_written_backslash_are_kept(tmp_path: Path) -> None:
    reading = opened(tmp_path, '{"a": "\\ud83d\\ude00", "b": "\\\\u0000"}')
    assert rows_of(reading) == [(1, {"a": "😀", "b": "\\u0000"})]


def test_a_line_beyond_the_limit_is_set_aside_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "RECORD_BYTES_LIMIT", 100)
    monkeypatch.setattr(json_lines, "KEPT_OF_TOO_LARGE", 10)
    long = json.dumps({"id": "x" * 350})
    reading = opened(tmp_path, f'{{"id": 1}}\n{long}\n{{"id": 3}}\n{long}')
    assert codes_of(reading) == [(2, "field_too_large"), (4, "field_too_large")]
    (rows,) = reading.rows()
    assert [bad.text for bad in rows.bad_rows] == [long[:10]] * 2
    assert [number for number, _ in rows_of(reading)] == [1, 3]


@pytest.mark.parametrize(
    ("content", "code"),
    [("\n \n", "empty_file"), ('[\n1,\n"two"\n]\n', "no_json_lines")],
)
def test_a_file_without_an_object_is_refused(tmp_path: Path, content: str, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        opened(tmp_path, content)
    assert refused.value.code == code


def test_fields_without_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        opened(tmp_path, "".join(f'{{"field {number}": 1}}\n' for number in range(6_000)))
    assert refused.value.code == "too_many_columns"


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "name", "note"]),
            st.none()
            | st.integers()
            | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
            min_size=1,
        ),
        min_size=1,
        max_size=20,
    ),
    st.integers(1, 200),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_batches_all_rows_come_out_in_order(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    records: list[dict[str, object]],
    batch_bytes: int,
) -> None:
    monkeypatch.setattr(json_lines, "BATCH_BYTES", batch_bytes)
    reading = opened(tmp_path, "\ufeff" + "\n".join(json.dumps(record) for record in records))
    labels = {name for record in records for name in record}
    expected = [
        {name: None if record.get(name) in (None, "") else str(record[name]) for name in labels}
        for record in records
    ]
    assert rows_of(reading) == list(enumerate(expected, start=1))
    assert reading.rows_read() == len(records)
