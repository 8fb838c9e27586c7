"""Files that mean harm, or look as if they did, landed from end to end.

All of them are landed by one other process, which watches what it opens and how much memory it
takes. Each delivery also holds a good file of another export of the source, and of another source.
"""

import ctypes
import gc
import gzip
import io
import itertools
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipelines import landing
from pipelines.exports.files import FileRefused
from pipelines.settings import CHECKOUT
from tests.conftest import DAY, TestWarehouse

USERS, ACCOUNTS, QUERIED = "salesforce/user", "salesforce/account", "salesforce/user_query"
MARGINS = "reference/margins"
EXPORTS = (USERS, ACCOUNTS, QUERIED, MARGINS)

HEADER = b"Id,IsActive,Department\n"
ONE = b"0058a8888888888AAA,1,Care\n"
GOOD_ROWS = 200  # so that one bad row is within the limit of 2 %
SECRET = "what lies outside"

# Else freed memory stays with the process for ten seconds, and what one case left serves the next.
KEEPING_NO_MEMORY = {
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0",
    "MIMALLOC_PURGE_DELAY": "0",
}

MEMORY = 256 << 20
"""What landing any of these may take: some blocks of 16 MiB; the largest files hold twice this."""


def users(*last: bytes, good: int = GOOD_ROWS) -> bytes:
    """A `User.csv`: good rows, then the given bytes as they are."""
    rows = (b"0058a%010dAAA,1,Care\n" % number for number in range(good))
    return b"".join((HEADER, *rows, *last))


def member(name: str, content: bytes, mode: int = 0) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = mode << 16
    return info, content


