"""The worksheet of an Excel workbook (.xlsx) as rows of texts, cell by cell.

Here: which worksheet is read, what its XML says, which text a cell becomes, and what is refused.
Not here: the archive around it (``files``), headers and widths (``text``), contracts, types.

A cell becomes the text that Excel writes into a CSV file, but for dates: those are ISO, as a number
format says only how somebody's Excel shows them. The XML is streamed: a row is forgotten once it is
handed over, and all that a file could make grow has a limit. Formulas aren't calculated; what Excel
calculated is read.
"""

import csv
import io
import math
import posixpath
import re
from array import array
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Literal, NamedTuple
from xml.parsers import expat

from pipelines.exports.files import FileRefused, Package, SourceFile

# What Excel can hold. Nobody else's workbook needs more.
ROW_LIMIT = 1_048_576
COLUMN_LIMIT = 16_384
# Excel's own limit is 32,767 characters; other programs are less strict.
CELL_CHARACTERS_LIMIT = 1 << 20
ROW_CHARACTERS_LIMIT = 16 << 20
# Texts stand in a list of their own, of which a cell holds the number, so that all are held.
SHARED_TEXT_BYTES_LIMIT = 96 << 20
SHARED_TEXT_LIMIT = 8 << 20
SHEET_LIMIT = 1_000
ENTRY_LIMIT = 100_000
DEPTH_LIMIT = 64

SHEET_TIMESTAMP_FORMAT = "%Y-%m-%d %H:%M:%S"
SHEET_DATE_FORMAT = "%Y-%m-%d"
"""The form of the date-times that cells hold as numbers."""
# One tag or comment, which the parser keeps until it ends.
_MARKUP_BYTES_LIMIT = 1 << 20
# A workbook has some hundred names of elements and attributes; the parser keeps them all.
_NAME_LIMIT = 10_000

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

_Moment = Literal["date", "time", "date_time"]
_BUILT_IN_FORMATS: dict[_Moment, tuple[int, ...]] = {
    "date": (14, 15, 16, 17, *range(27, 32), 36, *range(50, 59)),
    "time": (18, 19, 20, 21, *range(32, 36), 45, 46, 47),
    "date_time": (22,),
}
# What of a number format is text or colour, not a part of a date.
_NO_PART = re.compile(r'"[^"]*"|\\.|_.|\*.|am/pm|a/p|\[(?!h+\]|m+\]|s+\])[^\]]*\]')


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a worksheet that isn't empty.

    Attributes:
        number: The row's number, as Excel shows it.
        cells: Its texts from column A up to the last cell that isn't empty; None is empty.
        code: Why it can't be used: ``error_value``, ``formula_without_value``, ``nul_byte`` or
            ``half_a_character``; None if it can.
        reason: The same in words, without a cell's value.
    """

    number: int
    cells: list[str | None]
    code: str | None = None
    reason: str = ""

    @property
    def text(self) -> str:
        """The row as a line of CSV."""
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(self.cells)
        return line.getvalue()


def sheet_rows(file: SourceFile) -> Generator[SheetRow]:
    """Read the rows of a workbook's only worksheet that has any, in bounded memory.

    Worksheets that are hidden don't count: whoever exported doesn't see them.

    Raises:
        FileRefused: The workbook can't be read, or several of its worksheets have rows.
    """
    with Package(file) as package:
        workbook = _Workbook(file, package)
        with closing(_only_rows(file, workbook)) as rows:
            yield from rows


def _only_rows(file: SourceFile, workbook: "_Workbook") -> Generator[SheetRow]:
    first: SheetRow | None = None
    rows: Iterator[SheetRow] = iter(())
    names = []
    for sheet, part in workbook.sheets:
        with closing(workbook.rows(part)) as looked_into:
            if next(looked_into, None) is None:
                continue
        names.append(sheet)
        rows = rows if first else workbook.rows(part)
        first = first or next(rows, None)
    if len(names) > 1:
        named = ", ".join(map(repr, names[:5]))
        raise FileRefused(
            file.name,
            "several_worksheets",
            f"{len(names)} of its worksheets have rows: {named}{' …' if len(names) > 5 else ''}",
            "Leave one of them in the workbook, or hide the others.",
        )
    if first is None:
        raise FileRefused(
            file.name,
            "empty_file",
            "no worksheet of it that is shown has any cells, not even a header",
            "Export it again.",
        )
    yield first
    yield from rows


class _Workbook:
    """What a workbook says of itself beside its rows."""

    def __init__(self, file: SourceFile, package: Package) -> None:
        self._file, self._package = file, package
        main = next(iter(self._related("").of_kind("officeDocument")), None)
        if main is None:
            raise _damaged(file, "it names no workbook")
        related = self._related(main)
        self._is_1904 = False
        self.sheets: list[tuple[str, str]] = []
        for name, attributes in _elements(file, package, main, "workbookPr", "sheet"):
            if name == "workbookPr":
                self._is_1904 = attributes.get("date1904") in ("1", "true")
            elif attributes.get("state", "visible") == "visible":
                key = next((each for name, each in attributes.items() if name[-3:] == ":id"), "")
                part = related.targets.get(key)
                if part is None:
                    raise _damaged(file, "a worksheet of it is missing")
                # Sheets of another kind, such as charts, have no cells.
                if related.kinds[key] == "worksheet":
                    self.sheets.append((attributes.get("name", ""), part))
                if len(self.sheets) > SHEET_LIMIT:
                    raise FileRefused(
                        file.name,
                        "too_many_worksheets",
                        f"it has over {SHEET_LIMIT:,} worksheets",
                        "Deliver a workbook with one.",
                    )
        self._moments: list[_Moment | None] = []
        for part in related.of_kind("styles"):
            self._moments = _moments(file, package, part)
        self._texts = _SharedTexts(file, package, related.of_kind("sharedStrings"))

    def rows(self, part: str) -> Generator[SheetRow]:
        """The rows of a worksheet."""
        reading = _RowReading(self._file, self._texts, self._text_of_number)
        for _ in _parsed(self._file, self._package, part, reading):
            rows, reading.rows = reading.rows, []
            yield from rows

    def _text_of_number(self, text: str, style: int) -> str:
        if not _NUMBER.fullmatch(text):
            raise _damaged(self._file, "a number of it is none")
        value = float(text)
        moment = self._moments[style] if style < len(self._moments) else None
        shown = moment and _moment_text(value, moment, self._is_1904)
        return shown or _number_text(value)

    def _related(self, part: str) -> "_Related":
        folder, name = posixpath.split(part)
        related = _Related({}, {})
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        for _, attributes in _elements(self._file, self._package, rels, "Relationship"):
            key, target = attributes.get("Id", ""), attributes.get("Target", "")
            if attributes.get("TargetMode") == "External":
                continue
            # A target that begins with a slash is named from the package's root.
            path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            related.targets[key] = path
            related.kinds[key] = attributes.get("Type", "").rpartition("/")[2]
            if len(related.kinds) > ENTRY_LIMIT:
                raise _damaged(self._file, f"it has over {ENTRY_LIMIT:,} parts")
        return related


class _Related(NamedTuple):
    """The parts that a part refers to, and what kind each is, by the reference's id."""

    targets: dict[str, str]
    kinds: dict[str, str]

    def of_kind(self, kind: str) -> list[str]:
        return [self.targets[key] for key, each in self.kinds.items() if each == kind][:1]


