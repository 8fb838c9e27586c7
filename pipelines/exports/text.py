"""Delimited text as tables of strings, cell by cell as it stands in the file.

Here: encodings, delimiters, quoting, line ends, rows that break the format, record numbers.
Not here: what a column is called or means, a vendor's header (``qualtrics`` and others),
contracts, types.

How a file is read: the encoding is chosen over all its bytes, or the first of very many. The
header is split off. What follows is cut into blocks of whole, well-formed records, which pyarrow
parses side by side. A record that isn't well-formed never gets to pyarrow, which would repair it in
silence.

The same table in an Excel workbook (``worksheet``) is read the same way: its rows are numbered as
Excel shows them, and are as wide as the header once empty cells are counted in.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from pipelines.exports.files import FileNotes, FileRefused, SourceFile
from pipelines.exports.worksheet import SheetRow, sheet_rows
from pipelines.look_ahead import mapped_ahead

COLUMN_LIMIT = 5_000
HEADER_BYTES_LIMIT = 4 << 20
# Reports have been met with their header in row 21.
TITLE_ROWS_LIMIT = 100
_USUAL_HEADER_BYTES = 64 << 10
BLOCK_BYTES = 16 << 20
# How much of a UTF-8 file decides its encoding.
LOOKED_THROUGH_BYTES = 64 << 20
# CRM text areas hold 131,072 characters; a record of this length is a quote that never closes.
RECORD_BYTES_LIMIT = 16 << 20
# Of usual exports some ten thousand rows.
SHEET_BATCH_CHARACTERS = 4 << 20
# What quarantine keeps of a row that is too large to be held at all.
KEPT_OF_TOO_LARGE = 10_000

_BYTE_ORDER_MARKS = {
    "utf-8-sig": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}
_QUOTE = ord('"')
_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\r|\n|\Z)")
_BLANK = (b"\n", b"\r\n", b"\r")
_TWO_LINE_ENDS = re.compile(rb"\A[\r\n]|\n[\r\n]|\r\r")
# Of usual exports 16 MiB are 20,000 to 150,000 rows; this caps a file of tiny ones.
BLOCK_LINES = 200_000
# Small enough for a processor's cache: four times as fast as a whole block at once.
_TILE_BYTES = 256 << 10
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class BadRow:
    """One record that can't be read as a row of its table.

    Attributes:
        row: The record's number in the file, as a spreadsheet shows it; the first record is 1.
        text: The record as it stands in the file, without its line end; cut if too large.
        code: ``wrong_width``, ``unclosed_quote``, ``text_after_quote``, ``broken_row``,
            ``nul_byte`` or ``field_too_large``; further ones of JSON lines in ``json_lines``.
        reason: The same in words, without a cell's value.
    """

    row: int
    text: str
    code: str
    reason: str


@dataclass(frozen=True)
class TextBatch:
    """Some consecutive records of a file.

    Attributes:
        frame: The rows that could be read, all columns ``pl.String``, named ``"0"``, ``"1"`` …
            by position, values untouched, empty cells null whether quoted or not.
        rows: The record number of each row of ``frame``, ``pl.Int64``.
        bad_rows: The records that couldn't be read, in the order of the file.
    """

    frame: pl.DataFrame
    rows: pl.Series
    bad_rows: list[BadRow]


class TextTable:
    """One file whose header is known.

    Attributes:
        file: The file that is read.
        encoding: The Python name of its encoding, or ``xlsx``.
        header: Its header records, cell by cell as they stand.
        width: How many cells each row must have: as many as the last header record.
        rows_read: Records read by ``batches`` so far, good and bad; blank lines are neither.
    """

    def __init__(self, file: SourceFile, encoding: str, header: list[list[str]]) -> None:
        """Keep what ``read_text`` found out."""
        self.file = file
        self.encoding = encoding
        self.header = header
        self.width = len(header[-1])
        self.rows_read = 0

    def batches(self) -> Iterator[TextBatch]:
        """Read the rows behind the header, in order and in bounded memory.

        Reading a second time starts anew.

        Raises:
            FileRefused: The file turned out damaged, or changed meanwhile. What was read of it
                before must not be used.
            EncodingMistaken: The same, but `read_text` will now read it rightly.
        """
        raise NotImplementedError


class DelimitedTable(TextTable):
    """A text file; a batch holds what lies in about ``block_bytes`` of it.

    Attributes:
        delimiter: What separates its cells.
    """

    def __init__(
        self,
        file: SourceFile,
        encoding: "_Encoding",
        header: "_Header",
        block_bytes: int,
        record_bytes_limit: int,
        fallback_encodings: Sequence[str],
    ) -> None:
        """Keep what ``read_text`` found out."""
        super().__init__(file, encoding.name, header.records)
        self._fallbacks = tuple(fallback_encodings)
        self._encoding = encoding
        self.delimiter = header.delimiter
        self._header = header
        self._next_row = 0
        self._block_bytes = block_bytes
        self._record_bytes_limit = record_bytes_limit

    def batches(self) -> Iterator[TextBatch]:
        """Read the rows; see ``TextTable``."""
        self.rows_read = 0
        self._next_row = self._header.record_count + 1
        grammar = _Grammar(self.delimiter, self.width)
        with self.file.open() as stream:
            text = _Utf8Stream(stream, self.encoding)
            text.skip(self._header.byte_count)
            blocks = _blocks(text, grammar, self._block_bytes, self._record_bytes_limit)
            try:
                for parsed in mapped_ahead(partial(_parse, grammar), blocks, workers=_WORKERS):
                    yield self._batch(parsed)
            except (pa.ArrowInvalid, UnicodeDecodeError):
                raise self._misread() from None

    def _misread(self) -> Exception:
        """What to say of a text that isn't written as it seemed to be."""
        encoding = self._encoding
        if not encoding.is_certain:
            encoding = _chosen_encoding(self.file, self._fallbacks, whole=True)
        if encoding.name != self.encoding:
            _found_out.put(self.file, encoding.name)
            return EncodingMistaken(f"{self.file.name} is {encoding.name}, not {self.encoding}")
        # Well-formed text can't be refused, so these aren't the bytes that were checked.
        return FileRefused(
            self.file.name,
            "changed_while_read",
            "it changed after its encoding was found out",
            "Run again when the delivery is complete.",
        )

    def _batch(self, parsed: "_Parsed") -> TextBatch:
        first_row = self._next_row
        self._next_row += parsed.record_count
        self.rows_read += parsed.frame.height + len(parsed.bad_rows)
        rows = pl.Series("row", parsed.positions + first_row, pl.Int64)
        bad_rows = [replace(bad, row=bad.row + first_row) for bad in parsed.bad_rows]
        return TextBatch(parsed.frame, rows, bad_rows)


