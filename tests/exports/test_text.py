import csv
import hashlib
import io
import os
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.exports import text
from pipelines.exports.files import FileRefused, SourceFile, delivered_files
from pipelines.exports.text import (
    BadRow,
    EncodingMistaken,
    TextTable,
    read_text,
    unique_labels,
)

SAMPLES = Path(__file__).parent


@dataclass
class Reading:
    """All that a file gave, batch after batch."""

    table: TextTable
    rows: dict[int, list[str | None]]
    bad: list[BadRow]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("delivery")


_counter = iter(range(10**9))


def file_of(folder: Path, content: bytes) -> SourceFile:
    path = folder / f"{next(_counter)}.csv"
    path.write_bytes(content)
    status = path.stat()
    return SourceFile(path, None, path.name, status.st_size, status.st_mtime_ns)


def read_table(table: TextTable) -> Reading:
    rows: dict[int, list[str | None]] = {}
    bad: list[BadRow] = []
    for batch in table.batches():
        assert batch.frame.columns == [str(n) for n in range(table.width)]
        assert set(batch.frame.dtypes) == {pl.String}
        assert batch.rows.dtype == pl.Int64
        numbers = batch.rows.to_list()
        assert numbers == sorted(numbers)
        assert [row.row for row in batch.bad_rows] == sorted(row.row for row in batch.bad_rows)
        rows.update(zip(numbers, map(list, batch.frame.rows()), strict=True))
        bad.extend(batch.bad_rows)
    numbers = [*rows, *(row.row for row in bad)]
    assert len(numbers) == len(set(numbers)) == table.rows_read
    return Reading(table, rows, bad)


def read(
    folder: Path,
    content: bytes,
    *,
    header_rows: int = 1,
    block_bytes: int = text.BLOCK_BYTES,
    record_bytes_limit: int = text.RECORD_BYTES_LIMIT,
    fallback_encodings: Sequence[str] = ("latin-1",),
    delimiters: str = ",;\t",
) -> Reading:
    file = file_of(folder, content)
    try:
        return read_table(
            read_text(
                file,
                header_rows=header_rows,
                block_bytes=block_bytes,
                record_bytes_limit=record_bytes_limit,
                fallback_encodings=fallback_encodings,
                delimiters=delimiters,
            )
        )
    finally:
        file.path.unlink()


def refusal(folder: Path, content: bytes, **options: object) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        read(folder, content, **options)  # type: ignore[arg-type]
    return refused.value


def bad(reading: Reading) -> list[tuple[int, str, str]]:
    return [(row.row, row.code, row.text) for row in reading.bad]


# Cells


def test_cells_are_exactly_as_in_the_file_and_empty_ones_are_null(folder: Path) -> None:
    reading = read(folder, b'a,b,c\n 007 ,"9.70",NA\n"",,null\n"x, ""y""\nz",#N/A,\'75008\n')

    assert reading.table.header == [["a", "b", "c"]]
    assert reading.rows == {
        2: [" 007 ", "9.70", "NA"],
        3: [None, None, "null"],
        4: ['x, "y"\nz', "#N/A", "'75008"],
    }
    assert reading.bad == []


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("block_bytes", [1, 5, 1_000])
def test_every_line_end_is_one(folder: Path, line_end: bytes, block_bytes: int) -> None:
    content = line_end.join([b"a,b", b"1,2", b'"3\r\n4",5', b"6,7"])

    reading = read(folder, content, block_bytes=block_bytes)

    assert reading.rows == {2: ["1", "2"], 3: ["3\r\n4", "5"], 4: ["6", "7"]}


def test_line_ends_may_be_mixed_in_one_file(folder: Path) -> None:
    reading = read(folder, b"a,b\r1,2\r\n3,4\n5,6\r")

    assert reading.rows == {2: ["1", "2"], 3: ["3", "4"], 4: ["5", "6"]}