class _SharedTexts:
    """The texts that cells refer to by number, as the bytes of one long one."""

    def __init__(self, file: SourceFile, package: Package, parts: list[str]) -> None:
        self._file = file
        self._bytes = bytearray()
        self._ends = array("I", [0])
        reading = _TextReading(file, self._add)
        for part in parts:
            for _ in _parsed(file, package, part, reading):
                pass

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise _damaged(self._file, "a cell of it refers to a text that isn't there")
        return self._bytes[self._ends[number] : self._ends[number + 1]].decode(
            "utf-8", "surrogatepass"
        )

    def _add(self, text: str) -> None:
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))
        if len(self._bytes) > SHARED_TEXT_BYTES_LIMIT or len(self._ends) > SHARED_TEXT_LIMIT:
            raise FileRefused(
                self._file.name,
                "too_much_text",
                f"its different texts are over {SHARED_TEXT_BYTES_LIMIT >> 20} MiB, or over "
                f"{SHARED_TEXT_LIMIT:,}",
                "Export it as CSV, or in several workbooks.",
            )


def _moments(file: SourceFile, package: Package, part: str) -> list[_Moment | None]:
    """Which styles of cells show numbers as dates or times, by the style's number."""
    formats: dict[str, _Moment | None] = {
        str(number): moment for moment, numbers in _BUILT_IN_FORMATS.items() for number in numbers
    }
    moments: list[_Moment | None] = []
    for name, attributes in _elements(file, package, part, "numFmt", "cellXfs/xf"):
        if name == "numFmt":
            formats[attributes.get("numFmtId", "")] = _moment_of(attributes.get("formatCode", ""))
        else:
            moments.append(formats.get(attributes.get("numFmtId", "0")))
        if len(moments) + len(formats) > ENTRY_LIMIT:
            raise _damaged(file, f"it has over {ENTRY_LIMIT:,} styles")
    return moments


