"""Which files a delivery holds, and how their bytes are read.

Here: listing a delivery folder, looking into archives, opening one file safely, its hash.
Not here: what the bytes mean (``text``), which export a file belongs to, and any writing.
Nothing is ever unpacked to disk, and no link is ever followed.
"""

import errno
import gzip
import hashlib
import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Any, BinaryIO, Self

READ_BYTES = 1 << 20

# Real exports shrink 5 to 30 times, one row repeated for ever about 200 times.
EXPANSION_LIMIT = 250
# Below this size a high ratio harms nobody.
EXPANSION_ALLOWED_BYTES = 64 << 20
EXPANDED_BYTES_LIMIT = 64 << 30
# A weekly CRM export with attachments has thousands of members, seldom tens of thousands.
MEMBER_LIMIT = 100_000
DIRECTORY_BYTES_LIMIT = 16 << 20

# A workbook has to be looked into here and there, so that one inside an archive is held in memory.
PACKAGE_BYTES_LIMIT = 64 << 20

_REMEMBERED_FILES = 4096
_MEMBER_HEADER_BYTES = 30
# Little, so that few rows of a workbook are made at once.
_PART_READ_BYTES = 64 << 10
_OLE_START = bytes.fromhex("d0cf11e0a1b11ae1")

_IGNORING_RULES = {
    "hidden_file": re.compile(r"\.[^.].*"),
    "archive_metadata": re.compile(r"__MACOSX"),
    "folder_settings": re.compile(r"thumbs\.db|desktop\.ini", re.IGNORECASE),
    "editor_file": re.compile(r"~\$.*|.*~|.*\.(?:tmp|swp|bak)", re.IGNORECASE),
    "unfinished_download": re.compile(r".*\.(?:part|partial|crdownload)", re.IGNORECASE),
}


class FileRefused(Exception):
    """A whole file that can't be read.

    Attributes:
        file: The file's name as people know it, relative to its delivery; a folder's ends in ``/``.
        code: The kind of refusal in snake_case, such as ``truncated_archive``.
        reason: What is wrong with the file; never holds the value of a cell.
        fix: What somebody can do about it.
    """

    def __init__(self, file: str, code: str, reason: str, fix: str) -> None:
        """Keep the parts; the message is one line, whatever the file is called."""
        self.file, self.code = printable(file), code
        self.reason, self.fix = printable(reason), printable(fix)
        super().__init__(f"{self.file}: {self.reason}. {self.fix}")

    def __reduce__(self) -> tuple[Any, ...]:
        """For other processes; by itself it would be made anew of its message alone."""
        return _refused_again, (type(self), self.args, self.__dict__)


def _refused_again(kind: type[FileRefused], message: Any, parts: dict[str, Any]) -> FileRefused:
    refused = kind.__new__(kind, *message)
    refused.__dict__.update(parts)
    return refused


@dataclass(frozen=True)
class IgnoredFile:
    """A file nobody delivered on purpose, and the named rule that leaves it out."""

    name: str
    rule: str