def test_a_quote_within_an_unquoted_cell_is_a_character(folder: Path) -> None:
    reading = read(folder, b'a\tb\n5" pipe\tx\ny\t6"\nsay "hi"\tz\n')

    assert reading.rows == {2: ['5" pipe', "x"], 3: ["y", '6"'], 4: ['say "hi"', "z"]}
    assert reading.bad == []


def test_a_cell_beginning_with_a_byte_order_mark_keeps_it(folder: Path) -> None:
    reading = read(folder, "a,b\n\ufeffx,1\n\ufeffy,2\n".encode(), block_bytes=1)

    assert reading.rows == {2: ["\ufeffx", "1"], 3: ["\ufeffy", "2"]}


def test_a_file_with_only_a_header_has_no_rows(folder: Path) -> None:
    for content in (b"a,b", b"a,b\n", b'"a","b"\r\n'):
        reading = read(folder, content)
        assert (reading.rows, reading.bad, reading.table.rows_read) == ({}, [], 0)


def test_batches_can_be_read_again_from_the_start(folder: Path) -> None:
    table = read_text(file_of(folder, b"a,b\n1,2\n3,4\n"))

    assert read_table(table).rows == read_table(table).rows
    assert table.rows_read == 2


def test_a_reader_that_is_left_early_leaves_no_thread_and_no_open_file(folder: Path) -> None:
    table = read_text(file_of(folder, b"a,b\n" + b"1,2\n" * 10_000), block_bytes=1_000)
    batches = table.batches()
    next(batches)
    batches.close()  # type: ignore[attr-defined]

    assert threading.active_count() == 1


# Blank lines


@pytest.mark.parametrize("block_bytes", [1, 4, 1_000])
def test_a_blank_line_is_no_row_but_counts_as_one_of_the_spreadsheet(
    folder: Path, block_bytes: int
) -> None:
    reading = read(folder, b'a,b\n1,2\n\n\r\n,\n"x\n\ny",3\n\n', block_bytes=block_bytes)

    assert reading.rows == {2: ["1", "2"], 5: [None, None], 6: ["x\n\ny", "3"]}
    assert reading.bad == []
    assert reading.table.rows_read == 3


def test_blank_lines_are_numbered_right_beside_rows_of_the_wrong_width(folder: Path) -> None:
    reading = read(folder, b"a,b\n\n1\n\n2,3\n4,5,6\n\n,\n")

    assert reading.rows == {5: ["2", "3"], 8: [None, None]}
    assert bad(reading) == [(3, "wrong_width", "1"), (6, "wrong_width", "4,5,6")]


def test_lines_ended_twice_over_are_rows_and_blank_lines(folder: Path) -> None:
    reading = read(folder, b"a,b\r\r\n1,2\r\r\n3,4\r\r\n")

    assert reading.rows == {3: ["1", "2"], 5: ["3", "4"]}


@pytest.mark.parametrize("block_bytes", [1, 1_000])
def test_with_one_column_an_empty_cell_is_a_row_and_a_blank_line_is_not(
    folder: Path, block_bytes: int
) -> None:
    reading = read(folder, b'a\n1\n\n""\n2\n,\n', block_bytes=block_bytes)

    assert reading.rows == {2: ["1"], 4: [None], 5: ["2"]}
    assert bad(reading) == [(6, "wrong_width", ",")]


def test_blank_lines_above_the_header_count_as_rows_of_the_spreadsheet(folder: Path) -> None:
    reading = read(folder, b"\n\r\na,b\n1,2\n")

    assert reading.table.header == [["a", "b"]]
    assert reading.rows == {4: ["1", "2"]}


# Rows that are set aside


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 10_000])
def test_rows_of_the_wrong_width_have_their_exact_number_and_text(
    folder: Path, block_bytes: int
) -> None:
    lines, expected = ["a,b,c"], []
    for number in range(2, 400):
        if number % 7 == 0:
            lines.append('"ü\n""",2')
            expected.append((number, "wrong_width", '"ü\n""",2'))
        elif number % 11 == 0:
            lines.append("")
        else:
            lines.append('1,"2\n\n2",3')

    reading = read(folder, "\r\n".join(lines).encode(), block_bytes=block_bytes)

    assert bad(reading) == expected
    assert reading.bad[0].reason == "it has 2 cells instead of 3"
    assert set(reading.rows) == {n for n in range(2, 400) if n % 7 and n % 11}