def _moment_of(code: str) -> _Moment | None:
    """What a number format shows: a date, a time, both, or neither.

    >>> _moment_of('m/d/yy h:mm:ss'), _moment_of('mm:ss'), _moment_of('[Red]0.00" dys"')
    ('date_time', 'time', None)
    """
    parts = set(_NO_PART.sub("", code.casefold()).split(";")[0])
    has_time = bool(parts & {"h", "s"})
    if parts & {"y", "d"} or ("m" in parts and not has_time):
        return "date_time" if has_time else "date"
    return "time" if has_time else None


def _moment_text(serial: float, moment: _Moment, is_1904: bool) -> str | None:
    """A date as ISO text, to the second; None for numbers that are none in Excel.

    Excel counts days from 1899-12-31, and among them a 29 February 1900 that never was.
    """
    if not 0 <= serial < 2_958_466:
        return None
    seconds = math.floor(serial * 86_400 + 0.5)
    if moment == "time":
        hours, rest = divmod(seconds, 3600)
        return f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
    if is_1904:
        first = datetime(1904, 1, 1)
    elif serial >= 61:
        first = datetime(1899, 12, 30)
    elif 1 <= serial < 60:
        first = datetime(1899, 12, 31)
    else:
        return None
    found = first + timedelta(seconds=seconds)
    is_day = moment == "date" and seconds % 86_400 == 0
    return found.strftime(SHEET_DATE_FORMAT if is_day else SHEET_TIMESTAMP_FORMAT)


def _number_text(value: float) -> str:
    """A number in the 15 digits that Excel knows, whole ones without a point.

    Longer whole numbers have lost their last digits, and say so by an exponent.

    >>> _number_text(5.0), _number_text(0.1 + 0.2), _number_text(1187112200012345678.0)
    ('5', '0.3', '1.18711220001235E+18')
    """
    if not math.isfinite(value) or abs(value) >= 1e15:
        return f"{value:.15G}"
    shown = f"{Decimal(f'{value:.15g}'):f}"
    return "0" if shown == "-0" else shown


class _RowReading:
    """Makes rows of a worksheet's elements."""

    def __init__(
        self, file: SourceFile, texts: _SharedTexts, text_of_number: Callable[[str, int], str]
    ) -> None:
        self.rows: list[SheetRow] = []
        self._file, self._texts, self._text_of_number = file, texts, text_of_number
        self._row = self._column = 0
        self._cells: list[str | None] = []
        self._characters = 0
        self._trouble: tuple[str, str] | None = None
        self._kind, self._style, self._is_formula = "n", 0, False
        self._pieces: list[str] = []
        self._length = 0
        self._is_listening = False
        self._skipped = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name == "v" or (name == "t" and not self._skipped):
            self._is_listening = True
        elif name == "f":
            self._is_formula = True
        elif name == "row":
            self._start_row(attributes)
        elif name == "rPh":
            self._skipped += 1

    def end(self, name: str) -> None:
        if name == "c":
            self._end_cell()
        elif name in ("v", "t"):
            self._is_listening = False
        elif name == "row":
            self._end_row()
        elif name == "rPh":
            self._skipped -= 1

    def text(self, text: str) -> None:
        if self._is_listening:
            self._pieces.append(text)
            self._length += len(text)
            if self._length > CELL_CHARACTERS_LIMIT:
                raise _too_long(self._file)

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", str(self._row + 1))
        row = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0
        if not self._row < row <= ROW_LIMIT:
            raise _damaged(self._file, f"row {number[:20]!r} follows row {self._row}")
        self._row, self._column = row, 0
        self._cells, self._trouble, self._characters = [], None, 0

    def _start_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        column = self._column + 1
        if place is not None:
            found = _CELL.fullmatch(place)
            column = _column(found[1]) if found and int(found[2]) == self._row else 0
        if not self._column < column <= COLUMN_LIMIT:
            raise _damaged(self._file, f"row {self._row} has its cells out of order")
        self._column = column
        style = attributes.get("s", "0")
        self._style = int(style) if style.isascii() and style.isdigit() and len(style) < 9 else 0
        self._kind, self._is_formula = attributes.get("t", "n"), False
        self._pieces, self._length = [], 0

    def _end_cell(self) -> None:
        text = "".join(self._pieces)
        if self._is_formula and not text and self._kind != "str":
            self._note("formula_without_value", "holds a formula that nobody has calculated")
        if not text:
            return
        kind = self._kind
        text = text if kind in ("str", "inlineStr") else text.strip()
        if kind == "s":
            is_number = text.isascii() and text.isdigit() and len(text) < 9
            text = self._texts[int(text) if is_number else -1]
        elif kind == "n":
            text = self._text_of_number(text, self._style)
        elif kind == "b":
            text = {"1": "TRUE", "0": "FALSE"}.get(text, text)
        elif kind == "d":
            text = text.replace("T", " ").removesuffix("Z")
        elif kind == "e":
            self._note("error_value", "holds an error")
        else:
            text = _unescaped(text)
        if not text:
            return
        if _UNSTORABLE.search(text):
            has_nul = "\0" in text
            self._note(
                "nul_byte" if has_nul else "half_a_character",
                "holds a NUL byte" if has_nul else "holds half a character, as of a cut emoji",
            )
            text = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
        self._characters += len(text)
        if self._characters > ROW_CHARACTERS_LIMIT:
            raise _too_long(self._file)
        self._cells += [None] * (self._column - len(self._cells) - 1)
        self._cells.append(text)

    def _end_row(self) -> None:
        if self._cells or self._trouble:
            self.rows.append(SheetRow(self._row, self._cells, *(self._trouble or ())))

    def _note(self, code: str, what: str) -> None:
        self._trouble = self._trouble or (code, f"its cell in column {self._column} {what}")