@dataclass(frozen=True)
class SourceFile:
    """One delivered file, or one member of a delivered archive.

    Attributes:
        path: Where the file, or the archive it is in, lies on disk.
        member: The member's name inside the archive; None for a file of its own.
        name: The name relative to the delivery folder, ``WE_x_1.ZIP/Case.csv`` for a member.
        size: Bytes; of a member as its archive declares them, of any other file as on disk.
        modified_ns: When the file on disk was last changed, in nanoseconds since 1970.
    """

    path: Path
    member: str | None
    name: str
    size: int
    modified_ns: int

    @property
    def label(self) -> str:
        """The bare file name that an export's patterns are matched with, without ``.gz``."""
        bare = self.name.replace("\\", "/").rsplit("/", 1)[-1]
        return unicodedata.normalize("NFC", bare[:-3] if self.is_gzip else bare)

    @property
    def is_gzip(self) -> bool:
        """Whether the file on disk is one gzipped file, by its name."""
        return self.member is None and self.name.lower().endswith(".gz")

    @property
    def is_workbook(self) -> bool:
        """Whether it is an Excel workbook, by its name."""
        return self.label.lower().endswith(".xlsx")

    def open(self) -> BinaryIO:
        """Stream the file's bytes, decompressed; its hash is known once they have all been read.

        Raises:
            FileRefused: The file is gone, a link, empty, damaged, grows out of all proportion
                or isn't the one that was listed; some of it only shows while reading.
        """
        with _refusing(self.name):
            stored = self.open_stored()
            try:
                return io.BufferedReader(_SourceStream(self, stored), READ_BYTES)
            except BaseException:
                stored.close()
                raise

    def open_stored(self) -> FileIO:
        """Open what lies on disk: the file as it is, or the archive it is in."""
        on_disk = self.name if self.member is None else self.name[: -len(self.member) - 1]
        return _open_inside(self.path, PurePosixPath(on_disk))

    def chunks(self) -> Iterator[bytes]:
        """Read the file's bytes, decompressed, some at a time.

        Raises:
            FileRefused: As ``open`` and reading do.
        """
        with self.open() as stream:
            while chunk := stream.read(READ_BYTES):
                yield chunk

    def sha256(self) -> str:
        """Hash the decompressed bytes; free if they were read and the file stays the same.

        Raises:
            FileRefused: As ``open`` and reading do.
        """
        if _hashes.get(self) is None:
            deque(self.chunks(), maxlen=0)
        known = _hashes.get(self)
        assert known is not None
        return known


@dataclass(frozen=True)
class Delivery:
    """What one delivery folder holds, each list in natural order: ``x_2`` before ``x_10``.

    Attributes:
        files: What can be opened.
        refused: What can't, one error each, so that one bad file doesn't hide the good ones.
        ignored: What nobody delivered on purpose.
    """

    files: list[SourceFile] = field(default_factory=list)
    refused: list[FileRefused] = field(default_factory=list)
    ignored: list[IgnoredFile] = field(default_factory=list)