class WorksheetTable(TextTable):
    """The worksheet of a workbook."""

    def __init__(self, file: SourceFile, header: list[list[str]], last_header_row: int) -> None:
        """Keep what ``read_text`` found out."""
        super().__init__(file, "xlsx", header)
        self._last_header_row = last_header_row

    def batches(self) -> Iterator[TextBatch]:
        """Read the rows; see ``TextTable``."""
        self.rows_read = 0
        rows: list[list[str | None]] = []
        numbers: list[int] = []
        bad_rows: list[BadRow] = []
        size = 0
        with closing(sheet_rows(self.file)) as found:
            for row in found:
                if row.number <= self._last_header_row:
                    continue
                self.rows_read += 1
                size += self.width + sum(len(cell) for cell in row.cells if cell)
                if bad := self._bad_row(row):
                    bad_rows.append(bad)
                else:
                    rows.append(row.cells + [None] * (self.width - len(row.cells)))
                    numbers.append(row.number)
                if size >= SHEET_BATCH_CHARACTERS:
                    yield self._batch(rows, numbers, bad_rows)
                    rows, numbers, bad_rows, size = [], [], [], 0
        if rows or bad_rows:
            yield self._batch(rows, numbers, bad_rows)

    def _bad_row(self, row: SheetRow) -> BadRow | None:
        if row.code:
            return BadRow(row.number, row.text, row.code, row.reason)
        if len(row.cells) > self.width:
            reason = f"it has {len(row.cells)} cells instead of {self.width}"
            return BadRow(row.number, row.text, "wrong_width", reason)
        return None

    def _batch(
        self, rows: list[list[str | None]], numbers: list[int], bad_rows: list[BadRow]
    ) -> TextBatch:
        columns = zip(*rows, strict=True) if rows else [()] * self.width
        frame = pl.DataFrame(
            [
                pl.Series(str(position), cells, dtype=pl.String)
                for position, cells in enumerate(columns)
            ]
        )
        return TextBatch(frame, pl.Series("row", numbers, dtype=pl.Int64), bad_rows)


