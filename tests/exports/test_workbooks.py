"""Excel workbooks: the same table gives the same rows as its CSV; what can't be read is refused."""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.exports.files import FileRefused, delivered_files
from pipelines.exports.text import TextTable, read_text
from tests.conftest import SAMPLES, TestWarehouse

FORM = "Support feedback(1-3)"
FORMS_FORMAT = "m/d/yy h:mm:ss"


def saved(workbook: openpyxl.Workbook) -> bytes:
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def workbook_of(rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with one worksheet, its cells of the types that they have."""
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    return saved(workbook)


def changed(content: bytes, parts: Mapping[str, bytes | None]) -> bytes:
    """A workbook with some of its parts replaced, or left out."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            if part is not None:
                new.writestr(name, part)
    return result.getvalue()


SHEET, SHARED, RELATED = (
    "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels",
)  # fmt: skip
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def with_sheet(xml: str, shared: bytes | None = None) -> bytes:
    """A workbook whose worksheet is this XML within `sheetData`.

    Excel keeps texts in a part of their own, unlike openpyxl; that may be given, too.
    """
    sheet = f'<worksheet xmlns="{SPACE}"><sheetData>{xml}</sheetData></worksheet>'
    plain = workbook_of([["a"]])
    parts: dict[str, bytes | None] = {SHEET: sheet.encode()}
    if shared is not None:
        with zipfile.ZipFile(io.BytesIO(plain)) as archive:
            related = archive.read(RELATED)
        kind = b"http://purl.oclc.org/ooxml/officeDocument/relationships/sharedStrings"
        link = b'<Relationship Id="texts" Type="%s" Target="sharedStrings.xml"/>' % kind
        end = b"</Relationships>"
        parts |= {RELATED: related.replace(end, link + end), SHARED: shared or None}
    return changed(plain, parts)


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., TextTable]:
    """Opens the bytes of a workbook."""

    def opened(content: bytes, name: str = "Table.xlsx", header_rows: int = 1) -> TextTable:
        (tmp_path / name).write_bytes(content)
        (file,) = (file for file in delivered_files(tmp_path).files if file.name == name)
        return read_text(file, header_rows=header_rows)

    return opened


def cells(table: TextTable) -> list[tuple[int, tuple[str | None, ...]]]:
    """The rows that can be read, each with its number."""
    return [
        (number, row)
        for batch in table.batches()
        for number, row in zip(batch.rows, batch.frame.rows(), strict=True)
    ]


def bad(table: TextTable) -> list[tuple[int, str, str]]:
    return [
        (each.row, each.code, each.text) for batch in table.batches() for each in batch.bad_rows
    ]


def set_zone(warehouse: TestWarehouse, tool: str) -> None:
    (warehouse.home.path / "sources.toml").write_text(
        f'[{tool}]\ntime_zone = "America/Denver"\ndate_order = "month_first"\n'
    )


def landed_alike(
    make_warehouse: Callable[[str], TestWarehouse],
    source: str,
    contents: Mapping[str, bytes],
) -> list[pl.DataFrame]:
    """What lands of each of these files by itself, but for the file's name."""
    found = []
    for name, content in contents.items():
        warehouse = make_warehouse(name)
        set_zone(warehouse, source)
        warehouse.deliver(source, name, content)
        assert warehouse.land(f"{source}/responses") is not None
        found.append(warehouse.rows(f"{source}/responses").drop("source_file"))
    return found