@pytest.mark.parametrize("block_bytes", [1, 16, 10_000])
def test_an_unclosed_quote_costs_only_its_own_row(folder: Path, block_bytes: int) -> None:
    content = b'a,b,c\n1,x,2\n3,"he said,4\n5,y,6\n7,"ok, ""fine""",8\n9,z,10\n'

    reading = read(folder, content, block_bytes=block_bytes)

    assert bad(reading) == [(3, "unclosed_quote", '3,"he said,4')]
    assert reading.rows == {
        2: ["1", "x", "2"],
        4: ["5", "y", "6"],
        5: ["7", 'ok, "fine"', "8"],
        6: ["9", "z", "10"],
    }


def test_an_unclosed_quote_that_would_pair_with_the_next_rows_is_seen(folder: Path) -> None:
    # A plain reader takes both lines for one row of just the right width.
    reading = read(folder, b'a,b,c\n1,"he said hi,5\n2,"ok fine",7\n')

    assert bad(reading) == [(2, "unclosed_quote", '1,"he said hi,5')]
    assert reading.rows == {3: ["2", "ok fine", "7"]}


@pytest.mark.parametrize("block_bytes", [1, 10_000])
def test_an_unclosed_quote_in_a_file_of_quoted_cells_costs_only_its_own_row(
    folder: Path, block_bytes: int
) -> None:
    content = b'"a","b"\n"1","2"\n"3","4\n"","6"\n"7","8"\n"9,"10"\n"11","12"\n'

    reading = read(folder, content, block_bytes=block_bytes)

    assert bad(reading) == [(3, "unclosed_quote", '"3","4'), (6, "text_after_quote", '"9,"10"')]
    assert reading.rows == {2: ["1", "2"], 4: [None, "6"], 5: ["7", "8"], 7: ["11", "12"]}


def test_a_quote_that_never_closes_does_not_swallow_the_rest_of_the_file(folder: Path) -> None:
    lines = [b"a,b", b'1,"2', *(b"%d,x" % number for number in range(100_000))]

    reading = read(folder, b"\n".join(lines), block_bytes=50_000, record_bytes_limit=100_000)

    assert bad(reading) == [(2, "unclosed_quote", '1,"2')]
    assert len(reading.rows) == 100_000
    assert reading.rows[3] == ["0", "x"]
    assert reading.rows[100_002] == ["99999", "x"]


def test_the_inside_of_a_broken_cell_is_not_taken_for_rows(folder: Path) -> None:
    content = b'a,b\nx,"line 1\nline "2" of it\ntail",y\n\n"z",1\nw,2\n'

    reading = read(folder, content)

    assert bad(reading) == [
        (2, "unclosed_quote", 'x,"line 1'),
        (3, "broken_row", 'line "2" of it'),
        (4, "broken_row", 'tail",y'),
    ]
    assert reading.rows == {6: ["z", "1"], 7: ["w", "2"]}


def test_text_after_a_closing_quote_is_not_silently_joined_to_it(folder: Path) -> None:
    reading = read(folder, b'a,b\n1,"x"y\n"" ,2\n3,"z"\n')

    assert bad(reading) == [
        (2, "text_after_quote", '1,"x"y'),
        (3, "text_after_quote", '"" ,2'),
    ]
    assert reading.rows == {4: ["3", "z"]}


def test_a_last_row_cut_short_is_set_aside(folder: Path) -> None:
    assert bad(read(folder, b"a,b\n1,2\n3")) == [(3, "wrong_width", "3")]
    assert bad(read(folder, b'a,b\n1,2\n3,"fo')) == [(3, "unclosed_quote", '3,"fo')]
    assert bad(read(folder, b'a,b\n1,2\n"3')) == [(3, "unclosed_quote", '"3')]