def read_text(
    file: SourceFile,
    *,
    header_rows: int = 1,
    is_header: Callable[[Sequence[str]], bool] | None = None,
    fallback_encodings: Sequence[str] = ("latin-1",),
    delimiters: str = ",;\t",
    block_bytes: int = BLOCK_BYTES,
    record_bytes_limit: int = RECORD_BYTES_LIMIT,
) -> TextTable:
    """Find out how a file is written, a text file by all its bytes unless it is large.

    A large file is taken for what its beginning is; should that turn out wrong, ``batches`` says so
    and a second call knows it.

    Args:
        file: The file: delimited text, or a workbook, of which nothing below but the header's
            rows has to be said.
        header_rows: How many records the header has, titles above it included. Blank lines
            above the first record don't count.
        is_header: Tells the last record of the header from the titles above it, of which there may
            be any number; without one within `TITLE_ROWS_LIMIT` records the header is all these.
        fallback_encodings: What a file is read as that has no byte order mark and isn't UTF-8: the
            first that fits all of it.
        delimiters: The candidates; the one that splits the header into most cells is taken.
        block_bytes: How much of the file makes one batch.
        record_bytes_limit: A longer record is set aside instead of being held in memory.

    Raises:
        FileRefused: The file can't be read as a table at all.
    """
    if file.is_workbook:
        return _read_worksheet(file, header_rows, is_header)
    encoding = _chosen_encoding(file, fallback_encodings)
    if is_header:
        header = _read_header(file, encoding.name, delimiters, TITLE_ROWS_LIMIT, is_header)
        return DelimitedTable(
            file, encoding, header, block_bytes, record_bytes_limit, fallback_encodings
        )
    header = _read_header(file, encoding.name, delimiters, header_rows)
    if len(header.records) < header_rows or not header.records[-1]:
        raise _missing_header_rows(file, header_rows)
    return DelimitedTable(
        file, encoding, header, block_bytes, record_bytes_limit, fallback_encodings
    )


def _read_worksheet(
    file: SourceFile, header_rows: int, is_header: Callable[[Sequence[str]], bool] | None
) -> WorksheetTable:
    header: list[SheetRow] = []
    most = TITLE_ROWS_LIMIT if is_header else header_rows
    with closing(sheet_rows(file)) as found:
        for row in found:
            if header and row.number >= header[0].number + most:
                break
            header.append(row)
            if row.code:
                raise FileRefused(
                    file.name,
                    row.code,
                    f"{row.reason}, in row {row.number}, which is its header",
                    "Mend that cell, save the workbook in Excel and deliver it again.",
                )
            if is_header and is_header([cell or "" for cell in row.cells]):
                break
    last = header[-1].number if is_header else header[0].number + header_rows - 1
    if header[-1].number != last:
        raise _missing_header_rows(file, header_rows)
    width = max(len(row.cells) for row in header)
    if width > COLUMN_LIMIT:
        raise _too_many_columns(file)
    cells = {row.number: [cell or "" for cell in row.cells] for row in header}
    rows = (cells.get(number, []) for number in range(header[0].number, last + 1))
    return WorksheetTable(file, [row + [""] * (width - len(row)) for row in rows], last)


def _missing_header_rows(file: SourceFile, header_rows: int) -> FileRefused:
    return FileRefused(
        file.name,
        "missing_header_rows",
        f"record {header_rows}, the last of its header, is missing, blank or malformed",
        "Export it again with its whole header.",
    )


def _too_many_columns(file: SourceFile) -> FileRefused:
    return FileRefused(
        file.name,
        "too_many_columns",
        f"its header has over {COLUMN_LIMIT:,} columns",
        "Export it with rows and columns the right way round.",
    )