def delivered_files(folder: Path) -> Delivery:
    """List everything below a delivery folder, looking into archives.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    os.stat(folder)
    delivery = Delivery()
    try:
        with _refusing(f"{folder.name}/"):
            os.close(_open_folder(folder))
    except FileRefused as refused:
        delivery.refused.append(refused)
        return delivery
    for relative in _walk(folder, delivery):
        name = str(relative)
        try:
            with _refusing(name):
                _list_file(folder / relative, name, delivery)
        except FileRefused as refused:
            delivery.refused.append(refused)
    delivery.files.sort(key=lambda file: _natural_order(file.name))
    delivery.refused.sort(key=lambda refused: _natural_order(refused.file))
    delivery.ignored.sort(key=lambda ignored: _natural_order(ignored.name))
    return delivery


def _walk(folder: Path, delivery: Delivery) -> Iterator[PurePosixPath]:
    pending = [PurePosixPath()]
    while pending:
        below = pending.pop()
        try:
            with _refusing(f"{below}/"), os.scandir(folder / below) as scan:
                entries = list(scan)
        except FileRefused as refused:
            delivery.refused.append(refused)
            continue
        for entry in entries:
            relative = below / entry.name
            if rule := ignoring_rule(entry.name):
                delivery.ignored.append(IgnoredFile(printable(str(relative)), rule))
            elif entry.is_dir(follow_symlinks=False):
                pending.append(relative)
            else:
                yield relative


def _list_file(path: Path, name: str, delivery: Delivery) -> None:
    _require_printable(name)
    # Merely opening a device can do something, so ask first.
    mode = os.stat(path, follow_symlinks=False).st_mode
    _require_regular(f"{name}/" if stat.S_ISLNK(mode) and path.is_dir() else name, mode)
    with _open_inside(path, PurePosixPath(name)) as stored:
        status = os.fstat(stored.fileno())
        file = SourceFile(path, None, name, status.st_size, status.st_mtime_ns)
        if not name.lower().endswith(".zip"):
            delivery.files.append(file)
            return
        if file.size == 0:
            raise _empty(name)
        with _refusing_damage(name), _open_archive(name, stored) as archive:
            _list_members(file, stored, archive, delivery)


def ignoring_rule(name: str) -> str | None:
    """The named rule by which nobody delivered a file or folder of this name on purpose."""
    return next((rule for rule, names in _IGNORING_RULES.items() if names.fullmatch(name)), None)


def _natural_order(name: str) -> list[tuple[int, str]]:
    """Order numbers by value: fewer digits first, after leading zeros are gone."""
    pieces = re.split(r"([0-9]+)", name)
    numbers = [piece.lstrip("0") for piece in pieces[1::2]]
    pieces[1::2] = numbers
    ordered = [
        (len(piece), piece) if index % 2 else (0, piece) for index, piece in enumerate(pieces)
    ]
    return [*ordered, (0, name)]


# Archives


def _open_archive(name: str, stored: BinaryIO) -> zipfile.ZipFile:
    starts_like_one = stored.read(4) == b"PK\x03\x04"
    try:
        return zipfile.ZipFile(_ArchiveBytes(name, stored))
    except zipfile.BadZipFile:
        if starts_like_one:
            raise _truncated(name) from None
        raise


def _require_bearable(
    name: str, stored: BinaryIO, archive: zipfile.ZipFile, size: int
) -> list[zipfile.ZipInfo]:
    """The members of an archive that neither are too many, grow too much nor share bytes."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MEMBER_LIMIT:
        raise _too_many_members(name)
    if _grows_too_much(sum(member.file_size for member in members), size):
        raise _bomb(name)
    _require_disjoint(name, stored, archive.start_dir, members)
    return members


def _list_members(
    file: SourceFile, stored: BinaryIO, archive: zipfile.ZipFile, delivery: Delivery
) -> None:
    members = _require_bearable(file.name, stored, archive, file.size)
    seen: set[str] = set()
    for member in members:
        name = f"{file.name}/{member.filename}"
        parts = member.filename.replace("\\", "/").split("/")
        if rule := next(filter(None, map(ignoring_rule, parts)), None):
            delivery.ignored.append(IgnoredFile(printable(name), rule))
            continue
        try:
            _require_readable_member(name, member, parts, seen)
        except FileRefused as refused:
            delivery.refused.append(refused)
            continue
        seen.add(member.filename)
        delivery.files.append(
            SourceFile(file.path, member.filename, name, member.file_size, file.modified_ns)
        )


def _require_readable_member(
    name: str, member: zipfile.ZipInfo, parts: list[str], seen: set[str]
) -> None:
    _require_printable(name)
    mode_on_unix = member.external_attr >> 16 if member.create_system == 3 else 0
    if ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:", parts[0]):
        raise FileRefused(
            name,
            "outside_delivery",
            "its name points out of the archive",
            "Pack the archive again with plain relative names.",
        )
    if stat.S_IFMT(mode_on_unix):
        _require_regular(name, mode_on_unix)
    if member.flag_bits & 0x1:
        raise FileRefused(
            name, "encrypted", "it is encrypted", "Deliver the archive without a password."
        )
    if parts[-1].lower().endswith((".zip", ".gz")):
        raise FileRefused(
            name,
            "nested_archive",
            "it is an archive inside an archive",
            "Deliver the inner archive by itself.",
        )
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _unknown_compression(name)
    if _grows_too_much(member.file_size, member.compress_size):
        raise _bomb(name)
    if member.filename in seen:
        raise FileRefused(
            name,
            "equal_members",
            "the archive holds another file of this name",
            "Pack the archive again with each name once.",
        )