@pytest.mark.parametrize("block_bytes", [1, 10_000])
def test_a_row_with_a_nul_byte_is_set_aside_whole(folder: Path, block_bytes: int) -> None:
    content = b'a,b\n1,2\n3,\x00\n"4\n\x00\n",5\n6,7\n'

    reading = read(folder, content, block_bytes=block_bytes)

    assert bad(reading) == [(3, "nul_byte", "3,\x00"), (4, "nul_byte", '"4\n\x00\n",5')]
    assert reading.rows == {2: ["1", "2"], 5: ["6", "7"]}


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_cell_too_large_to_hold_costs_only_its_own_row(folder: Path, quote: bytes) -> None:
    content = b"a,b\n1,2\n3," + quote + b"x" * 100_000 + quote + b"\r\n4,5\n6,7\n"

    reading = read(folder, content, block_bytes=1_000, record_bytes_limit=20_000)

    assert [(row.row, row.code, len(row.text)) for row in reading.bad] == [
        (3, "field_too_large", text.KEPT_OF_TOO_LARGE)
    ]
    assert reading.rows == {2: ["1", "2"], 4: ["4", "5"], 5: ["6", "7"]}


def test_a_cell_larger_than_a_block_is_read(folder: Path) -> None:
    cell = "x,\n" * 50_000

    reading = read(folder, f'a,b\n1,"{cell}"\n2,3\n'.encode(), block_bytes=1_000)

    assert reading.rows == {2: ["1", cell], 3: ["2", "3"]}


def test_a_report_footer_is_set_aside_line_by_line(folder: Path) -> None:
    content = b'"a","b"\n"1","2"\n\n"Copyright (c) vendor"\n"Grand Totals (1 record)"\n'

    assert bad(read(folder, content)) == [
        (4, "wrong_width", '"Copyright (c) vendor"'),
        (5, "wrong_width", '"Grand Totals (1 record)"'),
    ]


# Encodings


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16-le"),
        ("latin-1", "latin-1"),
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 3, 1_000])
def test_the_encoding_is_found(folder: Path, codec: str, encoding: str, block_bytes: int) -> None:
    content = "größe,b\nÄ,é\nü,ÿ\n".encode(codec)

    reading = read(folder, content, block_bytes=block_bytes)

    assert reading.table.encoding == encoding
    assert reading.table.header == [["größe", "b"]]
    assert reading.rows == {2: ["Ä", "é"], 3: ["ü", "ÿ"]}


def test_utf_16_may_have_its_other_byte_first(folder: Path) -> None:
    content = b"\xfe\xff" + "a\tb\né\t😀\n".encode("utf-16-be")

    reading = read(folder, content, block_bytes=3)

    assert (reading.table.encoding, reading.table.delimiter) == ("utf-16-be", "\t")
    assert reading.rows == {2: ["é", "😀"]}


def test_one_byte_at_the_end_decides_on_the_encoding_of_the_whole_file(folder: Path) -> None:
    content = "a,b\nä,1\n".encode() + b"x,1\n" * 600_000 + b"\xe4,2\n"

    reading = read(folder, content)

    assert reading.table.encoding == "latin-1"
    assert reading.rows[2] == ["Ã¤", "1"]
    assert reading.rows[600_003] == ["ä", "2"]