def unique_labels(labels: Sequence[str], file: SourceFile, known: Collection[str]) -> None:
    """Refuse a file with two equal headings, of which one would silently win.

    Args:
        labels: The headings as they will be looked up. Empty ones name nothing and may repeat.
        file: Where they were read.
        known: The headings that may be told. Any other one may be a cell, such as a customer's
            address, in a file that has no header.

    Raises:
        FileRefused: Two labels are equal.
    """
    positions: dict[str, int] = {}
    for position, label in enumerate(labels, start=1):
        earlier = positions.setdefault(label, position)
        if label and earlier != position:
            called = f"both called {label!r}" if label in known else "called the same"
            raise FileRefused(
                file.name,
                "equal_headers",
                f"columns {earlier} and {position} are {called}",
                "Rename one of them and export again.",
            )


# Encoding


class EncodingMistaken(Exception):
    """A large file isn't written as its beginning is; ``read_text`` now knows how."""


class _Encoding(NamedTuple):
    """What a file is written in; not certain if only its beginning says so."""

    name: str
    is_certain: bool = True


_found_out = FileNotes()


def _chosen_encoding(file: SourceFile, fallbacks: Sequence[str], whole: bool = False) -> _Encoding:
    if known := _found_out.get(file):
        return _Encoding(known)
    with file.open() as stream:
        start = stream.read(4)
    marked = [name for name, mark in _BYTE_ORDER_MARKS.items() if start.startswith(mark)]
    for encoding in marked or ["utf-8", *fallbacks]:
        bad_byte, is_certain = _first_undecodable(file, encoding, whole)
        if bad_byte is None:
            return _Encoding(encoding, is_certain)
    raise FileRefused(
        file.name,
        "undecodable",
        f"byte {bad_byte:,} is not {encoding}",
        "Export it again as UTF-8, or declare its encoding.",
    )


def _first_undecodable(file: SourceFile, encoding: str, whole: bool) -> tuple[int | None, bool]:
    """Find the first byte, counted from 0, that isn't of this encoding, and whether all were seen.

    Of UTF-8 whether the rest is, too, shows when its rows are read.
    """
    if codecs.lookup(encoding).name == "iso8859-1":
        return None, True  # which has a character for every byte
    is_utf8 = encoding.startswith("utf-8")
    check = _Utf8Check() if is_utf8 else _EncodingCheck(encoding)
    looked_through = 0
    for chunk in file.chunks():
        check.feed(chunk)
        if check.bad_byte is not None:
            return check.bad_byte, True
        looked_through += len(chunk)
        if is_utf8 and not whole and looked_through >= LOOKED_THROUGH_BYTES:
            return check.bad_byte, False
    check.end()
    return check.bad_byte, True


class _EncodingCheck:
    """Decode chunk after chunk, strictly, only to see whether that can be done."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._fed = 0
        self.bad_byte: int | None = None

    def feed(self, chunk: bytes) -> None:
        self._decode(chunk, final=False)

    def end(self) -> None:
        self._decode(b"", final=True)

    def _decode(self, chunk: bytes, final: bool) -> None:
        if self.bad_byte is not None:
            return
        self._fed += len(chunk)
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            self.bad_byte = self._fed - len(error.object) + error.start


class _Utf8Check:
    """The same for UTF-8, several times as fast, because Arrow compares many bytes at once."""

    def __init__(self) -> None:
        self._unfinished = b""
        self._checked = 0
        self.bad_byte: int | None = None

    def feed(self, chunk: bytes) -> None:
        text = self._unfinished + chunk if self._unfinished else chunk
        end = _last_character_start(text)
        self._check(text[:end] if end < len(text) else text)
        self._unfinished = text[end:]

    def end(self) -> None:
        self._check(self._unfinished)

    def _check(self, text: bytes) -> None:
        if self.bad_byte is not None:
            return
        try:
            _one_string(pa.py_buffer(text)).validate(full=True)
        except pa.ArrowInvalid:
            try:
                text.decode()
            except UnicodeDecodeError as error:
                self.bad_byte = self._checked + error.start
        self._checked += len(text)


def _one_string(text: pa.Buffer) -> pa.StringArray:
    """An array of one string that is the whole text; nothing is copied."""
    return pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, text.size], np.int32)), text)


def _last_character_start(text: bytes) -> int:
    """Where the last character begins if it may be cut, else the end of the text."""
    for position in range(len(text) - 1, max(len(text) - 5, -1), -1):
        if text[position] >= 0xC0:
            return position
        if text[position] < 0x80:
            break
    return len(text)


class _Utf8Stream:
    """A file's text as UTF-8, whatever it is written in, without its byte order mark."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._ahead = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        if not encoding.startswith("utf-8"):
            self._decoder = codecs.getincrementaldecoder(encoding)()
        stream.read(len(_BYTE_ORDER_MARKS.get(encoding, b"")))

    def read(self, size: int) -> bytes:
        """Read about this many bytes; none means that the text is over."""
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        if self._decoder is None:
            return self._stream.read(size)
        while chunk := self._stream.read(size):
            if text := self._decoder.decode(chunk):
                return str(text).encode()
        return b""

    def skip(self, size: int) -> None:
        """Leave out exactly this many bytes."""
        text = b""
        while len(text) < size and (chunk := self.read(size - len(text))):
            text += chunk
        self._ahead = text[size:]


