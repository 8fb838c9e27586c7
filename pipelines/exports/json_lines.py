"""JSON lines as a table: one JSON object per line, one row per object.

A nested field goes by its dotted path (`requester.id`), a list stays JSON, and `null`, an empty
text and an empty list are empty cells. Which fields there are only the whole file tells, so that it
is gone through twice. A line that is no JSON object is set aside by itself.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import polars as pl

from pipelines.contracts.contract import fold
from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.reading import Reading, Rows, Surroundings
from pipelines.exports.text import (
    COLUMN_LIMIT,
    KEPT_OF_TOO_LARGE,
    RECORD_BYTES_LIMIT,
    BadRow,
)

BATCH_BYTES = 8 << 20
# Of usual exports 8 MiB are some thousand rows; this caps a file of tiny rows and many fields.
BATCH_CELLS = 4 << 20
DEPTH_LIMIT = 64

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The two kinds of text that JSON can write and the lake can't hold: a NUL, half a character.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class JsonText(NamedTuple):
    """What one row is made of; ``text`` is cut, and ``is_whole`` False, beyond the limit."""

    number: int
    text: bytes
    is_whole: bool


class Unfit(Exception):
    """A line that is no row, with a code and the same in words."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class JsonTable:
    """Texts of a JSON object each, as a table.

    Attributes:
        labels: every field of any row, in the order in which they first occur.
        rows_read: how many rows `batches` has met so far, good and bad.
    """

    def __init__(
        self,
        file: SourceFile,
        texts: Callable[[SourceFile], Iterator[JsonText]],
        fields: Callable[[dict[str, Any]], dict[str, Any]],
        expected: tuple[str, ...] = (),
    ) -> None:
        """Go through the file for its fields.

        Args:
            file: the file.
            texts: reads its texts.
            fields: makes the cells of an object, by label; may raise `Unfit`.
            expected: the labels where there is no row; without any such a file is refused.
        """
        self._file, self._texts, self._fields = file, texts, fields
        self.labels = self._found_labels(expected)
        self.rows_read = 0

    def batches(self) -> Iterator[Rows]:
        """Read the rows in order and in bounded memory."""
        self.rows_read = 0
        limit = max(BATCH_CELLS // max(len(self.labels), 1), 1)
        rows: list[dict[str, str]] = []
        numbers: list[int] = []
        bad_rows: list[BadRow] = []
        size = 0
        for line in self._texts(self._file):
            self.rows_read += 1
            try:
                rows.append(self._cells(line))
                numbers.append(line.number)
            except Unfit as unfit:
                bad_rows.append(_bad_row(line, unfit))
            size += len(line.text)
            if size >= BATCH_BYTES or len(rows) >= limit:
                yield self._batch(rows, numbers, bad_rows)
                rows, numbers, bad_rows, size = [], [], [], 0
        if rows or bad_rows:
            yield self._batch(rows, numbers, bad_rows)

    def _batch(
        self, rows: list[dict[str, str]], numbers: list[int], bad_rows: list[BadRow]
    ) -> Rows:
        columns = {
            label: pl.Series([row.get(label) for row in rows], dtype=pl.String)
            for label in self.labels
        }
        return Rows(pl.DataFrame(columns), pl.Series(numbers, dtype=pl.Int64), bad_rows)

    def _cells(self, line: JsonText) -> dict[str, str]:
        """The cells of a row that aren't empty, by label."""
        fields = self._fields(_parsed(line))
        cells = ((label, _cell(value)) for label, value in fields.items())
        return {label: cell for label, cell in cells if cell is not None}

    def _found_labels(self, expected: tuple[str, ...]) -> tuple[str, ...]:
        labels: dict[str, None] = {}
        is_empty = True
        for line in self._texts(self._file):
            is_empty = False
            try:
                labels.update(dict.fromkeys(self._fields(_parsed(line))))
            except Unfit:
                continue
            if len(labels) > COLUMN_LIMIT:
                raise FileRefused(
                    self._file.name,
                    "too_many_columns",
                    f"its rows have more than {COLUMN_LIMIT:,} different fields",
                    "Export fewer fields; ids belong into values, not into names of fields.",
                )
        if is_empty and expected:
            return expected
        if is_empty:
            raise FileRefused(
                self._file.name, "empty_file", "it has only blank lines", "Export it again."
            )
        if not labels:
            raise FileRefused(
                self._file.name,
                "no_json_lines",
                "none of its rows is a JSON object",
                "Export it again as JSON, in the form that the vendor gives it.",
            )
        return tuple(labels)


def read(file: SourceFile, around: Surroundings) -> Reading:
    """Open a file of JSON lines."""
    lines = JsonTable(file, _lines, flat)
    return Reading(file, "utf-8", lines.labels, lines.batches, lambda: lines.rows_read)


def _lines(file: SourceFile) -> Iterator[JsonText]:
    """The lines that aren't blank, by their numbers from 1; one that is too long is cut."""
    with file.open() as stream:
        number = 0
        while text := stream.readline(RECORD_BYTES_LIMIT + 1):
            number += 1
            is_whole = len(text) <= RECORD_BYTES_LIMIT or text.endswith(b"\n")
            rest = text
            while not is_whole and rest and not rest.endswith(b"\n"):
                rest = stream.readline(RECORD_BYTES_LIMIT)
            if number == 1:
                text = text.removeprefix(BYTE_ORDER_MARK)
            text = text.strip(b" \t\r\n")
            if text:
                yield JsonText(number, text, is_whole)


def _parsed(line: JsonText) -> dict[str, Any]:
    if not line.is_whole:
        raise Unfit(
            "field_too_large",
            f"it is too large; only its first {KEPT_OF_TOO_LARGE:,} bytes are kept",
        )
    try:
        found = json.loads(
            line.text.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            # Its digits as they stand, which a float wouldn't keep.
            parse_float=str,
        )
    except UnicodeDecodeError:
        raise Unfit("not_utf_8", "it is not written in UTF-8") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        # The message quotes nothing of the line, unlike the position it ends with.
        reason = getattr(error, "msg", "a number of it is no JSON number")
        raise Unfit("not_json", f"it is no JSON: {reason}") from None
    if not isinstance(found, dict):
        raise Unfit("not_an_object", "it is JSON, but no object")
    if _SUSPECT.search(line.text):
        _require_storable(found)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _repeated()
    return fields


def _no_number(constant: str) -> None:
    raise ValueError


def _require_storable(found: dict[str, Any]) -> None:
    text = json.dumps(found, ensure_ascii=False)
    if "\\u0000" in text.replace("\\\\", ""):  # a backslash and `u0000` are just that
        raise Unfit("nul_byte", "it holds a NUL byte")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Unfit("half_a_character", "it holds half a character, as of a cut emoji") from None


def flat(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields by their dotted paths, objects dissolved."""
    flat: dict[str, Any] = {}
    waiting = [("", fields, 1)]
    while waiting:
        path, within, depth = waiting.pop()
        if depth > DEPTH_LIMIT:
            raise _too_deep()
        for name, value in within.items():
            label = f"{path}{name}"
            if isinstance(value, dict):
                waiting.append((f"{label}.", value, depth + 1))
            elif label in flat:
                raise _repeated()
            else:
                flat[label] = value
    return flat


def told_apart(cells: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Cells under labels of their own; the second one of a label ends in `__2`."""
    fields: dict[str, Any] = {}
    taken: set[str] = set()
    for label, cell in cells:
        number, name = 1, label
        while fold(name) in taken:
            number += 1
            name = f"{label}__{number}"
        taken.add(fold(name))
        fields[name] = cell
    return fields


def _cell(value: Any) -> str | None:
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _repeated() -> Unfit:
    return Unfit("repeated_field", "it has a field twice, of which one would silently win")


def _too_deep() -> Unfit:
    return Unfit("nested_too_deeply", "its fields are nested too deeply")


def _bad_row(line: JsonText, unfit: Unfit) -> BadRow:
    text = line.text if line.is_whole else line.text[:KEPT_OF_TOO_LARGE]
    return BadRow(
        line.number, text.decode("utf-8", errors="backslashreplace"), unfit.code, unfit.reason
    )