class TestSameRowsAsCsv:
    def test_a_microsoft_form_lands_from_its_workbook_as_from_its_csv(
        self, make_warehouse: Callable[[str], TestWarehouse]
    ) -> None:
        text = (SAMPLES / "msforms" / f"{FORM}.csv").read_text()
        header, *rows = csv.reader(io.StringIO(text))
        workbook = openpyxl.Workbook()
        sheet: Worksheet = workbook.active
        sheet.append(header)
        for number, start, end, *others in rows:
            times = (datetime.strptime(each, "%m/%d/%y %H:%M:%S") for each in (start, end))
            answers = [int(each) if each.isdigit() else each or None for each in others]
            sheet.append([int(number), *times, *answers])
            for column in "BC":
                sheet[f"{column}{sheet.max_row}"].number_format = FORMS_FORMAT
        from_csv, from_workbook = landed_alike(
            make_warehouse,
            "msforms",
            {f"{FORM}.csv": text.encode(), f"{FORM}.xlsx": saved(workbook)},
        )
        assert from_workbook.height == 3
        assert from_workbook.equals(from_csv)
        assert from_workbook["response_id"][0] == "Support feedback|1|2025-01-16 02:10:05"

    def test_a_form_delivered_both_ways_counts_once(self, warehouse: TestWarehouse) -> None:
        header = ["ID", "Start time", "Completion time", "Likely?"]
        times = [datetime(2025, 1, 16, 2, 10, 5), datetime(2025, 1, 16, 2, 11, 40)]
        set_zone(warehouse, "msforms")
        warehouse.deliver("msforms", "F.xlsx", workbook_of([header, [1, *times, 9]]))
        line = "1,1/16/25 2:10:05,01/16/2025 02:11:40,9"
        warehouse.deliver("msforms", "F.csv", ",".join(header) + "\n" + line + "\n")
        account = warehouse.land("msforms/responses")
        assert account is not None
        assert (account.read, account.accepted, account.duplicates) == (2, 1, 1)
        assert account.conflicts == 0

    def test_dates_of_a_workbook_need_no_declared_order(self, warehouse: TestWarehouse) -> None:
        header = ["ID", "Start time", "Completion time", "Likely?"]
        times = [datetime(2025, 3, 2, 2, 10, 5), datetime(2025, 3, 2, 2, 11, 40)]
        (warehouse.home.path / "sources.toml").write_text('[msforms]\ntime_zone = "UTC"\n')
        warehouse.deliver("msforms", "F.xlsx", workbook_of([header, [1, *times, 9]]))
        warehouse.land("msforms/responses")
        assert warehouse.rows("msforms/responses")["started_at"][0].month == 3

    def test_columns_without_a_label_between_others_are_no_obstacle(
        self, make_warehouse: Callable[[str], TestWarehouse]
    ) -> None:
        rows = [
            ["Id", None, "IsActive", None, "IsStaff"],
            ["005000000000001", None, "true", "a note", "x"],
            ["005000000000002", None, "true", None, "x"],
        ]
        text = "\n".join(",".join(cell or "" for cell in row) for row in rows)
        found = []
        for name, content in {"User.xlsx": workbook_of(rows), "User.csv": text}.items():
            warehouse = make_warehouse(name)
            warehouse.deliver("salesforce", name, content)
            warehouse.land("salesforce/user")
            found.append(warehouse.rows("salesforce/user").drop("source_file"))
        assert found[0].equals(found[1])
        assert found[0]["extras"].to_list() == [
            '{"":"a note","IsStaff":"x"}',
            '{"":null,"IsStaff":"x"}',
        ]

    def test_three_header_rows_are_read_from_a_workbook(
        self, make_warehouse: Callable[[str], TestWarehouse]
    ) -> None:
        name = "Support+CSAT+and+NPS_February+10%2C+2025_02.15"
        text = (SAMPLES / "qualtrics" / f"{name}.csv").read_text()
        rows = list(csv.reader(io.StringIO(text, newline="")))
        from_csv, from_workbook = landed_alike(
            make_warehouse,
            "qualtrics",
            {f"{name}.csv": text.encode(), f"{name}.xlsx": workbook_of(rows)},
        )
        assert from_workbook.height == 3
        # A row's number is the row's, whichever container it came in: line ends within cells
        # don't count in either.
        assert from_workbook.equals(from_csv)

    def test_merged_cells_are_their_first_cell_and_blank_ones(
        self, make_warehouse: Callable[[str], TestWarehouse]
    ) -> None:
        rows = [
            ["Respondent ID", "Start Date", "End Date", "Which?", "", "Else?"],
            ["", "", "", "Email", "Chat", "Open-Ended Response"],
            ["1187112200", "01/16/2025 09:10:05 AM", "01/16/2025 09:11:40 AM", "Email", "", "x"],
        ]
        workbook = openpyxl.Workbook()
        for row in rows:
            workbook.active.append([cell or None for cell in row])
        workbook.active.merge_cells("D1:E1")
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        from_csv, from_workbook = landed_alike(
            make_warehouse,
            "surveymonkey",
            {"S.csv": text.getvalue().encode(), "S.xlsx": saved(workbook)},
        )
        assert from_workbook.equals(from_csv)
        assert from_workbook["answers"][0].to_list() == [
            {"question_id": "which? - email", "value": "Email"},
            {"question_id": "else?", "value": "x"},
        ]

    def test_any_export_of_delimited_text_may_be_a_workbook(self, warehouse: TestWarehouse) -> None:
        header = ["segment", "product", "margin", "from"]
        content = workbook_of([header, [None, None, 0.4, date(2020, 1, 1)]])
        warehouse.deliver("reference", "Margins.xlsx", content)
        assert warehouse.land("reference/margins") is not None
        (row,) = warehouse.rows("reference/margins").select("margin", "from_date").rows()
        assert (float(row[0]), row[1]) == (0.4, date(2020, 1, 1))

    @pytest.mark.parametrize("container", ["zip", "gz"])
    def test_a_workbook_may_lie_in_an_archive(
        self, warehouse: TestWarehouse, container: str
    ) -> None:
        content = workbook_of([["segment", "product", "margin", "from"], ["", "", 1, "2020-01-01"]])
        if container == "gz":
            warehouse.deliver("reference", "margins.xlsx.gz", gzip.compress(content))
        else:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as writing:
                writing.writestr("lists/margins.xlsx", content)
            warehouse.deliver("reference", "lists.zip", packed.getvalue())
        account = warehouse.land("reference/margins")
        assert account is not None
        assert account.accepted == 1