# Header


class _Header(NamedTuple):
    """The first records of a file.

    ``record_count`` and ``byte_count`` (of UTF-8) include the blank lines above them.
    """

    delimiter: str
    records: list[list[str]]
    record_count: int
    byte_count: int


def _read_header(
    file: SourceFile,
    encoding: str,
    delimiters: str,
    count: int,
    is_header: Callable[[Sequence[str]], bool] = lambda record: False,
) -> _Header:
    with file.open() as stream:
        text = _Utf8Stream(stream, encoding)
        start = b""
        for limit in (_USUAL_HEADER_BYTES, HEADER_BYTES_LIMIT):
            while len(start) < limit and (chunk := text.read(limit - len(start))):
                start += chunk
            whole = len(start) < limit
            candidates = [
                _split_header(start, whole, each, count, is_header) for each in delimiters
            ]
            found = [each for each in candidates if each.records and is_header(each.records[-1])]
            if found or whole or all(len(each.records) == count for each in candidates):
                break
    header = max(found or candidates, key=_likelihood)
    if not header.records:
        raise _headless(file, start, whole)
    if any("\0" in cell for record in header.records for cell in record):
        raise FileRefused(
            file.name,
            "not_text",
            "it has NUL bytes in its header, so it isn't text, or is UTF-16 without a mark",
            "Export it as CSV in UTF-8.",
        )
    if max(map(len, header.records)) > COLUMN_LIMIT:
        raise _too_many_columns(file)
    return header


def _split_header(
    start: bytes,
    whole: bool,
    delimiter: str,
    count: int,
    is_header: Callable[[Sequence[str]], bool],
) -> _Header:
    """Split what can be split: fewer records than asked for, if one is broken or the header."""
    grammar = _Grammar(delimiter, 1)
    records: list[list[str]] = []
    record_count = position = 0
    while len(records) < count and position < len(start):
        found = grammar.record.match(start, position)
        if not found or (found.end() == len(start) and not whole):
            break
        cells = _cells(found.group().decode(), delimiter)
        if cells or records:
            records.append(cells)
        record_count += 1
        position = found.end()
        if is_header(cells):
            break
    return _Header(delimiter, records, record_count, position)


def _cells(record: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter))
    except csv.Error:  # a cell of over 131,072 characters: no heading, whatever it is
        return [record]


def _likelihood(header: _Header) -> tuple[int, int, int]:
    """Rank delimiters: every record is split, then the last one, below any titles, most."""
    widths = [len(record) for record in header.records] or [0]
    return min(widths), widths[-1], sum(widths)


def _headless(file: SourceFile, start: bytes, whole: bool) -> FileRefused:
    if not start.strip(b"\r\n"):
        return FileRefused(
            file.name, "empty_file", "it has no header, only blank lines", "Export it again."
        )
    if whole:
        return FileRefused(
            file.name,
            "unclosed_quote",
            "a quoted cell of its header doesn't end properly",
            "Export it again; a quote within a cell must be doubled.",
        )
    return FileRefused(
        file.name,
        "header_too_large",
        f"its header doesn't end within {HEADER_BYTES_LIMIT >> 20} MiB",
        "Export it again as CSV with a header of one line.",
    )


# Records


class _Block(NamedTuple):
    """Well-formed records, and those from between them that are not.

    ``set_aside`` counts rows from 0 within the block, in order.
    """

    records: pa.Buffer
    set_aside: list[BadRow]