def _require_disjoint(
    name: str, stored: BinaryIO, directory_start: int, members: list[zipfile.ZipInfo]
) -> None:
    """Refuse members that share bytes, which ``zipfile`` before 3.11.8 reads without a word."""
    reached = 0
    for member in sorted(members, key=lambda each: each.header_offset):
        if member.header_offset < reached:
            raise FileRefused(
                name,
                "overlapping_members",
                "its members share the same bytes",
                "Export again at the vendor; no honest archive looks like this.",
            )
        stored.seek(member.header_offset)
        name_bytes, extra_bytes = struct.unpack(
            "<HH", stored.read(_MEMBER_HEADER_BYTES)[_MEMBER_HEADER_BYTES - 4 :]
        )
        reached = (
            member.header_offset
            + _MEMBER_HEADER_BYTES
            + name_bytes
            + extra_bytes
            + member.compress_size
        )
    if reached > directory_start:
        raise zipfile.BadZipFile("a member runs into the directory")


def _grows_too_much(expanded: int, packed: int) -> bool:
    return expanded > EXPANDED_BYTES_LIMIT or (
        expanded > EXPANSION_ALLOWED_BYTES and expanded > packed * EXPANSION_LIMIT
    )


class _ArchiveBytes(io.RawIOBase):
    """An archive's bytes for ``zipfile``, which reads the list of members in one go.

    Nothing else is read in pieces as big, so a list of absurd length is refused here.
    """

    def __init__(self, name: str, stored: BinaryIO) -> None:
        self._name, self._stored = name, stored

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._stored.seek(offset, whence)

    def tell(self) -> int:
        return self._stored.tell()

    def read(self, size: int = -1, /) -> bytes:
        if size > DIRECTORY_BYTES_LIMIT:
            raise _too_many_members(self._name)
        return self._stored.read(size)


# Opening


class _SourceStream(io.RawIOBase):
    """One file's decompressed bytes, watched: caps hold, and nobody changes it meanwhile."""

    def __init__(self, file: SourceFile, stored: BinaryIO) -> None:
        self._file, self._stored = file, stored
        self._status = os.fstat(stored.fileno())
        self._total = 0
        self._digest = hashlib.sha256() if _hashes.get(file) is None else None
        if self._status.st_mtime_ns != file.modified_ns:
            raise _changed(file.name)
        self._bytes: BinaryIO = stored
        if file.member is not None:
            with _refusing_damage(file.name):
                archive = _open_archive(file.name, stored)
                self._bytes = archive.open(file.member)  # type: ignore[assignment]
        elif self._status.st_size != file.size:
            raise _changed(file.name)
        elif file.is_gzip and file.size:
            self._bytes = gzip.GzipFile(fileobj=stored)  # type: ignore[assignment]

    def readable(self) -> bool:
        return True

    def readinto(self, view: memoryview, /) -> int:  # type: ignore[override]
        with _refusing(self._file.name):
            if self._bytes is self._stored:
                count: int = self._stored.readinto(view)  # type: ignore[attr-defined]
            else:
                with _refusing_damage(self._file.name):
                    piece = self._bytes.read(min(len(view), READ_BYTES))
                count = len(piece)
                view[:count] = piece
            self._total += count
            if self._digest:
                self._digest.update(view[:count])
            if not count:
                self._require_whole()
                if self._digest:
                    _hashes.put(self._file, self._digest.hexdigest())
            if self._file.is_gzip and _grows_too_much(self._total, self._file.size):
                raise _bomb(self._file.name)
        return count

    def _require_whole(self) -> None:
        now, before = os.fstat(self._stored.fileno()), self._status
        if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise _changed(self._file.name)
        if self._total == 0:
            raise _empty(self._file.name)

    def close(self) -> None:
        if not self.closed:
            self._bytes.close()
            self._stored.close()
        super().close()