class TestCells:
    def test_numbers_truths_and_texts_are_plain_text(self, table: Callable[..., TextTable]) -> None:
        row = [5.0, 0.1 + 0.2, 118711220000, -0.25, 1e-7, True, False, " 05 ", "a_x0041_\nb", None]
        found = table(workbook_of([[f"c{at}" for at in range(10)], row]))
        assert cells(found) == [
            (
                2,
                (
                    "5", "0.3", "118711220000", "-0.25", "0.0000001", "TRUE", "FALSE", " 05 ",
                    "aA\nb", None,
                ),
            )
        ]  # fmt: skip
        assert found.rows_read == 1

    def test_whole_numbers_that_excel_has_shortened_say_so(
        self, table: Callable[..., TextTable]
    ) -> None:
        xml = (
            '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>'
            '<row r="2"><c r="A2"><v>999999999999999</v></c></row>'
            '<row r="3"><c r="A3"><v>1.1871122000123457E+17</v></c></row>'
        )
        assert cells(table(with_sheet(xml))) == [
            (2, ("999999999999999",)),
            (3, ("1.18711220001235E+17",)),
        ]

    @pytest.mark.parametrize(
        ("value", "number_format", "text"),
        [
            (datetime(2025, 1, 16, 2, 10, 5), FORMS_FORMAT, "2025-01-16 02:10:05"),
            # just before midnight: to the second, as Excel shows it
            (datetime(2025, 1, 31, 23, 59, 59, 999_900), "d.m.yy h:mm:ss", "2025-02-01 00:00:00"),
            (datetime(2025, 1, 16), "[$-409]d-mmm-yyyy;@", "2025-01-16"),
            (datetime(2025, 1, 16, 14), "d.m.yy", "2025-01-16 14:00:00"),
            (datetime(2025, 1, 16), "m/d/yy h:mm AM/PM", "2025-01-16 00:00:00"),
            (time(9, 5), "h:mm", "09:05:00"),
            (timedelta(hours=26, seconds=3), "[h]:mm:ss", "26:00:03"),
            (date(1900, 2, 28), "yyyy-mm-dd", "1900-02-28"),
            (date(1900, 3, 1), "yyyy-mm-dd", "1900-03-01"),
            (45673.5, "0.00", "45673.5"),
            (45673.5, '0.0" days"', "45673.5"),
            (45673.5, "[Red]#,##0.00_d", "45673.5"),
            (-1, "yyyy-mm-dd", "-1"),
            (60, "yyyy-mm-dd", "60"),  # 29 February 1900, which never was
        ],
    )  # fmt: skip
    def test_a_number_is_a_date_where_its_format_shows_one(
        self, table: Callable[..., TextTable], value: Any, number_format: str, text: str
    ) -> None:
        workbook = openpyxl.Workbook()
        workbook.active.append(["when"])
        workbook.active["A2"] = value
        workbook.active["A2"].number_format = number_format
        assert cells(table(saved(workbook))) == [(2, (text,))]

    def test_a_workbook_of_a_mac_counts_from_1904(self, table: Callable[..., TextTable]) -> None:
        workbook = openpyxl.Workbook()
        workbook.epoch = CALENDAR_MAC_1904
        workbook.active.append(["when"])
        workbook.active.append([datetime(2025, 1, 16, 2, 10, 5)])
        workbook.active.append([date(1904, 1, 1)])
        assert cells(table(saved(workbook))) == [
            (2, ("2025-01-16 02:10:05",)),
            (3, ("1904-01-01",)),
        ]

    def test_texts_of_several_fonts_are_whole_and_their_pronunciation_is_left_out(
        self, table: Callable[..., TextTable]
    ) -> None:
        workbook = openpyxl.Workbook()
        rich = CellRichText("Very ", TextBlock(InlineFont(b=True), "good"))
        workbook.active.append(["said", "name"])
        workbook.active.append([rich, "<&>"])
        assert cells(table(saved(workbook))) == [(2, ("Very good", "<&>"))]
        texts = (
            f'<x:sst xmlns:x="{SPACE}"><x:si><x:t>city</x:t></x:si><x:si/>'
            "<x:si><x:r><x:t>東</x:t></x:r><x:rPh sb='0' eb='1'><x:t>ひがし</x:t></x:rPh>"
            "<x:r><x:t xml:space='preserve'> _x5343__x0041_</x:t></x:r></x:si></x:sst>"
        )
        xml = (
            '<row r="1"><c t="s"><v>0</v></c></row><row r="2"><c t="s"><v>2</v></c></row>'
            '<row r="3"><c t="s"><v>1</v></c></row><row r="4"><c t="s"><v>0</v></c></row>'
        )
        found = table(with_sheet(xml, texts.encode()), "Shared.xlsx")
        assert cells(found) == [(2, ("東 千A",)), (4, ("city",))]
        spoken = "<is><r><t>東</t></r><rPh sb='0' eb='1'><t>ひがし</t></rPh><r><t>京</t></r></is>"
        xml = (
            '<row r="1"><c t="inlineStr"><is><t>city</t></is></c></row>'
            f'<row r="2"><c t="inlineStr">{spoken}</c></row>'
        )
        assert cells(table(with_sheet(xml))) == [(2, ("東京",))]

    def test_what_a_formula_gave_is_read(self, table: Callable[..., TextTable]) -> None:
        xml = (
            '<row r="1"><c r="A1" t="str"><f>"a"</f><v>a</v></c>'
            '<c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
            '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c>'
            '<c r="B2" t="str"><f>""</f><v></v></c></row>'
        )
        assert cells(table(with_sheet(xml))) == [(2, ("2", None))]