class _Grammar:
    """What a record looks like with one delimiter and one number of cells."""

    def __init__(self, delimiter: str, width: int) -> None:
        self.delimiter = delimiter
        self.width = width
        comma = re.escape(delimiter.encode())
        quoted = rb'"(?:[^"]++|"")*+"'
        plain = rb'[^"%b\r\n][^%b\r\n]*+' % (comma, comma)
        plain_without_quotes = rb'[^"%b\r\n]++' % comma
        line_end = rb"(?:\r\n|\r|\n|\Z)"
        cell = rb"(?:%b|%b|)" % (quoted, plain)
        clean_cell = rb"(?:%b|%b|)" % (quoted, plain_without_quotes)
        self.record = re.compile(rb"%b(?:%b%b)*+%b" % (cell, comma, cell, line_end))
        self.unfinished = re.compile(
            rb'(?:%b%b)*+(?:"(?:[^"]++|"")*+"?|%b)?\Z' % (cell, comma, plain)
        )
        # What a record must look like to be believed right behind a broken one.
        self.clean_record = re.compile(
            rb"(?:%b(?:%b%b){%d})?%b" % (clean_cell, comma, clean_cell, width - 1, line_end)
        )
        self.may_stand_beside_quote = np.zeros(256, dtype=bool)
        self.may_stand_beside_quote[list(b'"\r\n' + delimiter.encode())] = True


def _blocks(
    text: _Utf8Stream, grammar: _Grammar, block_bytes: int, record_bytes_limit: int
) -> Iterator[_Block]:
    """Cut the text behind the header into blocks that end where a record ends."""
    buffer, ended, recovering = b"", False, False
    size, lines = block_bytes, BLOCK_LINES
    while True:
        buffer, ended = _fill(text, buffer, ended, size)
        if not buffer:
            return
        window = _first_lines(buffer, lines)
        last = ended and len(window) == len(buffer)
        used, unfinished = (0, False) if recovering else _sound_length(grammar, window, last)
        if used:
            yield _Block(pa.py_buffer(window).slice(0, used), [])
        if not unfinished:
            block, used, recovering = _salvage(grammar, window, used, last, recovering)
            if block.records.size or block.set_aside:
                yield block
        if not used and len(buffer) <= record_bytes_limit:
            size, lines = 2 * len(buffer), 2 * lines
            continue
        size, lines = block_bytes, BLOCK_LINES
        if used:
            buffer = buffer[used:]
        else:
            bad, buffer = _give_up_first_line(text, buffer, block_bytes)
            recovering = True
            yield _Block(pa.py_buffer(b""), [bad])


def _fill(text: _Utf8Stream, buffer: bytes, ended: bool, size: int) -> tuple[bytes, bool]:
    pieces, length = [buffer], len(buffer)
    # A carriage return at the very end may be one half of a line end.
    while not ended and (length < size or pieces[-1].endswith(b"\r")):
        chunk = text.read(max(size - length, 1))
        ended = not chunk
        pieces.append(chunk)
        length += len(chunk)
    return b"".join(pieces), ended


def _first_lines(buffer: bytes, lines: int) -> bytes:
    """Cut off what is behind roughly so many lines, so that a batch of tiny rows stays small."""
    if len(buffer) <= lines:
        return buffer
    found = _estimated_count(buffer, b"\n") or _estimated_count(buffer, b"\r")
    if found <= lines:
        return buffer
    end = len(buffer) * lines // found
    return buffer[: end + 1 if buffer[end - 1 : end + 1] == b"\r\n" else end]


def _estimated_count(buffer: bytes, byte: bytes) -> int:
    """How often a byte occurs, by every eighth tile of a large buffer, by all of a small one.

    ``bytes.count`` goes from find to find and is slow where there are many.
    """
    array = np.frombuffer(buffer, np.uint8)
    step = 8 if len(array) > 32 * _TILE_BYTES else 1
    tiles = [array[at : at + _TILE_BYTES] for at in range(0, len(array), step * _TILE_BYTES)]
    return step * sum(int(np.count_nonzero(tile == byte[0])) for tile in tiles)