@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_a_character_across_two_chunks_is_whole(
    folder: Path, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.exports.files.READ_BYTES", 8)

    reading = read(folder, b"a,b\n" + b"x" * position + "😀é,€\n".encode())

    assert reading.table.encoding == "utf-8"
    assert reading.rows == {2: ["x" * position + "😀é", "€"]}


@pytest.mark.parametrize("bad_bytes", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf0\x9f"])
def test_what_is_not_strictly_utf_8_is_refused_where_nothing_else_is_declared(
    folder: Path, bad_bytes: bytes
) -> None:
    refused = refusal(folder, b"a,b\nx," + bad_bytes + b"\n1,2\n", fallback_encodings=())

    assert refused.code == "undecodable"
    assert refused.reason == "byte 6 is not utf-8"


def test_a_file_that_ends_within_a_character_is_not_utf_8(folder: Path) -> None:
    assert refusal(folder, b"a,b\nx,\xe2\x82", fallback_encodings=()).code == "undecodable"


def test_the_declared_encoding_is_strict_too(folder: Path) -> None:
    content = b"a,b\n\xe4,1\n\x81,2\n"

    assert refusal(folder, content, fallback_encodings=("cp1252",)).reason == "byte 8 is not cp1252"


def test_a_byte_order_mark_is_believed_and_held_to_it(folder: Path) -> None:
    assert refusal(folder, b"\xef\xbb\xbfa,b\n\xe4,1\n").reason == "byte 7 is not utf-8-sig"
    assert refusal(folder, b"\xff\xfea\x00,\x00b\x00\n").code == "undecodable"


def test_bytes_slipped_in_after_the_check_are_noticed(folder: Path) -> None:
    file = file_of(folder, b"a,b\n1,2\n")
    table = read_text(file)
    file.path.write_bytes(b"a,b\n1,\xff\n")
    os.utime(file.path, ns=(file.modified_ns, file.modified_ns))

    with pytest.raises(FileRefused) as refused:
        read_table(table)

    assert refused.value.code == "changed_while_read"


LATE_LATIN_1 = b"a,b\n" + b"x,1\n" * 300_000 + "Z\xfcrich,2\n".encode("latin-1")


def test_a_large_file_that_turns_out_to_be_latin_1_late_is_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "LOOKED_THROUGH_BYTES", 1 << 20)
    file = file_of(folder, LATE_LATIN_1)
    table = read_text(file)
    assert table.encoding == "utf-8"
    with pytest.raises(EncodingMistaken):
        read_table(table)

    again = read_table(read_text(file))

    assert again.table.encoding == "latin-1"
    assert again.rows[300_002] == ["Z\xfcrich", "2"]
    assert file.sha256() == hashlib.sha256(LATE_LATIN_1).hexdigest()


@pytest.mark.parametrize(("last", "encoding"), [(b"\x93", "cp1252"), (b"\x81", "latin-1")])
def test_a_large_file_is_of_the_first_encoding_that_fits_all_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, last: bytes, encoding: str
) -> None:
    monkeypatch.setattr(text, "LOOKED_THROUGH_BYTES", 1 << 20)
    file = file_of(folder, LATE_LATIN_1 + last + b",3\n")
    with pytest.raises(EncodingMistaken):
        read_table(read_text(file, fallback_encodings=("cp1252", "latin-1")))
    again = read_table(read_text(file, fallback_encodings=("cp1252", "latin-1")))
    assert again.table.encoding == encoding
    assert again.rows[300_003] == [last.decode(encoding), "3"]


def test_a_bad_byte_in_a_broken_record_is_noticed_as_well(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "LOOKED_THROUGH_BYTES", 1 << 20)
    file = file_of(folder, LATE_LATIN_1.replace(b"Z", b'"'))
    with pytest.raises(EncodingMistaken):
        read_table(read_text(file))
    assert read_table(read_text(file)).bad[0].text == '"\xfcrich,2'


def test_a_large_file_without_another_encoding_is_refused_late(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "LOOKED_THROUGH_BYTES", 1 << 20)
    table = read_text(file_of(folder, LATE_LATIN_1), fallback_encodings=())
    with pytest.raises(FileRefused) as refused:
        read_table(table)
    assert refused.value.reason == "byte 1,200,005 is not utf-8"


def test_utf_16_without_a_mark_is_refused(folder: Path) -> None:
    assert refusal(folder, "a,b\n1,2\n".encode("utf-16-le")).code == "not_text"


# Headers


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_that_splits_the_header_best_is_taken(folder: Path, delimiter: str) -> None:
    header = delimiter.join(['"a, b; c"', "d e", '"f\t|"'])

    reading = read(folder, f"{header}\n1{delimiter}2{delimiter}\n".encode(), delimiters=",;\t|")

    assert reading.table.delimiter == delimiter
    assert reading.table.header == [["a, b; c", "d e", "f\t|"]]
    assert reading.rows == {2: ["1", "2", None]}