class TestRows:
    def test_rows_are_numbered_as_excel_shows_them(self, table: Callable[..., TextTable]) -> None:
        workbook = openpyxl.Workbook()
        sheet: Worksheet = workbook.active
        for place, value in {"A3": "id", "B3": "score", "A4": 1, "A9": 3, "B9": 4}.items():
            sheet[place] = value
        sheet["B6"].number_format = "0.00"  # a cell with a format and nothing in it
        sheet.row_dimensions[9].hidden = True
        found = table(saved(workbook))
        assert found.header == [["id", "score"]]
        assert cells(found) == [(4, ("1", None)), (9, ("3", "4"))]

    def test_a_row_that_cannot_be_used_is_set_aside_with_its_number(
        self, table: Callable[..., TextTable]
    ) -> None:
        workbook = openpyxl.Workbook()
        for row in (["id", "score"], [1, 2], [2, "=1/0"], [3, "#N/A"], [4, 5, "note"], [6, 7]):
            workbook.active.append(row)
        found = table(saved(workbook))
        assert bad(found) == [
            (3, "formula_without_value", "2"),
            (4, "error_value", "3,#N/A"),
            (5, "wrong_width", "4,5,note"),
        ]
        assert cells(found) == [(2, ("1", "2")), (6, ("6", "7"))]
        assert found.rows_read == 5

    def test_a_character_that_the_lake_cannot_hold_sets_its_row_aside(
        self, table: Callable[..., TextTable]
    ) -> None:
        rows = [["id", "said"], [1, "_xD83D__xDE00_"], [2, "_xD83D_"], [3, "_x0000_"]]
        found = table(workbook_of(rows))
        assert cells(found) == [(2, ("1", "😀"))]
        assert bad(found) == [
            (3, "half_a_character", "2,\\ud83d"),
            (4, "nul_byte", "3,\\x00"),
        ]

    def test_bad_rows_and_good_ones_add_up_and_keep_their_numbers(
        self, warehouse: TestWarehouse
    ) -> None:
        rows: list[list[Any]] = [["segment", "product", "margin", "from"]]
        rows += [["", f"p{at}", 0.4, date(2020, 1, 1)] for at in range(100)]
        rows += [["", "bad", "#DIV/0!", date(2020, 1, 1)], ["", "worse", 4, date(2020, 1, 1)]]
        (warehouse.home.path / "sources.toml").write_text("[reference]\nbad_row_limit = 0.02\n")
        warehouse.deliver("reference", "margins.xlsx", workbook_of(rows))
        account = warehouse.land("reference/margins")
        assert account is not None
        assert (account.read, account.accepted, account.rejected) == (102, 100, 2)
        assert [(row, code) for row, _, code in warehouse.reasons("reference/margins")] == [
            (102, "error_value"),
            (103, "out_of_range"),
        ]

    def test_many_rows_come_in_order_and_in_several_batches(
        self, table: Callable[..., TextTable]
    ) -> None:
        rows = [["id", "text"], *([number, f"{number} {'x' * 900}"] for number in range(10_000))]
        found = table(workbook_of(rows))
        batches = list(found.batches())
        assert len(batches) == 3  # of 4 Mi characters; the texts have over 9 million
        ids = pl.concat(batch.frame for batch in batches)["0"].to_list()
        assert ids == [str(number) for number in range(10_000)]
        assert pl.concat(batch.rows for batch in batches).to_list() == list(range(2, 10_002))

    def test_a_header_alone_has_no_rows(self, table: Callable[..., TextTable]) -> None:
        found = table(workbook_of([["id", "score"]]))
        assert cells(found) == []
        assert found.rows_read == 0


