"""One JSON document that holds a list of objects: one row per object, numbered from 1.

The list is the document itself, or a field of it (`{"responses": […]}`). The document is streamed:
each object is cut out of it and read by itself, as a line of `json_lines` is, so that one that
can't be a row is set aside. Where the document itself breaks off or is malformed, nobody knows what
is missing, and it is refused.
"""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from pipelines.exports.files import FileRefused, SourceFile
from pipelines.exports.json_lines import BYTE_ORDER_MARK, JsonText
from pipelines.exports.text import RECORD_BYTES_LIMIT

READ_BYTES = 1 << 20
DEPTH_LIMIT = 32

_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_SCALAR = rb'[^"{}\[\],:\s]++'


def _nested(depth: int) -> bytes:
    """Matches an object or list; which bracket closes which is left to who reads it."""
    inner = rb"|" + _nested(depth - 1) if depth else b""
    return rb'[{\[](?:[^"{}\[\]]++|%b%b)*+[}\]]' % (_STRING, inner)


_VALUE = re.compile(rb"%b|%b|%b" % (_STRING, _SCALAR, _nested(DEPTH_LIMIT)), re.DOTALL)


def listed(file: SourceFile, field: str | None = None) -> Iterator[JsonText]:
    """The entries of a file's list, in order and in bounded memory.

    Args:
        file: the file.
        field: the field that holds the list, where the document is an object.

    Raises:
        FileRefused: the document isn't sound, or has no such list.
    """
    with file.open() as stream:
        document = _Document(file, stream)
        opening = document.peek()
        if opening == b"[":
            yield from document.entries()
        elif opening == b"{" and field is not None:
            yield from _entries_of(document, file, field)
        else:
            document.refuse_sign()
        if document.peek():
            document.refuse_sign()


def _entries_of(document: "_Document", file: SourceFile, field: str) -> Iterator[JsonText]:
    is_found = False
    for _ in document.members(b"}"):
        name = document.value()
        if not name.startswith(b'"') or document.peek() != b":":
            document.refuse_sign()
        document.skip()
        if _is_text(name, field) and document.peek() == b"[":
            if is_found:
                raise FileRefused(
                    file.name,
                    "repeated_field",
                    f"it has two lists {field!r}, of which one would silently win",
                    "Deliver them as two files.",
                )
            is_found = True
            yield from document.entries()
        else:
            document.value()
    if not is_found:
        raise FileRefused(
            file.name,
            "no_list",
            f"it is JSON, but has no list {field!r}",
            "Export the responses again as JSON, whole.",
        )


def _is_text(name: bytes, text: str) -> bool:
    try:
        return bool(json.loads(name) == text)
    except ValueError:
        return False


class _Document:
    """A JSON text, read from its beginning to its end; of it only what isn't read yet is held."""

    def __init__(self, file: SourceFile, stream: BinaryIO) -> None:
        self._file, self._stream = file, stream
        self._number = 0
        self._buffer = stream.read(len(BYTE_ORDER_MARK)).removeprefix(BYTE_ORDER_MARK)
        self._at = 0
        self._is_ended = False

    def peek(self) -> bytes:
        """The next sign that isn't a space; none at the end."""
        while True:
            found = _SPACE.match(self._buffer, self._at)
            assert found is not None, "even nothing is a space"
            self._at = found.end()
            if self._at < len(self._buffer) or self._is_ended:
                return self._buffer[self._at : self._at + 1]
            self._read_on()

    def skip(self) -> None:
        """Leave out the next sign."""
        self._at += 1

    def members(self, closing: bytes) -> Iterator[None]:
        """Go from member to member of an object or list; each has to be read meanwhile."""
        self.skip()
        if self.peek() == closing:
            self.skip()
            return
        while True:
            yield
            sign = self.peek()
            if sign not in (b",", closing):
                self.refuse_sign()
            self.skip()
            if sign == closing:
                return

    def entries(self) -> Iterator[JsonText]:
        """The values of a list."""
        for _ in self.members(b"]"):
            self._number += 1
            yield JsonText(self._number, self.value(), True)

    def value(self) -> bytes:
        """The next value as it stands."""
        self.peek()
        while True:
            found = _VALUE.match(self._buffer, self._at)
            # A number at the very end may go on.
            if found and (found.end() < len(self._buffer) or self._is_ended):
                self._at = found.end()
                return found.group()
            held = len(self._buffer) - self._at
            if self._is_ended and self._buffer[self._at : self._at + 1] in (b"{", b"[", b'"'):
                raise self._broken_off()
            if self._is_ended or (held and self._buffer[self._at] in b",:]}"):
                self.refuse_sign()
            if held > RECORD_BYTES_LIMIT:
                raise FileRefused(
                    self._file.name,
                    "field_too_large",
                    f"entry {max(self._number, 1):,} of its list is malformed, over "
                    f"{RECORD_BYTES_LIMIT >> 20} MiB, or nested over {DEPTH_LIMIT} times",
                    "Export it again; free texts and files belong elsewhere.",
                )
            self._read_on(held)

    def refuse_sign(self) -> None:
        """Refuse the document for what comes next, or doesn't."""
        if not self.peek():
            raise self._broken_off()
        raise FileRefused(
            self._file.name,
            "damaged_json",
            f"it is no list of JSON objects {self._place}",
            "Export it again as JSON in UTF-8, whole and unchanged.",
        )

    @property
    def _place(self) -> str:
        return f"at entry {self._number:,} or behind it" if self._number else "at its beginning"

    def _broken_off(self) -> FileRefused:
        return FileRefused(
            self._file.name,
            "truncated_json",
            f"its JSON breaks off {self._place}, or is nested over {DEPTH_LIMIT} times there",
            "Download or copy it again.",
        )

    def _read_on(self, at_least: int = 0) -> None:
        """Let go of what was read, and read on; as much again, for a value is looked at anew."""
        pieces, wanted = [self._buffer[self._at :]], max(READ_BYTES, at_least)
        while wanted > 0 and (chunk := self._stream.read(wanted)):
            pieces.append(chunk)
            wanted -= len(chunk)
        self._is_ended = wanted > 0
        self._buffer, self._at = b"".join(pieces), 0
