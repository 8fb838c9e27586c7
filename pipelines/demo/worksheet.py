"""A static worksheet as Dynamics 365 writes one, without a library for workbooks.

Belongs here: the workbook's parts and how a cell becomes XML. Does not belong here: which columns
there are (`dynamics.py`).
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl

from pipelines.demo.cells import SLICE_ROWS, Block, cell_expression

HIDDEN_COLUMNS = 3

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_DATE_STYLE = 1
_UNIX_DAY = 25_569
"""The day of 1970-01-01 as Excel counts days."""


def save_worksheet(
    path: Path,
    entity: str,
    labels: Sequence[str],
    blocks: Sequence[Block],
) -> None:
    """Write a workbook: the view's rows on a sheet that is shown, names of fields on a hidden one.

    A cell is a date, a number or a text, as its expression says. Rows of another width don't exist
    in a worksheet: what a block cuts off or adds is left alone.

    Args:
        path: the file, whose name begins with the view's.
        entity: what a row is, such as `Account`.
        labels: the header's cells.
        blocks: the rows.
    """
    view = path.stem.rsplit(" ", 2)[0]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _parts(view, entity).items():
            with archive.open(name, "w") as part:
                part.write((_DECLARATION + text).encode())
        with archive.open("xl/worksheets/sheet2.xml", "w", force_zip64=True) as part:
            part.write(_sheet_beginning().encode())
            number = 1
            header = pl.DataFrame({label: [label] for label in labels})
            part.write(_row_texts(header, number).encode())
            for block in blocks:
                cells = [cell_expression(cell).alias(label) for label, cell in block.layout.items()]
                for start in range(0, block.rows.height, SLICE_ROWS):
                    rows = block.rows.slice(start, SLICE_ROWS).select(cells)
                    part.write(_row_texts(rows, number + 1).encode())
                    number += rows.height
            part.write(b"</sheetData></worksheet>")


def _row_texts(cells: pl.DataFrame, first: int) -> str:
    """Rows as XML, numbered from the first one's number."""
    rows = cells.with_row_index("row number", first)
    parts: list[pl.Expr] = []
    for at, (label, kind) in enumerate(cells.schema.items()):
        column = _letters(at)
        value, number = pl.col(label), pl.col("row number")
        if kind == pl.Datetime:
            days = value.dt.timestamp("ms") / 86_400_000 + _UNIX_DAY
            text = pl.format(f'<c r="{column}{{}}" s="{_DATE_STYLE}"><v>{{}}</v></c>', number, days)
        elif kind.is_numeric():
            text = pl.format(f'<c r="{column}{{}}"><v>{{}}</v></c>', number, value)
        else:
            text = pl.format(
                f'<c r="{column}{{}}" t="inlineStr"><is><t xml:space="preserve">{{}}</t></is></c>',
                number,
                _escaped(value),
            )
        parts.append(pl.when(value.is_not_null()).then(text).otherwise(pl.lit("")))
    row = pl.format('<row r="{}">{}</row>', pl.col("row number"), pl.concat_str(parts))
    return rows.select(row.str.join("")).item() or ""


def _escaped(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.String).str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"])


def _letters(at: int) -> str:
    """The name of a column by its place from 0; there are no more than 26."""
    return chr(ord("A") + at)


def _sheet_beginning() -> str:
    return (
        f'{_DECLARATION}<worksheet xmlns="{_MAIN}">'
        f'<cols><col min="1" max="{HIDDEN_COLUMNS}" width="0" hidden="1" customWidth="1"/></cols>'
        "<sheetData>"
    )


def _parts(view: str, entity: str) -> dict[str, str]:
    """Everything but the rows, by its place in the archive."""
    fields = escape(f'{{"{entity}":"{entity.lower()}id"}}')
    sheets = {1: "hiddenSheet", 2: view}
    relations = {
        **{f"rId{at}": ("worksheet", f"worksheets/sheet{at}.xml") for at in sheets},
        "rId3": ("styles", "styles.xml"),
    }
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{at}.xml" '
            f'ContentType="{_TYPES}.worksheet+xml"/>'
            for at in sheets
        )
        + "</Types>",
        "_rels/.rels": _relationships({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<bookViews><workbookView activeTab="1"/></bookViews><sheets>'
        f'<sheet name="{sheets[1]}" sheetId="1" state="hidden" r:id="rId1"/>'
        f'<sheet name="{escape(sheets[2])}" sheetId="2" r:id="rId2"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relationships(relations),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
        '<numFmts count="1"><numFmt numFmtId="164" formatCode="m/d/yyyy h:mm"/></numFmts>'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        f'<cellStyleXfs count="1"><xf {_style(0)}/></cellStyleXfs>'
        f'<cellXfs count="2"><xf {_style(0)} xfId="0"/>'
        f'<xf {_style(164)} xfId="0" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData><row r="1">'
        f'<c r="A1" t="inlineStr"><is><t>{fields}</t></is></c></row></sheetData></worksheet>',
    }


def _style(number_format: int) -> str:
    return f'numFmtId="{number_format}" fontId="0" fillId="0" borderId="0"'


def _relationships(relations: dict[str, tuple[str, str]]) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
            for key, (kind, target) in relations.items()
        )
        + "</Relationships>"
    )