def test_commas_within_questions_do_not_make_a_comma_file(folder: Path) -> None:
    content = "Q1\tQ2\nOn a scale, from 0, to 10, how\tWhy, if so, and how, then\n9\tx\n"

    table = read(folder, content.encode(), header_rows=2).table

    assert table.delimiter == "\t"


def test_a_header_may_have_line_ends_in_its_cells(folder: Path) -> None:
    reading = read(folder, b'"a\nb",c\n"{""ImportId"":""Q1""}","d\r\n"\n1,2\n', header_rows=2)

    assert reading.table.header == [["a\nb", "c"], ['{"ImportId":"Q1"}', "d\r\n"]]
    assert reading.rows == {3: ["1", "2"]}


def test_titles_above_the_header_can_be_skipped(folder: Path) -> None:
    content = b"Company\n\nTransactions; all, of them\nDate,Num,Amount\n1,2,3\n"

    reading = read(folder, content, header_rows=4)

    assert reading.table.header[:2] == [["Company"], []]
    assert reading.table.header[-1] == ["Date", "Num", "Amount"]
    assert reading.rows == {5: ["1", "2", "3"]}


def test_a_header_is_found_below_titles_in_whichever_delimiter(folder: Path) -> None:
    content = b"\nReport, all; of it\n\n" + b"Filter;a;is set\n" * 40 + b"a;b;c\n1;2;3\n4;5;6\n"
    table = read_text(file_of(folder, content), is_header=lambda record: set(record) >= {"a", "b"})
    assert table.header[-1] == ["a", "b", "c"]
    assert table.delimiter == ";"
    # One blank line, a title, another blank line, 40 filters, the header: rows begin with 45.
    assert read_table(table).rows == {45: ["1", "2", "3"], 46: ["4", "5", "6"]}


def test_titles_longer_than_usual_headers_are_read_through(folder: Path) -> None:
    content = b"x" * 2_000_000 + b"\na,b\n1,2\n"
    table = read_text(file_of(folder, content), is_header=lambda record: list(record) == ["a", "b"])
    assert read_table(table).rows == {3: ["1", "2"]}


def test_without_a_header_the_first_rows_are_taken_for_one(folder: Path) -> None:
    content = b"1,2\n" * 300
    table = read_text(file_of(folder, content), is_header=lambda record: "a" in record)
    assert len(table.header) == text.TITLE_ROWS_LIMIT


def test_a_file_shorter_than_its_header_is_refused(folder: Path) -> None:
    assert refusal(folder, b"a,b\nc,d\n", header_rows=3).code == "missing_header_rows"
    assert refusal(folder, b"a,b\n\nc,d\n", header_rows=2).code == "missing_header_rows"