def _sound_length(grammar: _Grammar, buffer: bytes, ended: bool) -> tuple[int, bool]:
    """Measure the whole, well-formed records that a buffer begins with.

    Quotes open and close in turns. All is well if each that opens stands behind a delimiter or
    line end and each that closes stands before one, or else beside another quote, its double.

    Returns:
        The length in bytes, and whether what follows is merely unfinished, not malformed.
    """
    limit = buffer.find(b"\0")
    sound = limit < 0
    limit = len(buffer) if sound else limit
    array = np.frombuffer(buffer, np.uint8, limit)
    inside = False
    first_quote = buffer.find(b'"', 0, limit)
    for tile in range(first_quote if first_quote >= 0 else limit, limit, _TILE_BYTES):
        quotes = np.flatnonzero(array[tile : tile + _TILE_BYTES] == _QUOTE)
        if not quotes.size:
            continue
        quotes += tile
        opening, closing = quotes[int(inside) :: 2], quotes[1 - int(inside) :: 2]
        opens_well = grammar.may_stand_beside_quote[array[opening - 1]]
        if quotes[0] == 0:
            opens_well[0] = True
        closes_well = grammar.may_stand_beside_quote[array.take(closing + 1, mode="clip")]
        if not (opens_well.all() and closes_well.all()):
            wrong_opening = opening[~opens_well][:1].tolist() or [limit]
            wrong_closing = closing[~closes_well][:1].tolist() or [limit]
            limit = min(*wrong_opening, *wrong_closing)
            inside = limit == wrong_closing[0]
            sound = False
            break
        inside ^= bool(len(quotes) % 2)
    sound = sound and not (ended and inside)
    if sound and ended:
        return limit, True
    return _last_record_end(buffer, limit, inside), sound


def _last_record_end(buffer: bytes, limit: int, inside: bool) -> int:
    """Find the last line end before ``limit`` that isn't inside a quoted cell."""
    while limit > 0:
        if inside:
            limit = buffer.rfind(b'"', 0, limit)
        line_feed = buffer.rfind(b"\n", 0, limit)
        line_end = max(line_feed, buffer.rfind(b"\r", line_feed + 1, limit))
        inside = buffer.count(b'"', line_end + 1, limit) % 2 == 1
        if not inside:
            return line_end + 1
        limit = line_end
    return 0


def _salvage(
    grammar: _Grammar, buffer: bytes, start: int, ended: bool, recovering: bool
) -> tuple[_Block, int, bool]:
    """Go through a buffer record by record, and set aside as little as possible.

    Of a record that is malformed only the first line is set aside, and reading goes on with the
    next line: an unclosed quote costs its own row, not all those up to the next quote. What
    comes right behind may still be the inside of a broken cell, so that nothing is believed
    until a record has no stray quotes and exactly the right number of cells.

    Returns:
        The block, where the unfinished record at the end begins, and whether one still has to
        be believed.
    """
    sound: list[bytes] = []
    set_aside: list[BadRow] = []
    count, position = 0, start
    while position < len(buffer):
        found = grammar.record.match(buffer, position)
        if not found and not ended and grammar.unfinished.match(buffer, position):
            break
        malformed = found is None
        found = found or _line(buffer, position)
        record = found.group()
        if not ended and not record.endswith((b"\r", b"\n")):
            break
        if malformed:
            recovering = True
            set_aside.append(BadRow(count, _text(record), *_complaint(grammar, record)))
        elif b"\0" in record:
            set_aside.append(BadRow(count, _text(record), "nul_byte", "it holds a NUL byte"))
        elif recovering and not grammar.clean_record.fullmatch(record):
            reason = "it follows a broken row and may be a part of it"
            set_aside.append(BadRow(count, _text(record), "broken_row", reason))
        else:
            recovering = recovering and record in _BLANK
            # Without what lay between them, a return and a line feed would be one line end.
            sound.append(record[:-1] + b"\n" if record.endswith(b"\r") else record)
        count += 1
        position = found.end()
    block = _Block(pa.py_buffer(b"".join(sound)), set_aside)
    return block, position, recovering


def _complaint(grammar: _Grammar, line: bytes) -> tuple[str, str]:
    if grammar.unfinished.match(line.rstrip(b"\r\n")):
        return "unclosed_quote", "a quoted cell begins in it and doesn't end properly"
    return "text_after_quote", "a quoted cell ends in it and text follows before the delimiter"