class Package:
    """A file that is an archive in itself, as a workbook is; its parts are streamed."""

    def __init__(self, file: SourceFile) -> None:
        """Look into the file.

        Raises:
            FileRefused: It is gone, no such archive, damaged, encrypted, or holds a part that may
                not be read.
        """
        self._file, self._name = file, file.name
        with _refusing(file.name), _refusing_damage(file.name):
            self._stored = _seekable(file)
            try:
                self._require_archive()
                self._archive = _open_archive(file.name, self._stored)
                size = self._stored.seek(0, os.SEEK_END)
                seen: set[str] = set()
                for part in _require_bearable(file.name, self._stored, self._archive, size):
                    name = f"{file.name}/{part.filename}"
                    _require_readable_member(name, part, part.filename.split("/"), seen)
                    seen.add(part.filename)
            except BaseException:
                self._stored.close()
                raise
        # Their names are compared without regard to case.
        self._parts = {name.casefold(): name for name in seen}

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the file."""
        self._archive.close()
        self._stored.close()

    def __contains__(self, part: str) -> bool:
        """Whether there is such a part."""
        return part.casefold() in self._parts

    def chunks(self, part: str) -> Iterator[bytes]:
        """Read a part, some of it at a time.

        Raises:
            FileRefused: It is damaged, which only shows while it is read.
        """
        with (
            _refusing(self._name),
            _refusing_damage(self._name),
            self._archive.open(self._parts[part.casefold()]) as stream,
        ):
            while chunk := stream.read(_PART_READ_BYTES):
                yield chunk
        if isinstance(self._stored, FileIO):
            now = os.fstat(self._stored.fileno())
            if (now.st_size, now.st_mtime_ns) != (self._file.size, self._file.modified_ns):
                raise _changed(self._name)

    def _require_archive(self) -> None:
        start = self._stored.read(8)
        self._stored.seek(0)
        if not start:
            raise _empty(self._name)
        if start.startswith(_OLE_START):
            raise FileRefused(
                self._name,
                "encrypted",
                "it is a workbook with a password, or one of Excel before 2007",
                "Save it as .xlsx without a password.",
            )
        if not start.startswith(b"PK"):
            raise FileRefused(
                self._name,
                "not_a_workbook",
                "it is no workbook, whatever its name says",
                "Deliver it under the name of what it is, such as .csv, or save it as .xlsx.",
            )


def _seekable(file: SourceFile) -> BinaryIO:
    """A file's bytes, decompressed, to go back and forth in."""
    if file.member is None and not file.is_gzip:
        stored = file.open_stored()
        status = os.fstat(stored.fileno())
        if (status.st_size, status.st_mtime_ns) != (file.size, file.modified_ns):
            stored.close()
            raise _changed(file.name)
        return stored
    held = io.BytesIO()
    for chunk in file.chunks():
        held.write(chunk)
        if held.tell() > PACKAGE_BYTES_LIMIT:
            raise FileRefused(
                file.name,
                "workbook_too_large",
                f"it is a workbook of over {PACKAGE_BYTES_LIMIT >> 20} MiB inside an archive",
                "Deliver the workbook by itself.",
            )
    held.seek(0)
    return held


class FileNotes:
    """Something that was found out of each of the files seen last, so that nobody looks again."""

    def __init__(self, limit: int = _REMEMBERED_FILES) -> None:
        """Begin with nothing known, and never know more files than the limit."""
        self._limit, self._lock = limit, Lock()
        self._known: OrderedDict[SourceFile, str] = OrderedDict()

    def get(self, file: SourceFile) -> str | None:
        """What was found out of a file, if anything was."""
        with self._lock:
            return self._known.get(file)

    def put(self, file: SourceFile, found: str) -> None:
        """Remember what was found out of a file."""
        with self._lock:
            self._known[file] = found
            if len(self._known) > self._limit:
                self._known.popitem(last=False)


_hashes = FileNotes()


def _open_folder(name: str | Path, inside: int | None = None) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, dir_fd=inside)