@pytest.mark.parametrize("content", [b"\n\r\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_file_of_blank_lines_is_as_good_as_empty(folder: Path, content: bytes) -> None:
    assert refusal(folder, content).code == "empty_file"


def test_an_empty_file_is_refused(folder: Path) -> None:
    assert refusal(folder, b"").code == "empty_file"


def test_a_header_whose_quote_never_closes_is_refused(folder: Path) -> None:
    assert refusal(folder, b'"a,b\n1,2\n').code == "unclosed_quote"
    assert refusal(folder, b'"a"x,b\n1,2\n').code == "unclosed_quote"


def test_a_header_without_an_end_is_refused(folder: Path) -> None:
    assert refusal(folder, b"a" * (text.HEADER_BYTES_LIMIT + 1)).code == "header_too_large"


def test_a_million_columns_are_refused(folder: Path) -> None:
    assert refusal(folder, b"a," * 1_000_000 + b"\n").code == "too_many_columns"


def test_the_most_columns_allowed_are_read(folder: Path) -> None:
    header = b",".join(b"%d" % n for n in range(text.COLUMN_LIMIT)) + b"\n"

    assert len(read(folder, header * 3).rows[3]) == text.COLUMN_LIMIT


def test_two_equal_labels_are_refused_by_name_and_position(folder: Path) -> None:
    file = file_of(folder, b"x")

    unique_labels(["id", "", "status", ""], file, {"status"})
    with pytest.raises(FileRefused) as refused:
        unique_labels(["id", "status", "x", "status"], file, {"status"})

    assert refused.value.code == "equal_headers"
    assert refused.value.reason == "columns 2 and 4 are both called 'status'"


def test_an_equal_label_that_may_be_a_cell_is_told_by_its_positions_alone(folder: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        unique_labels(["ann@example.com", "x", "ann@example.com"], file_of(folder, b"x"), {"x"})

    assert refused.value.reason == "columns 1 and 3 are called the same"


# Laws

cells = st.text(
    st.one_of(
        st.sampled_from(list("\",;\t\n\r' \\")),
        st.characters(codec="utf-8", exclude_characters="\x00"),
    ),
    max_size=12,
)
latin_cells = st.text(
    st.one_of(
        st.sampled_from(list("\",;\t\n\r' ")),
        st.characters(codec="latin-1", exclude_characters="\x00"),
    ),
    max_size=12,
)
plain_cells = st.text(st.sampled_from("abc'é .-"), max_size=6)


@dataclass
class Written:
    """A table, the way it is written, and the bytes of that."""

    header: list[str]
    rows: list[list[str]]
    content: bytes
    encoding: str
    delimiter: str


@st.composite
def written_tables(draw: st.DrawFn) -> Written:
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    quoting = draw(
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE])
    )
    width = draw(st.integers(1, 5))
    # The header of a single column tells nothing of the delimiter, so it is taken for a comma.
    delimiter = draw(st.sampled_from(",;\t")) if width > 1 else ","
    # Python leaves the other line ends unquoted if only one of them ends a row.
    line_end = "\r\n" if quoting == csv.QUOTE_MINIMAL else draw(st.sampled_from(["\n", "\r\n"]))
    kind = latin_cells if encoding == "latin-1" else cells
    if quoting == csv.QUOTE_NONE:
        kind = plain_cells.filter(bool) if width == 1 else plain_cells
    rows = draw(st.lists(st.lists(kind, min_size=width, max_size=width), max_size=20))
    # The é before an ASCII character makes sure that Latin-1 isn't also UTF-8.
    header = [f"é{position}" for position in range(width)]
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, quoting=quoting, lineterminator=line_end)  # type: ignore[arg-type]
    writer.writerows([header, *rows])
    return Written(header, rows, written.getvalue().encode(encoding), encoding, delimiter)


@settings(max_examples=200, deadline=None)
@given(written_tables(), st.sampled_from([1, 2, 7, 30, 1 << 20]))
def test_any_table_that_python_writes_reads_back_cell_by_cell(
    folder: Path, table: Written, block_bytes: int
) -> None:
    reading = read(folder, table.content, block_bytes=block_bytes, delimiters=",;\t")

    assert reading.table.header == [table.header]
    assert reading.table.delimiter == table.delimiter
    assert reading.bad == []
    assert list(reading.rows) == list(range(2, len(table.rows) + 2))
    assert list(reading.rows.values()) == [[cell or None for cell in row] for row in table.rows]
    assert reading.table.rows_read == len(table.rows)


noise = st.lists(
    st.sampled_from(['"', '""', ",", "\n", "\r", "\r\n", "a", "é", "\x00", "b,c\n"])
).map("".join)