def packed(*members: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writing:
        for info, content in members:
            writing.writestr(info, content)
    return archive.getvalue()


def file(name: str | bytes, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / os.fsdecode(name)).write_bytes(content) and None


def archive(*members: tuple[str, bytes] | tuple[str, bytes, int]) -> Callable[[Path], None]:
    return lambda folder: file("WE_1.ZIP", packed(*(member(*each) for each in members)))(folder)


def overlapping(folder: Path) -> None:
    """Two entries of the directory that name the same bytes."""
    with zipfile.ZipFile(folder / "WE_1.ZIP", "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr("User.csv", users())
        other = zipfile.ZipInfo("Other.csv")
        for name in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
            setattr(other, name, getattr(writing.infolist()[0], name))
        writing.filelist.append(other)


def large_gzip(folder: Path) -> None:
    with gzip.open(folder / "User.csv.gz", "wb") as writing:
        writing.write(HEADER)
        for _ in range(512):
            writing.write(bytes(1 << 20))


def large_archive(folder: Path) -> None:
    with (
        zipfile.ZipFile(folder / "WE_1.ZIP", "w", zipfile.ZIP_DEFLATED) as writing,
        writing.open("User.csv", "w") as stream,
    ):
        for _ in range(512):
            stream.write(bytes(1 << 20))


def large_cell(folder: Path) -> None:
    with (folder / "User.csv").open("wb") as writing:
        writing.write(users(b"0058a9999999999AAA,1,"))
        for _ in range(512):
            writing.write(b"x" * (1 << 20))
        writing.write(b"\n0058a9999999998AAA,1,Care\n")


PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def related(**parts: str) -> str:
    """The XML by which a part of a workbook names others: the kind of each, and where it is."""
    links = "".join(
        f'<Relationship Id="{kind}" Type="{KINDS}/{kind}" Target="{target}"/>'
        for kind, target in parts.items()
    )
    return f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>'


def workbook(
    sheet: Iterable[bytes], texts: Iterable[bytes] = (b"<sst/>",)
) -> Callable[[Path], None]:
    """A workbook of the XML of its worksheet and of its texts, in pieces that may be many."""
    parts = related(worksheet="sheet.xml", sharedStrings="texts.xml")
    main = (
        '<workbook xmlns:r="r"><sheets><sheet name="Users" r:id="worksheet"/></sheets></workbook>'
    )

    def put(folder: Path) -> None:
        with zipfile.ZipFile(folder / "User.xlsx", "w", zipfile.ZIP_DEFLATED) as writing:
            writing.writestr("_rels/.rels", related(officeDocument="xl/workbook.xml"))
            writing.writestr("xl/workbook.xml", main)
            writing.writestr("xl/_rels/workbook.xml.rels", parts)
            for name, pieces in (("sheet", sheet), ("texts", texts)):
                with writing.open(f"xl/{name}.xml", "w") as stream:
                    for piece in pieces:
                        stream.write(piece)

    return put


def cell(text: bytes) -> bytes:
    return b'<c t="inlineStr"><is><t>%s</t></is></c>' % text


def sheet(*rows: Iterable[bytes], last: Iterable[bytes] = ()) -> Iterator[bytes]:
    """A worksheet of the header, rows of texts, and then the given XML."""
    header = HEADER.strip().split(b",")
    written = (b"<row>" + b"".join(map(cell, row)) + b"</row>" for row in (header, *rows))
    yield from (b"<worksheet><sheetData>", *written)
    yield from last
    yield b"</sheetData></worksheet>"


def million(text: bytes, times: int) -> Iterator[bytes]:
    """So many million times the same, in pieces."""
    return itertools.repeat(text * 10_000, times * 100)


def many_texts(count: int) -> Iterator[bytes]:
    """Texts of 24 letters, no forty of which are the same, so that they don't shrink too much."""
    yield b"<sst>"
    for _ in range(count // 40):
        yield b"<si><t>%s</t></si>" % os.urandom(12).hex().encode() * 40
    yield b"</sst>"


def user_rows() -> list[tuple[bytes, ...]]:
    return [tuple(line.split(b",")) for line in users().splitlines()[1:]]


def link_to(target: str, name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).symlink_to(folder.parents[3] / target)


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "User.csv")


def unreadable(folder: Path) -> None:
    file("User.csv", users())(folder)
    (folder / "User.csv").chmod(0)


@dataclass(frozen=True)
class Hostile:
    """A delivery, and what must become of it.

    Attributes:
        put: writes the hostile files into the delivery's folder.
        refused: the code of the refusal, by export; the others land.
        rejected: row, column and code of each rejected user; None where users don't land.
        accepted: users that land.
        unread: names of files that no export reads, which a run tells.
        replace_at: put another file in the place of `User.csv` before it is opened for this time.
    """

    put: Callable[[Path], None]
    refused: Mapping[str, str] = field(default_factory=dict)
    rejected: tuple[tuple[int, str, str], ...] = ()
    accepted: int | None = None
    unread: tuple[str, ...] = ()
    replace_at: int | None = None


WARM_UP = "warm up"


def good_archive(folder: Path) -> None:
    archive(("User.csv", users()))(folder)
    file("query_User.csv", b"Id,IsActive\n0058a8888888888AAA,true\n")(folder)


def refusing_all(code: str) -> dict[str, str]:
    """An archive or a folder that can't be opened may hold any of the source's exports."""
    return dict.fromkeys((USERS, ACCOUNTS, QUERIED), code)


LAST = GOOD_ROWS + 2  # the row number behind the good ones

CASES = {
    # Archives
    "a bomb": Hostile(large_archive, refusing_all("archive_bomb")),
    "a gzipped bomb": Hostile(large_gzip, {USERS: "archive_bomb"}),
    "overlapping members": Hostile(overlapping, refusing_all("overlapping_members")),
    "an archive inside": Hostile(
        archive(("inner.zip", packed(member("User.csv", users())))), refusing_all("nested_archive")
    ),
    "a member above": Hostile(archive(("../User.csv", users())), {USERS: "outside_delivery"}),
    "a member far above": Hostile(
        archive(("a/../../../../User.csv", users())), {USERS: "outside_delivery"}
    ),
    "an absolute member": Hostile(archive(("/etc/User.csv", users())), {USERS: "outside_delivery"}),
    "a member on a drive": Hostile(
        archive(("C:\\exports\\User.csv", users())), {USERS: "outside_delivery"}
    ),
    "a member above by backslashes": Hostile(
        archive(("..\\User.csv", users())), {USERS: "outside_delivery"}
    ),
    "a member that is a link": Hostile(
        archive(("User.csv", b"/etc/passwd", stat.S_IFLNK | 0o777)), {USERS: "link"}
    ),
    "a member that is a device": Hostile(
        archive(("User.csv", b"", stat.S_IFCHR | 0o666)), {USERS: "not_a_file"}
    ),
    "an archive that is none": Hostile(file("WE_1.ZIP", users()), refusing_all("damaged_archive")),
    # What isn't a file, or can't be read
    "a link": Hostile(link_to("outside/User.csv", "User.csv"), {USERS: "link"}),
    "a link to an archive": Hostile(link_to("outside/WE_1.ZIP", "WE_1.ZIP"), refusing_all("link")),
    "a link to a folder": Hostile(link_to("outside", "more"), refusing_all("link")),
    "a link to nothing": Hostile(link_to("nowhere/User.csv", "User.csv"), {USERS: "link"}),
    "a pipe": Hostile(pipe, {USERS: "not_a_file"}),
    "an unreadable file": Hostile(unreadable, {USERS: "unreadable"}),
    # Names
    "a name of two lines": Hostile(
        file("forged line\nquery_User.csv", users()), {QUERIED: "unprintable_name"}
    ),
    "a name that is no text": Hostile(
        file(b"\xff_query_User.csv", users()), {QUERIED: "unprintable_name"}
    ),
    "a name in capitals": Hostile(file("USER.CSV", users()), accepted=GOOD_ROWS),
    "a name with markup": Hostile(file("[red]<b>User.csv", users()), unread=("[red]<b>User.csv",)),
    "a name that is an option": Hostile(file("--User.csv", users()), unread=("--User.csv",)),
    # A file that changes
    "replaced before it is opened": Hostile(
        file("User.csv", users()), {USERS: "changed_while_read"}, replace_at=2
    ),
    "replaced before its header is read": Hostile(
        file("User.csv", users()), {USERS: "changed_while_read"}, replace_at=4
    ),
    "replaced before its rows are read": Hostile(
        file("User.csv", users()), {USERS: "changed_while_read"}, replace_at=5
    ),
    # Headers
    "a million columns": Hostile(
        file("User.csv", b"," * 1_000_000 + b"\n"), {USERS: "too_many_columns"}
    ),
    "a million long labels": Hostile(
        file("User.csv", b",".join(b"column %d" % each for each in range(1_000_000)) + b"\n"),
        {USERS: "header_too_large"},
    ),
    "a header without end": Hostile(
        file("User.csv", b"x" * (64 << 20)), {USERS: "header_too_large"}
    ),
    "an unclosed quote in the header": Hostile(
        file("User.csv", b'"Id","IsActive\n' + ONE), {USERS: "unclosed_quote"}
    ),
    "equal labels": Hostile(file("User.csv", b"Id,IsActive,id\n" + ONE), {USERS: "equal_headers"}),
    "nothing but NUL bytes": Hostile(file("User.csv", bytes(1 << 20)), {USERS: "not_text"}),
    "no bytes": Hostile(file("User.csv", b""), {USERS: "empty_file"}),
    "no header": Hostile(file("User.csv", ONE), {USERS: "missing_column"}),
    # Rows
    "a cell of half a gigabyte": Hostile(
        large_cell, rejected=((LAST, "", "field_too_large"),), accepted=GOOD_ROWS + 1
    ),
    "a cell of megabytes": Hostile(
        file("User.csv", users(b'0058a9999999999AAA,1,"' + b"x\n" * (2 << 20) + b'"\n')),
        accepted=GOOD_ROWS + 1,
    ),
    "a NUL byte": Hostile(
        file("User.csv", users(b"0058a9999999999AAA,1,Ca\0re\n", ONE)),
        rejected=((LAST, "", "nul_byte"),),
        accepted=GOOD_ROWS + 1,
    ),
    "mixed line ends": Hostile(
        file(
            "User.csv", users(*(b"0058a999999999%dAAA,1,\r" % each for each in range(3)), b"\r\n")
        ),
        accepted=GOOD_ROWS + 3,
    ),
    "an unclosed quote": Hostile(
        file(
            "User.csv",
            HEADER + b'0058a9999999999AAA,1,"Care\n' + users().removeprefix(HEADER),
        ),
        rejected=((2, "", "unclosed_quote"),),
        accepted=GOOD_ROWS,
    ),
    "an unclosed quote at the end": Hostile(
        file("User.csv", users(b'0058a9999999999AAA,1,"Ca')),
        rejected=((LAST, "", "unclosed_quote"),),
        accepted=GOOD_ROWS,
    ),
    "a last record without all its cells": Hostile(
        file("User.csv", users(b"0058a9999999999AA")),
        rejected=((LAST, "", "wrong_width"),),
        accepted=GOOD_ROWS,
    ),
    "a row of a million cells": Hostile(
        file("User.csv", users(b"," * 1_000_000 + b"\n")),
        rejected=((LAST, "", "wrong_width"),),
        accepted=GOOD_ROWS,
    ),
    # Workbooks
    "a workbook": Hostile(workbook(sheet(*user_rows())), accepted=GOOD_ROWS),
    "a workbook that is a bomb": Hostile(
        workbook(itertools.repeat(bytes(1 << 20), 512)), {USERS: "archive_bomb"}
    ),
    "a workbook of entities": Hostile(
        workbook([b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet/>']),
        {USERS: "document_type"},
    ),
    "a workbook with a tag without end": Hostile(
        workbook(itertools.chain([b'<worksheet a="'], million(b"x", 60))),
        {USERS: "damaged_workbook"},
    ),
    "a workbook with a comment without end": Hostile(
        workbook(itertools.chain([b"<worksheet><!--"], million(b"x", 60))),
        {USERS: "damaged_workbook"},
    ),
    "a workbook of ten million nested tags": Hostile(
        workbook(million(b"<a>", 10)), {USERS: "damaged_workbook"}
    ),
    "a workbook of two million names": Hostile(
        workbook(sheet(last=(b"<a%d/>" % each for each in range(2_000_000)))),
        {USERS: "damaged_workbook"},
    ),
    "a workbook of ten million cells in a row": Hostile(
        workbook(sheet(last=itertools.chain([b"<row>"], million(b"<c/>", 10)))),
        {USERS: "damaged_workbook"},
    ),
    "a workbook of eight million rows": Hostile(
        workbook(sheet(last=million(b"<row/>", 8))), {USERS: "damaged_workbook"}
    ),
    "a workbook with a cell of megabytes": Hostile(
        workbook(sheet(*user_rows(), (b"x" * (16 << 20),))), {USERS: "field_too_large"}
    ),
    "a workbook of ten million texts": Hostile(
        workbook(sheet(), itertools.chain([b"<sst>"], million(b"<si/>", 10))),
        {USERS: "too_much_text"},
    ),
    "a workbook of as much text as may be": Hostile(
        workbook(sheet(*user_rows()), many_texts(3_800_000)), accepted=GOOD_ROWS
    ),
    "a workbook of more text than may be": Hostile(
        workbook(sheet(*user_rows()), many_texts(4_400_000)), {USERS: "too_much_text"}
    ),
    "a workbook with a cell in the last corner": Hostile(
        workbook(
            sheet(*user_rows(), last=[b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'])
        ),
        rejected=((1_048_576, "", "wrong_width"),),
        accepted=GOOD_ROWS,
    ),
    "a formula": Hostile(
        file("User.csv", users(b"0058a9999999999AAA,1,=cmd|' /C calc'!A0\n")),
        accepted=GOOD_ROWS + 1,
    ),
}


# The process that lands


class Watch:
    """What is opened meanwhile; audit hooks can't be taken away, so this one is switched."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, int]] = []
        self.is_on = False
        self.before: Callable[[str], None] = lambda name: None
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on or event != "open" or isinstance(arguments[0], int):
            return
        name = os.fsdecode(arguments[0])
        self.opened.append((name, arguments[2]))
        self.is_on = False  # what is done to the file is none of the pipeline's doing
        self.before(name)
        self.is_on = True


def land_every_case(root: Path) -> None:
    """Land all deliveries below a folder and print what became of each, a line of JSON."""
    landed(TestWarehouse(root / WARM_UP))  # what is imported once is imported by now
    watch = Watch()
    for name, case in CASES.items():
        warehouse = TestWarehouse(root / name)
        if case.replace_at is not None:
            watch.before = replacing(warehouse, case.replace_at)
        before = give_back_memory()
        watch.opened, watch.is_on = [], True
        outcome = landed(warehouse)
        watch.is_on, watch.before = False, lambda name: None
        outcome["opened"] = watch.opened
        outcome["memory"] = peak() - before
        outcome["unread"] = landing.unread_files(warehouse.home, "salesforce", DAY)
        print(json.dumps({"case": name, **outcome}), flush=True)


def landed(warehouse: TestWarehouse) -> dict[str, Any]:
    refused, accepted = {}, {}
    for name in EXPORTS:
        try:
            account = warehouse.land(name)
        except FileRefused as refusal:
            refused[name] = (refusal.code, str(refusal))
        else:
            accepted[name] = account.accepted if account else None
    reasons = warehouse.reasons(USERS) if accepted.get(USERS) else []
    return {"refused": refused, "accepted": accepted, "rejected": reasons}


def replacing(warehouse: TestWarehouse, time: int) -> Callable[[str], None]:
    """Before a file is opened for so many times, another one takes its place."""
    target = warehouse.home.landing / "salesforce" / DAY.isoformat() / "User.csv"
    times = 0

    def count(name: str) -> None:
        nonlocal times
        times += name == target.name
        if name == target.name and times == time:
            other = target.with_name("other")
            other.touch()
            other.write_bytes(target.read_bytes().replace(b"Care", b"Evil"))
            os.replace(other, target)

    return count


def peak() -> int:
    """The most memory this process has had since `give_back_memory`, in bytes.

    `resource` can't be used: what it tells begins with the peak of the process that started us.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) << 10


def give_back_memory() -> int:
    """Let go of what earlier cases have left to the allocators; the bytes held then."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


# The tests


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    root = tmp_path_factory.mktemp("hostile")
    (root / "outside").mkdir()
    (root / "outside" / "User.csv").write_bytes(users().replace(b"Care", SECRET.encode()))
    archive(("User.csv", users()))(root / "outside")
    account = "Id,IsDeleted,CreatedDate,SystemModstamp\n0018a0000000000AAA,0" + (
        ",2025-01-01 00:00:00" * 2
    )
    put = {WARM_UP: Hostile(good_archive), **CASES}
    for name, case in put.items():
        warehouse = TestWarehouse(root / name)
        warehouse.deliver(
            "reference", "margins.csv", "segment,product,margin,from\n,,0.4,2020-01-01\n"
        )
        good = warehouse.deliver("salesforce", "Account.csv", account)
        case.put(good.parent)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.exports.test_hostile", root],
        cwd=CHECKOUT,
        env={**os.environ, **KEEPING_NO_MEMORY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    for name in put:
        shutil.rmtree(root / name / "landing")  # pytest would keep half a gigabyte
    lines = (json.loads(line) for line in ran.stdout.splitlines())
    return root, {line.pop("case"): line for line in lines}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is asked of Linux and its C library")
class TestHostileFiles:
    @pytest.mark.parametrize("name", CASES)
    def test_it_is_refused_or_set_aside_and_the_good_files_land(
        self, outcomes: tuple[Path, dict[str, dict[str, Any]]], name: str
    ) -> None:
        if name == "an unreadable file" and os.geteuid() == 0:
            pytest.skip("root can read it")
        case, outcome = CASES[name], outcomes[1][name]
        assert {export: code for export, (code, _) in outcome["refused"].items()} == case.refused
        assert all(len(message.splitlines()) == 1 for _, message in outcome["refused"].values())
        expected = {USERS: case.accepted, ACCOUNTS: 1, QUERIED: None, MARGINS: 1}
        assert outcome["accepted"] == {
            export: count for export, count in expected.items() if export not in case.refused
        }
        assert [tuple(reason) for reason in outcome["rejected"]] == list(case.rejected)
        assert tuple(outcome["unread"]) == case.unread

    @pytest.mark.parametrize("name", CASES)
    def test_landing_it_takes_little_memory(
        self, outcomes: tuple[Path, dict[str, dict[str, Any]]], name: str
    ) -> None:
        assert outcomes[1][name]["memory"] < MEMORY

    @pytest.mark.parametrize("name", CASES)
    def test_nothing_outside_the_warehouse_is_opened(
        self, outcomes: tuple[Path, dict[str, dict[str, Any]]], name: str
    ) -> None:
        root, found = outcomes
        home = root / name
        opened = found[name]["opened"]
        assert opened
        for path, flags in opened:
            # A bare name is opened inside a folder that was opened before.
            inside = os.path.abspath(path) if os.sep in path else str(home / "landing" / path)
            assert Path(inside).is_relative_to(home), path
            if Path(inside).is_relative_to(home / "landing"):
                assert path != ".."
                assert flags & os.O_NOFOLLOW, path
        lake = b"".join(each.read_bytes() for each in home.rglob("*.parquet"))
        assert SECRET.encode() not in lake


if __name__ == "__main__":
    land_every_case(Path(sys.argv[1]))