def _open_inside(path: Path, relative: PurePosixPath) -> FileIO:
    """Open a file below its delivery folder step by step, so that no step can be a link."""
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        raise FileRefused(
            str(relative),
            "outside_delivery",
            "its name points out of its delivery",
            "Put the file into the delivery folder.",
        )
    folder = _open_folder(path.parents[len(relative.parts) - 1])
    try:
        for part in relative.parts[:-1]:
            inner = _open_folder(part, inside=folder)
            os.close(folder)
            folder = inner
        # Without O_NONBLOCK a pipe put in the file's place would keep us waiting for ever.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(relative.parts[-1], flags, dir_fd=folder)
    finally:
        os.close(folder)
    stored = os.fdopen(descriptor, "rb", buffering=0)
    try:
        _require_regular(str(relative), os.fstat(descriptor).st_mode)
    except FileRefused:
        stored.close()
        raise
    return stored


# Refusals


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn what the system says about a file into a refusal of that file."""
    try:
        yield
    except OSError as error:
        # Where O_DIRECTORY and O_NOFOLLOW meet a link, systems differ in what they say.
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
            raise _link(name) from None
        if error.errno == errno.ENOENT:
            raise FileRefused(
                name, "vanished", "it is no longer there", "Deliver it again."
            ) from None
        raise FileRefused(
            name,
            "unreadable",
            f"it can't be read ({os.strerror(error.errno or 0)})",
            "Let the account that runs the pipeline read it.",
        ) from None


@contextmanager
def _refusing_damage(name: str) -> Iterator[None]:
    """Turn what a decompressor says about a file into a refusal of that file."""
    try:
        yield
    except EOFError:
        raise _truncated(name) from None
    except NotImplementedError:
        raise _unknown_compression(name) from None
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, struct.error, ValueError) as error:
        raise FileRefused(
            name,
            "damaged_archive",
            f"the archive is damaged ({type(error).__name__})",
            "Download or copy it again.",
        ) from None


def _require_printable(name: str) -> None:
    if printable(name) != name:
        raise FileRefused(
            name, "unprintable_name", "its name can't be written as text", "Rename the file."
        )


def _require_regular(name: str, mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise _link(name)
    if not stat.S_ISREG(mode):
        raise FileRefused(
            name, "not_a_file", "it is neither a file nor a folder", "Deliver an ordinary file."
        )


def printable(text: str) -> str:
    """Replace what would break a line or can't be encoded."""
    unprintable = {"Cc", "Cs", "Zl", "Zp"}
    return "".join("�" if unicodedata.category(each) in unprintable else each for each in text)


def _link(name: str) -> FileRefused:
    return FileRefused(name, "link", "it is a link, or lies behind one", "Deliver the file itself.")


def _empty(name: str) -> FileRefused:
    return FileRefused(name, "empty_file", "it has no bytes, not even a header", "Export it again.")


def _changed(name: str) -> FileRefused:
    return FileRefused(
        name,
        "changed_while_read",
        "it changed after it was listed",
        "Run again when the delivery is complete.",
    )


def _truncated(name: str) -> FileRefused:
    return FileRefused(
        name, "truncated_archive", "the archive ends too early", "Download or copy it again."
    )


def _bomb(name: str) -> FileRefused:
    return FileRefused(
        name,
        "archive_bomb",
        f"it unpacks to over {EXPANSION_LIMIT} times its size, or over "
        f"{EXPANDED_BYTES_LIMIT >> 30} GiB",
        "If it is honest, unpack it and deliver the files themselves.",
    )


def _too_many_members(name: str) -> FileRefused:
    return FileRefused(
        name,
        "too_many_members",
        f"the archive lists more than {MEMBER_LIMIT} members, or their list is too long",
        "Deliver it in several archives.",
    )


def _unknown_compression(name: str) -> FileRefused:
    return FileRefused(
        name,
        "unknown_compression",
        "it is packed in a way that can't be read here; only deflate can",
        "Unpack it and deliver the files themselves.",
    )