@settings(max_examples=200, deadline=None)
@given(noise, st.sampled_from([1, 2, 5, 11]), st.sampled_from([1, 3, 1_000]))
def test_where_blocks_end_makes_no_difference_whatever_the_file_holds(
    folder: Path, body: str, block_bytes: int, block_lines: int
) -> None:
    content = ("a,b\n" + body).encode()
    whole = read(folder, content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK_LINES", block_lines)
        cut = read(folder, content, block_bytes=block_bytes)

    assert cut.rows == whole.rows
    assert cut.bad == whole.bad
    assert cut.table.rows_read == whole.table.rows_read


@settings(max_examples=200, deadline=None)
@given(noise)
def test_what_holds_no_broken_quotes_is_split_as_python_splits_it(
    folder: Path, content: str
) -> None:
    reading = read(folder, ("a,b\n" + content).encode())
    if {row.code for row in reading.bad} - {"wrong_width"}:
        return
    expected = list(csv.reader(io.StringIO(content, newline="")))

    rows = {n: [cell or None for cell in row] for n, row in enumerate(expected, 2) if row}
    assert reading.rows == {n: row for n, row in rows.items() if len(row) == 2}
    assert [row.row for row in reading.bad] == [n for n, row in rows.items() if len(row) != 2]


@settings(max_examples=200, deadline=None)
@given(noise)
def test_every_byte_is_in_one_row_or_another(folder: Path, content: str) -> None:
    reading = read(folder, ("a,b\n" + content).encode())
    kept = "".join(cell or "" for row in reading.rows.values() for cell in row)
    kept += "".join(row.text for row in reading.bad)

    assert kept.count("a") == content.count("a")
    assert kept.count("é") == content.count("é")


def test_many_rows_over_many_blocks_are_all_accounted_for(folder: Path) -> None:
    random_numbers = random.Random(7)
    lines, wrong = ["a,b,c"], 0
    for number in range(200_000):
        kind = random_numbers.random()
        wrong += kind < 0.001
        lines.append("x" if kind < 0.001 else f'{number},"{number}\n,",é')

    reading = read(folder, "\n".join(lines).encode(), block_bytes=100_000)

    assert len(reading.bad) == wrong
    assert len(reading.rows) == 200_000 - wrong
    assert all(row[0] == str(number - 2) for number, row in reading.rows.items())


# Real formats


def sample(source: str, start: str) -> SourceFile:
    files = delivered_files(SAMPLES / source).files
    return next(file for file in files if file.name.startswith(start))


def test_the_weekly_crm_export_is_latin_1_with_line_ends_in_its_cells() -> None:
    reading = read_table(read_text(sample("salesforce", "Case.csv")))
    with (SAMPLES / "salesforce" / "Case.csv").open(encoding="latin-1", newline="") as file:
        expected = list(csv.reader(file))

    assert reading.table.header == [expected[0]]
    assert reading.bad == []
    assert list(reading.rows.values()) == [[c or None for c in row] for row in expected[1:]]
    assert any("\n" in (cell or "") for row in reading.rows.values() for cell in row)


def test_a_member_of_the_weekly_crm_archive_reads_like_the_file() -> None:
    packed = read_table(read_text(sample("salesforce", "WE_00D8a000000XyZ1EAK_1.ZIP/Case.csv")))

    assert packed.rows == read_table(read_text(sample("salesforce", "Case.csv"))).rows


def test_a_crm_report_has_its_footer_set_aside() -> None:
    reading = read_table(read_text(sample("salesforce", "report")))

    assert len(reading.rows) >= 1
    assert {row.code for row in reading.bad} == {"wrong_width"}
    assert any(row.text.startswith('"Copyright') for row in reading.bad)


def test_a_survey_export_has_three_header_records() -> None:
    table = read_text(sample("qualtrics", "Support"), header_rows=3)

    assert table.header[0][0] == "StartDate"
    assert '"ImportId"' in table.header[2][0]
    assert read_table(table).bad == []
    assert min(read_table(table).rows) == 4


@pytest.mark.parametrize(
    ("source", "start"),
    [("shopify", "orders"), ("stripe", "subscriptions"), ("stripe", "unified")],
)
def test_billing_exports_read_as_python_reads_them(source: str, start: str) -> None:
    file = sample(source, start)
    reading = read_table(read_text(file))
    with file.path.open(encoding="utf-8", newline="") as content:
        expected = [[cell or None for cell in row] for row in csv.reader(content)]

    assert list(reading.rows.values()) == expected[1:]
    assert reading.bad == []