class TestWorksheets:
    def test_the_only_worksheet_with_rows_is_read(self, table: Callable[..., TextTable]) -> None:
        workbook = openpyxl.Workbook()
        workbook.active.title = "Empty"
        workbook.create_sheet("Data").append(["id"])
        workbook.create_chartsheet("Chart")
        workbook.create_sheet("Styled")["C3"].number_format = "0.00"
        hidden = workbook.create_sheet("hiddenSheet")
        hidden.append(["names"])
        hidden.sheet_state = "hidden"
        assert table(saved(workbook)).header == [["id"]]

    def test_several_are_refused_by_name(self, table: Callable[..., TextTable]) -> None:
        workbook = openpyxl.Workbook()
        for name in ("January", "Notes", "February"):
            sheet = workbook.create_sheet(name)
            if name != "Notes":
                sheet.append(["id"])
        with pytest.raises(FileRefused, match="'January', 'February'") as refused:
            table(saved(workbook))
        assert refused.value.code == "several_worksheets"


def encrypted() -> bytes:
    content = bytearray(workbook_of([["a"]]))
    place = content.index(b"PK\x01\x02") + 8
    content[place] |= 1
    return bytes(content)


GOOD = workbook_of([["id", "score"], *([number, "text"] for number in range(500))])
LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    b"<worksheet><sheetData><row><c t='inlineStr'><is><t>&b;</t></is></c></row>"
    b"</sheetData></worksheet>"
)

