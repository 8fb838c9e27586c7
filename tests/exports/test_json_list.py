"""One JSON document with a list: each object is a row, and an unsound document is refused."""

import json
from pathlib import Path

import pytest

from pipelines.exports import json_list
from pipelines.exports.files import FileRefused, delivered_files

WITHIN = (
    '\ufeff { "total" : 12.5e3, "next": null, "list": "no list", "of": {"list": [1, {"a": "]}"}]},'
    '\n "l\\u0069st" : [ {"a": "}\\"]"} ,\r\n[1,[2]], "x", 17 ,null], "after": [{"list": []}] }\n'
)


def entries(folder: Path, content: str | bytes, field: str | None = "list") -> list[str]:
    text = content.encode() if isinstance(content, str) else content
    (folder / "list.json").write_bytes(text)
    (file,) = delivered_files(folder).files
    found = list(json_list.listed(file, field))
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    return [each.text.decode() for each in found]


@pytest.mark.parametrize("read_bytes", [1, 2, 3, 7, 64, 1 << 20])
def test_entries_are_cut_out_wherever_the_pieces_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_bytes: int
) -> None:
    monkeypatch.setattr(json_list, "READ_BYTES", read_bytes)
    assert entries(tmp_path, WITHIN) == ['{"a": "}\\"]"}', "[1,[2]]", '"x"', "17", "null"]
    bare = "[12,345 , -6.5e7]"
    assert entries(tmp_path, bare, None) == ["12", "345", "-6.5e7"]


@pytest.mark.parametrize("content", ["[]", ' {"list": [ ] } ', '{"a": {}, "list": []}'])
def test_an_empty_list_has_no_entries(tmp_path: Path, content: str) -> None:
    assert entries(tmp_path, content) == []


def test_many_entries_are_read_as_they_are_written(tmp_path: Path) -> None:
    written = [{"id": number, "said": "x" * (number % 500)} for number in range(20_000)]
    found = entries(tmp_path, json.dumps({"list": written}, indent=1))
    assert [json.loads(each) for each in found] == written


WHOLE = '{"list": [{"a": [1, 2]}, {"b": "c"}], "d": 1}'


@pytest.mark.parametrize("length", range(1, len(WHOLE)))
def test_a_document_that_breaks_off_is_refused_wherever_it_does(
    tmp_path: Path, length: int
) -> None:
    with pytest.raises(FileRefused) as refused:
        entries(tmp_path, WHOLE[:length])
    assert refused.value.code == "truncated_json"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("\n", "truncated_json"),
        ("id,score\n1,9\n", "damaged_json"),
        ("<html></html>", "damaged_json"),
        ('"list"', "damaged_json"),
        ('{"list": [{}]} {"list": [{}]}', "damaged_json"),
        ('{"list": [{} {}]}', "damaged_json"),
        ('{"list": [{},]}', "damaged_json"),
        ('{"list": [,{}]}', "damaged_json"),
        ('{"list" [{}]}', "damaged_json"),
        ("{list: [{}]}", "damaged_json"),
        ("[{}}", "damaged_json"),
        ('[{"a": "b}]', "truncated_json"),
        ('{"lists": [{}]}', "no_list"),
        ('{"list": {}}', "no_list"),
        ("{}", "no_list"),
        ('{"list": [{}], "list": [{}]}', "repeated_field"),
        ('[{"a": 1}]'.encode("utf-16"), "damaged_json"),
        ("[" * 2_000_000, "truncated_json"),
        ("[" + '{"a":' * 40 + "1" + "}" * 40 + "]", "truncated_json"),
        ("[" + '{"a":' * 40 + "1" + "}" * 40 + "]" + " " * (33 << 20), "field_too_large"),
    ],
)
def test_what_is_no_sound_list_is_refused(tmp_path: Path, content: str | bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        entries(tmp_path, content)
    assert refused.value.code == code
    assert refused.value.fix


def test_an_object_is_no_list_where_none_of_its_fields_may_be(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        entries(tmp_path, '{"list": []}', None)
    assert refused.value.code == "damaged_json"


def test_an_entry_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_list, "RECORD_BYTES_LIMIT", 1000)
    monkeypatch.setattr(json_list, "READ_BYTES", 100)
    assert len(entries(tmp_path, json.dumps(["x" * 800] * 5))) == 5
    with pytest.raises(FileRefused, match="entry 3 of its list") as refused:
        entries(tmp_path, json.dumps([1, 2, "x" * 9000, 4]))
    assert refused.value.code == "field_too_large"