def _give_up_first_line(text: _Utf8Stream, buffer: bytes, block_bytes: int) -> tuple[BadRow, bytes]:
    """Set aside the first line of a record that grew beyond the limit."""
    line = _line(buffer)
    if line.end() < len(buffer):
        reason = "a quoted cell begins in it and doesn't end within reach"
        return BadRow(0, _text(line.group()), "unclosed_quote", reason), buffer[line.end() :]
    bad = BadRow(
        0,
        buffer[:KEPT_OF_TOO_LARGE].decode(errors="ignore"),
        "field_too_large",
        f"it is too large; only its first {KEPT_OF_TOO_LARGE:,} bytes are kept",
    )
    ended = False
    while line.end() == len(buffer) and not ended:
        buffer, ended = _fill(text, b"", ended, block_bytes)
        line = _line(buffer)
    return bad, buffer[line.end() :]


def _line(buffer: bytes, position: int = 0) -> re.Match[bytes]:
    line = _LINE.match(buffer, position)
    assert line is not None, "even nothing is a line"
    return line


def _text(record: bytes) -> str:
    return record.decode().removesuffix("\n").removesuffix("\r")


# Parsing


class _Parsed(NamedTuple):
    """A block as a table; ``positions`` and the bad rows count from 0 within the block."""

    frame: pl.DataFrame
    positions: npt.NDArray[np.int64]
    bad_rows: list[BadRow]
    record_count: int


def _parse(grammar: _Grammar, block: _Block) -> _Parsed:
    frame, wrong_width = _parse_records(block.records, grammar)
    count = frame.height + len(wrong_width) + len(block.set_aside)
    positions = np.arange(count, dtype=np.int64)
    positions = np.delete(positions, [bad.row for bad in block.set_aside])
    bad_rows = [
        *block.set_aside,
        *(replace(bad, row=int(positions[bad.row])) for bad in wrong_width),
    ]
    is_row = np.ones(len(positions), dtype=bool)
    is_row[[bad.row for bad in wrong_width]] = False
    blank = _blank_records(frame, block.records, grammar)
    if blank.size:
        is_blank = np.zeros(len(positions), dtype=bool)
        is_blank[blank] = True
        frame = frame.filter(pl.Series(~is_blank[is_row]))
        is_row &= ~is_blank
    if grammar.width == 1:
        frame = frame.select(pl.when(pl.col("0") != "").then(pl.col("0")))
    bad_rows.sort(key=lambda bad: bad.row)
    return _Parsed(frame, positions[is_row], bad_rows, count)


def _parse_records(records: pa.Buffer, grammar: _Grammar) -> tuple[pl.DataFrame, list[BadRow]]:
    columns = [str(position) for position in range(grammar.width)]
    wrong_width: list[BadRow] = []

    def set_aside(row: arrow_csv.InvalidRow) -> str:
        reason = f"it has {row.actual_columns} cells instead of {row.expected_columns}"
        wrong_width.append(BadRow(row.number - 1, row.text, "wrong_width", reason))
        return "skip"

    if not records.size:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String)), []
    _one_string(records).validate(full=True)
    if bytes(memoryview(records)[:3]) == codecs.BOM_UTF8:
        # pyarrow would take the first character of this block for the mark of a file.
        records = pa.py_buffer(codecs.BOM_UTF8 + records.to_pybytes())
    table = arrow_csv.read_csv(
        pa.BufferReader(records),
        read_options=arrow_csv.ReadOptions(
            # Only without threads are the numbers of the rows set aside known.
            use_threads=False,
            block_size=records.size + 1,
            column_names=columns,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=grammar.delimiter,
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        ),
        convert_options=arrow_csv.ConvertOptions(
            check_utf8=False,  # the whole block has been looked at in one go, which is quicker
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            # In a table of one column this tells an empty cell from a blank line.
            quoted_strings_can_be_null=grammar.width > 1,
        ),
    )
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame, wrong_width


def _blank_records(
    frame: pl.DataFrame, records: pa.Buffer, grammar: _Grammar
) -> npt.NDArray[np.int64]:
    """Tell the blank lines, by position among the records, from rows of empty cells.

    pyarrow makes both a row of nulls, so the text decides; it is looked at only if it must be.
    """
    all_null = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    if not all_null.any() or not _TWO_LINE_ENDS.search(records):
        return np.empty(0, dtype=np.int64)
    texts = (found.group() for found in grammar.record.finditer(records))
    return np.array([index for index, text in enumerate(texts) if text in _BLANK], dtype=np.int64)