REFUSED = {
    "no bytes": (b"", "empty_file"),
    "a password, or an old one": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512), "encrypted"),
    "an encrypted part": (encrypted(), "encrypted"),
    "a CSV file": (b"id,score\n1,2\n", "not_a_workbook"),
    "a web page": (b"<html><table><tr><td>id</td></tr></table></html>", "not_a_workbook"),
    "half a file": (GOOD[: len(GOOD) // 2], "truncated_archive"),
    "an archive of something else": (changed(GOOD, {"_rels/.rels": None}), "damaged_workbook"),
    "no worksheet": (changed(GOOD, {SHEET: None}), "damaged_workbook"),
    "no texts": (with_sheet("<row/>", b""), "damaged_workbook"),
    "XML that breaks off": (changed(GOOD, {SHEET: b"<worksheet><sheetData><row>"}),
                            "damaged_workbook"),
    "no XML": (changed(GOOD, {SHEET: b"id,score"}), "damaged_workbook"),
    "a document type": (changed(GOOD, {SHEET: LAUGHS}), "document_type"),
    "a document type in UTF-16": (
        changed(GOOD, {SHEET: LAUGHS.decode().encode("utf-16")}), "document_type",
    ),
    "a document type among the texts": (with_sheet("<row/>", LAUGHS), "document_type"),
    "an absolute part": (changed(GOOD, {"/etc/passwd": b"x"}), "outside_delivery"),
    "a part above": (changed(GOOD, {"../x.xml": b"x"}), "outside_delivery"),
    "no cells": (workbook_of([]), "empty_file"),
    "an error in the header": (workbook_of([["id", "#REF!"]]), "error_value"),
    "rows out of order": (with_sheet('<row r="2"/><row r="2"/>'), "damaged_workbook"),
    "a row beyond the last": (with_sheet('<row r="1048577"/>'), "damaged_workbook"),
    "a row of no number": (with_sheet('<row r="x"/>'), "damaged_workbook"),
    "cells out of order": (
        with_sheet('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>'),
        "damaged_workbook",
    ),
    "a cell of another row": (
        with_sheet('<row r="1"><c r="A2"><v>1</v></c></row>'), "damaged_workbook",
    ),
    "a cell beyond the last": (
        with_sheet('<row r="1"><c r="XFE1"><v>1</v></c></row>'), "damaged_workbook",
    ),
    "too many columns": (
        with_sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>'), "too_many_columns",
    ),
    "a number that is none": (
        with_sheet('<row r="1"><c r="A1"><v>0x1F</v></c></row>'), "damaged_workbook",
    ),
    "a text that isn't there": (
        with_sheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'), "damaged_workbook",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_sound_workbook_is_refused_with_a_fix(
    table: Callable[..., TextTable], name: str
) -> None:
    content, code = REFUSED[name]
    with pytest.raises(FileRefused) as refused:
        list(table(content).batches())
    assert refused.value.code == code
    assert str(refused.value).startswith("Table.xlsx")
    assert refused.value.fix


def test_a_part_that_is_damaged_shows_while_it_is_read(table: Callable[..., TextTable]) -> None:
    content = bytearray(GOOD)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        start = archive.getinfo(SHEET).header_offset + 200
    content[start : start + 40] = bytes(40)
    with pytest.raises(FileRefused) as refused:
        list(table(bytes(content)).batches())
    assert refused.value.code in ("damaged_archive", "damaged_workbook")


def test_missing_header_rows_are_refused(table: Callable[..., TextTable]) -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"], workbook.active["A3"] = "id", "1"
    with pytest.raises(FileRefused) as refused:
        table(saved(workbook), header_rows=2)
    assert refused.value.code == "missing_header_rows"


def test_a_case_report_as_a_workbook_is_refused_for_it_may_be_cut(
    warehouse: TestWarehouse,
) -> None:
    set_zone(warehouse, "salesforce")
    warehouse.deliver("salesforce", "report1739178840123.xlsx", GOOD)
    with pytest.raises(FileRefused, match="details as CSV"):
        warehouse.land("salesforce/case_report")


def test_a_workbook_that_is_being_edited_is_no_delivery(tmp_path: Path) -> None:
    (tmp_path / "~$Table.xlsx").write_bytes(b"somebody")
    assert not delivered_files(tmp_path).files