class _TextReading:
    """Hands over the shared texts; what is said of how they are pronounced isn't a part of them."""

    def __init__(self, file: SourceFile, add: Callable[[str], None]) -> None:
        self._file, self._add = file, add
        self._pieces: list[str] = []
        self._length = 0
        self._is_listening = False
        self._skipped = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "t":
            self._is_listening = not self._skipped
        elif name == "si":
            self._pieces, self._length = [], 0
        elif name == "rPh":
            self._skipped += 1

    def end(self, name: str) -> None:
        if name == "t":
            self._is_listening = False
        elif name == "si":
            self._add(_unescaped("".join(self._pieces)))
        elif name == "rPh":
            self._skipped -= 1

    def text(self, text: str) -> None:
        if self._is_listening:
            self._pieces.append(text)
            self._length += len(text)
            if self._length > CELL_CHARACTERS_LIMIT:
                raise _too_long(self._file)


class _ElementReading:
    """Collects elements of some names, or of a name inside that of its parent."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.found: list[tuple[str, dict[str, str]]] = []
        self._names = names
        self._path: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._path[-1] if self._path else ""
        if name in self._names or f"{parent}/{name}" in self._names:
            self.found.append((name, attributes))
        self._path.append(name)

    def end(self, name: str) -> None:
        self._path.pop()

    def text(self, text: str) -> None:
        pass


_Handler = _RowReading | _TextReading | _ElementReading


def _elements(
    file: SourceFile, package: Package, part: str, *names: str
) -> Iterator[tuple[str, dict[str, str]]]:
    reading = _ElementReading(names)
    for _ in _parsed(file, package, part, reading):
        found, reading.found = reading.found, []
        yield from found


def _parsed(file: SourceFile, package: Package, part: str, handler: _Handler) -> Iterator[None]:
    """Go through a part's XML, and come back after each piece of it."""
    if part not in package:
        raise _damaged(file, f"it has no part {part[:80]!r}")
    names: dict[str, str] = {}
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_LIMIT:
            raise _damaged(file, "its XML is nested too deeply")
        handler.start(name.rpartition(":")[2], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(name.rpartition(":")[2])

    def refuse(*declared: object) -> None:
        raise FileRefused(
            file.name,
            "document_type",
            "its XML declares a document type, by which it could grow without end",
            "Export it again at the vendor; no honest workbook has one.",
        )

    parser = expat.ParserCreate(intern=names)
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = refuse
    fed = 0
    try:
        for chunk in chain(package.chunks(part), (b"",)):
            parser.Parse(chunk, not chunk)
            fed += len(chunk)
            if len(names) > _NAME_LIMIT or fed - parser.CurrentByteIndex > _MARKUP_BYTES_LIMIT:
                raise _damaged(file, "its XML has a tag without end, or tags of too many names")
            yield
    except expat.ExpatError as error:
        raise _damaged(file, f"its XML breaks off or is malformed ({error.args[0]})") from None


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _unescaped(text: str) -> str:
    r"""A text with the characters that XML can't hold: `_x000D_` is a carriage return."""
    if "_x" not in text:
        return text
    units = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    # Two halves of a character that were written one by one belong together.
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _too_long(file: SourceFile) -> FileRefused:
    return FileRefused(
        file.name,
        "field_too_large",
        f"a cell of it has over {CELL_CHARACTERS_LIMIT:,} characters, or a row over "
        f"{ROW_CHARACTERS_LIMIT:,}",
        "Export it as CSV, where such a row is set aside by itself.",
    )


def _damaged(file: SourceFile, reason: str) -> FileRefused:
    return FileRefused(
        file.name,
        "damaged_workbook",
        reason,
        "Download it again, or open it in Excel and save it as .xlsx.",
    )
