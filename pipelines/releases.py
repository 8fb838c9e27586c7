"""Releases: the audited, read-only DuckDB files that BI tools open, and which of them is current.

Belongs here: the lock of a run, the audit for personal data, copying the allow-listed marts of a
build into a new release, moving the `current.duckdb` link, going back, and clearing out old files.
Does not belong here: which marts are on the allow-list, whether the build's tests passed, Dagster.

Readers are never locked out and never see half a release: a release is written under a temporary
name, compared with its build, renamed to a path that was never used before, and only then does
`warehouse/current.duckdb`, a relative symbolic link, move to it in one step.
"""

import contextlib
import fcntl
import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal, NamedTuple

import duckdb

FEWEST_RELEASES = 3
"""A reader that has just resolved the link still has to open the file. With no old release kept,
6.7 % of the reads during publishing failed; with old ones kept, none."""

_RELEASE_FILE = re.compile(r"(\d{6,})\.duckdb")
_LEFTOVER = re.compile(r"\d{6,}\.tmp(\.wal)?|\d{6,}\.spill\.tmp")
_OWN_TABLES = ("release_info", "release_tables")


class ReleaseError(Exception):
    """Something about a build, a release or the lock is wrong; names the file and the fix."""


class AlreadyRunning(ReleaseError):
    """Another process holds the lock of this warehouse."""


class LockLost(ReleaseError):
    """The run no longer holds the lock, so that another one may be publishing."""


class DamagedRelease(ReleaseError):
    """A release file can't be read, or does not hold what it held when it was published."""


class AuditFailed(ReleaseError):
    """The build holds what a release must not; `findings` has one entry per column and kind."""

    def __init__(self, build: Path, findings: "Sequence[AuditFinding]") -> None:
        """Name the build and list the findings, one a line."""
        self.findings = list(findings)
        lines = "\n".join(f"  {finding}" for finding in self.findings)
        super().__init__(
            f"{build}: not published, {len(self.findings)} finding(s) of the audit:\n{lines}\n"
            "Take these columns out of the marts, or mark their fields as personal in the contract."
        )


# --- The lock of a run --------------------------------------------------------------------------


class RunLock:
    """The exclusive lock on one warehouse, held by this process; made by `run_lock`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Take over an open file that is locked already."""
        self.path = path
        self._descriptor: int | None = descriptor
        self._holders = 0

    def still_held(self) -> bool:
        """Whether the lock file on disk is still the one that this process has locked."""
        if self._descriptor is None:
            return False
        try:
            if not os.path.samestat(os.fstat(self._descriptor), os.stat(self.path)):
                return False
            # Locking again what one holds changes nothing; it fails if somebody else got it.
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _release(self) -> None:
        if self._descriptor is None:
            return
        os.ftruncate(self._descriptor, 0)
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._abandon()

    def _abandon(self) -> None:
        """Close the file without unlocking it: in a forked child the lock is the parent's."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


_held: dict[Path, RunLock] = {}
_guard = threading.Lock()


@contextmanager
def run_lock(home: Path) -> Iterator[RunLock]:
    """Hold the exclusive lock of the warehouse under `home` for the length of a run.

    Within one process the lock can be taken any number of times, by any thread: a run and its
    steps count as one holder, and the last to leave releases it. The kernel drops it when the
    process ends, however it ends. Child processes never have it.

    Args:
        home: The CX_HOME folder; `warehouse/` is made in it if need be.

    Raises:
        AlreadyRunning: Another process holds it; says which and since when.
        ReleaseError: The lock file can't be opened or locked at all.
    """
    path = home.resolve() / "warehouse" / "lock"
    with _guard:
        lock = _held.get(path)
        if lock is None:
            lock = _held[path] = _take_lock(path)
        lock._holders += 1
    try:
        yield lock
    finally:
        with _guard:
            lock._holders -= 1
            # In a forked child the registry is not the one this lock was entered in.
            if lock._holders == 0 and _held.get(path) is lock:
                del _held[path]
                lock._release()


def _take_lock(path: Path) -> RunLock:
    _make_folder(path.parent)
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise ReleaseError(
                f"{path}: the lock file can't be opened ({error.strerror}); "
                "it must be a plain file that this user may write"
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(descriptor), os.stat(path)):
                os.close(descriptor)
                continue
            os.fchmod(descriptor, 0o600)
            since = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} since {since}\n".encode(), 0)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise AlreadyRunning(
                f"{path}: a run is going on ({holder or 'a process that has just begun'}). "
                "Wait for it to end, or stop that process, then run again; "
                "deleting the lock file does not help"
            ) from None
        except FileNotFoundError:
            os.close(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise ReleaseError(
                f"{path}: can't be locked ({error.strerror}); "
                "put CX_HOME on a file system that supports flock"
            ) from None
        else:
            return RunLock(path, descriptor)


def _forget_locks_of_parent() -> None:
    for lock in _held.values():
        lock._abandon()
    _held.clear()
    _guard.release()


# Files are closed on exec by default; a fork without exec would keep a killed run's lock alive.
os.register_at_fork(
    before=_guard.acquire,
    after_in_parent=_guard.release,
    after_in_child=_forget_locks_of_parent,
)


def _require_lock(lock: RunLock, home: Path) -> None:
    if lock.path != home.resolve() / "warehouse" / "lock":
        raise ReleaseError(f"{lock.path}: this is the lock of another warehouse than {home}")
    if not lock.still_held():
        raise LockLost(
            f"{lock.path}: this run no longer holds the lock, so another one may be publishing; "
            "nothing was published. Run again"
        )


# --- Releases -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class TableFacts:
    """What identifies a table's content, whatever the order of its rows.

    The checksum is `sum(hash(hash(t)))` modulo 2^64. Those of different DuckDB versions can't be
    compared.
    """

    rows: int
    checksum: int


@dataclass(frozen=True)
class Release:
    """One published file.

    Attributes:
        seq: Its number; higher is newer, and no number is used twice.
        path: The file itself, not the `current.duckdb` link.
        as_of: The date whose knowledge it holds.
        published_at: When it was written, in UTC.
        run_id: The run that made it.
        is_degraded: Whether some export failed, so that its last good deliveries were used.
        stale_exports: The names of those exports.
        tables: Rows and checksum per mart.
        bytes: Size of the file.
        is_current: Whether `current.duckdb` pointed to it when it was looked at.
        is_new: Whether the `publish` that returned it wrote it; otherwise nothing had changed.
    """

    seq: int
    path: Path
    as_of: date
    published_at: datetime
    run_id: str
    is_degraded: bool
    stale_exports: list[str]
    tables: dict[str, TableFacts]
    bytes: int
    is_current: bool
    is_new: bool = False


def publish(
    home: Path,
    build: Path,
    *,
    marts: Sequence[str],
    lock: RunLock,
    as_of: date,
    run_id: str,
    published_at: datetime,
    stale_exports: Sequence[str] = (),
    schema: str = "marts",
    keep: int = 5,
) -> Release:
    """Audit a build, copy its marts into a new release and make that the current one.

    When the marts, `as_of` and `stale_exports` are those of the current release, nothing is
    written and that release is returned with `is_new=False`. Until the link moves, which is the
    last step, a failure or a kill leaves `current.duckdb` as it was.

    Args:
        home: The CX_HOME folder.
        build: The DuckDB file that dbt wrote; nobody may be writing to it.
        marts: The allow-list: the tables of `schema` that go into the release, in this order.
        lock: The lock of this warehouse, from `run_lock`.
        as_of: The date whose knowledge the build holds.
        run_id: What the run is called.
        published_at: The present moment, with a time zone.
        stale_exports: Exports that failed, for which older deliveries were used.
        schema: Where the marts are in the build. In the release they are in `main`.
        keep: How many releases stay, this one included; at least three.

    Raises:
        AuditFailed: The marts hold what must not be published.
        LockLost: This run no longer holds the lock.
        ReleaseError: A mart is missing, the build can't be read, the copy differs from it, the
            disk is full, `keep` is too small.
    """
    if keep < FEWEST_RELEASES:
        raise ReleaseError(
            f"keep={keep}: at least {FEWEST_RELEASES} releases are kept, so that nobody's file "
            "disappears between looking it up and opening it"
        )
    if published_at.tzinfo is None:
        raise ReleaseError(f"published_at={published_at}: needs a time zone, such as UTC")
    _require_lock(lock, home)
    _refuse_a_plain_current_file(home)
    releases = _make_folder(_releases_folder(home))
    seq = _largest_seq(home) + 1
    _remove_leftovers(releases)
    stale = sorted(set(stale_exports))

    is_new = False
    try:
        with _reading(build, "build", spill=releases / f"{seq:06d}.spill.tmp") as connection:
            _require_marts(connection, build, schema, marts)
            if findings := _audit(connection, schema, marts):
                raise AuditFailed(build, findings)
            facts = _table_facts(connection, "build", schema, marts)
            shapes = _table_shapes(connection, "build", schema, marts)
            if not _is_current(home, facts, shapes, as_of, stale):
                is_new = True
                _keep_seq(releases, seq)
                temporary = releases / f"{seq:06d}.tmp"
                moment = published_at.astimezone(UTC).replace(tzinfo=None)
                info = _Info(seq, as_of, moment, run_id, stale)
                try:
                    _copy(connection, schema, temporary, facts, shapes, info)
                    _require_faithful_copy(temporary, build, facts, shapes)
                except duckdb.Error as error:
                    raise ReleaseError(
                        f"{temporary}: can't be written, {_first_line(error)}; "
                        "is there room on the disk?"
                    ) from None
                _sync(temporary)
                temporary.chmod(0o440)
                path = releases / f"{seq:06d}.duckdb"
                if path.exists():
                    raise ReleaseError(f"{path}: exists already, a path is never used twice")
                _require_lock(lock, home)
                temporary.rename(path)
                _sync(releases)
                _make_current(home, path)
    finally:
        _remove_leftovers(releases)

    current = current_release(home)
    if current is None:
        raise ReleaseError(f"{_current_link(home)}: vanished while this run was publishing")
    _prune_releases(home, current.path, keep)
    return replace(current, is_new=is_new)


def list_releases(home: Path) -> list[Release]:
    """The releases that can be read, newest first; see `damaged_releases` for the others."""
    releases = []
    for path in _release_paths(home):
        with contextlib.suppress(DamagedRelease):
            releases.append(_read_release(home, path))
    return releases


def damaged_releases(home: Path) -> list[Path]:
    """The release files that can't be opened or don't say what they hold, newest first."""
    damaged = []
    for path in _release_paths(home):
        try:
            _read_release(home, path)
        except DamagedRelease:
            damaged.append(path)
    return damaged


def current_release(home: Path) -> Release | None:
    """The release that `current.duckdb` points to, or None before the first one.

    Raises:
        ReleaseError: `current.duckdb` isn't a link to a release.
        DamagedRelease: It points to a file that is missing or can't be read.
    """
    path = _current_path(home)
    return None if path is None else _read_release(home, path)


def rollback(home: Path, lock: RunLock, seq: int | None = None) -> Release:
    """Make an earlier release (or any other one that is kept) the current one again.

    The file is read in full and compared with the counts and checksums it was published with.

    Args:
        home: The CX_HOME folder.
        lock: The lock of this warehouse, from `run_lock`.
        seq: The number of the release; by default the one before the current release.

    Raises:
        DamagedRelease: That file no longer holds what was published.
        LockLost: This run no longer holds the lock.
        ReleaseError: There is no such release, or none older than the current one.
    """
    _require_lock(lock, home)
    _refuse_a_plain_current_file(home)
    paths = {_seq_of(path): path for path in _release_paths(home)}
    there_are = ", ".join(map(str, sorted(paths))) or "none"
    if seq is None:
        current = _current_path(home)
        if current is None:
            raise ReleaseError(
                f"{_current_link(home)}: no release is current; "
                f"name the one to go back to (there are: {there_are})"
            )
        seq = max((number for number in paths if number < _seq_of(current)), default=None)
        if seq is None:
            raise ReleaseError(
                f"{current}: there is no older release to go back to (there are: {there_are})"
            )
    if seq not in paths:
        raise ReleaseError(
            f"{_releases_folder(home)}: there is no release {seq} (there are: {there_are})"
        )
    _require_undamaged(paths[seq])
    _require_lock(lock, home)
    _make_current(home, paths[seq])
    return _read_release(home, paths[seq])


def open_release(home: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the current release that can't read or write any other file.

    Raises:
        ReleaseError: Nothing has been published yet, or the file can't be opened.
    """
    path = _current_path(home)
    if path is None:
        raise ReleaseError(f"{_current_link(home)}: nothing has been published yet; run `cx run`")
    try:
        # The file and not the link: a process that has an older release open under the link's name
        # would be handed that one again.
        return duckdb.connect(
            str(path),
            read_only=True,
            config={
                "enable_external_access": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "lock_configuration": "true",
            },
        )
    except duckdb.Error as error:
        raise DamagedRelease(
            f"{path}: can't be opened, {_first_line(error)}; go back with `cx rollback`"
        ) from None


def prune_builds(home: Path, keep_last: int, keep: Path | None = None) -> list[Path]:
    """Remove the builds of earlier runs with what DuckDB left beside them.

    To be called under the run's lock: a build that is being written looks like any other.

    Args:
        home: The CX_HOME folder.
        keep_last: How many of the most recently written builds stay.
        keep: A build that stays whatever its age, such as this run's.

    Returns:
        The builds that were removed.
    """
    builds = _warehouse(home) / "builds"
    newest_first = sorted(
        builds.glob("*.duckdb"), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True
    )
    kept = {path.name for path in newest_first[:keep_last]}
    if keep is not None and keep.resolve().parent == builds.resolve():
        kept.add(keep.name)
    # By name and not by build: a killed run can leave a .wal or a spill folder without its build.
    for path in builds.glob("*.duckdb.*"):
        if path.name.partition(".duckdb.")[0] + ".duckdb" not in kept:
            _remove(path)
    removed = [path for path in newest_first if path.name not in kept]
    for path in removed:
        _remove(path)
    return removed


# --- The audit ----------------------------------------------------------------------------------

FindingKind = Literal[
    "e-mail address",
    "IP address",
    "phone number",
    "card number",
    "name of a personal field",
    "free text",
    "unreadable type",
]


@dataclass(frozen=True)
class AuditFinding:
    """One column that must not be published, and why; never the value itself.

    Attributes:
        table: The mart.
        column: The column; `column.field` for a field of a struct.
        kind: What was found.
        count: In how many rows; where the name or type is to blame, the table's rows.
    """

    table: str
    column: str
    kind: FindingKind
    count: int

    def __str__(self) -> str:
        """The finding as one line."""
        return f"{self.table}.{self.column}: {self.kind} ({self.count} rows)"


# fmt: off
_HARMLESS_TYPES = frozenset({
    "boolean", "tinyint", "smallint", "integer", "bigint", "hugeint", "bignum",
    "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "float", "double", "decimal",
    "date", "time", "time_ns", "time with time zone", "interval", "uuid",
    "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone",
})
# fmt: on
_TEXT_TYPES = frozenset({"varchar", "enum"})
_NESTED_TYPES = frozenset({"list", "array", "struct", "map", "union"})

_PERSONAL_FIELDS = (
    "e_?mails?|mail|phones?|telephones?|fax|mobile_(?:number|phone|no)|"
    "(?:first|last|full|given|family|middle|maiden|contact|customer|respondent|recipient|"
    "requester|person)_?name|surname|ip|ip_?addr(?:ess)?|street|address(?:es)?|"
    "post_?code|postal_?code|zip|zip_?code|birth_?date|birthday|date_of_birth|dob|"
    "latitude|longitude|iban|ssn|passport|card_number|credit_card"
)
_PERSONAL_NAME = re.compile(rf"(?:^|_)(?:{_PERSONAL_FIELDS})(?:_|$)|^mobile$")
_FREE_TEXT_NAME = re.compile(
    r"(?:^|_)(?:(?:comments?|descriptions?|subject|body|messages?|notes?|verbatims?|transcript|"
    r"remarks?)(?:_text)?|free_?text|answer_text)$"
)
_ABOUT_IT_ONLY = re.compile(
    r"^(?:is|has)_|(?:^|_)(?:key|pseudonym|count|rate|share|minutes|hours|days|at|on)$"
)
"""`email_key` is a pseudonym, `comment_count` a number, `has_phone` a yes or no."""
_QUESTION_NAME = re.compile(r"(?:^|_)(?:question|survey)(?:_(?:name|text|title))?$")
_ID_NAME = re.compile(r"(?:^|_)(?:id|key)$")

# Every pattern below runs only on the rows that its cheap condition lets through (a CASE, since
# an AND is evaluated on both sides in an aggregate's FILTER): 3 million ids take 0.02 s, not 0.3.

# Written as what a label of a domain must not hold: RE2 takes 10 ms to compile \pL.
_EMAIL = (
    r"""[^\s@"'<>(),;:](?:@|%40)(?:[^\s!-,./:-@\[-`{-~]+\.)+"""
    r"""[^\s!-@\[-`{-~][^\s!-,./:-@\[-`{-~]+"""
)

# The first alternative swallows numbers of more than four parts, which aren't addresses.
_IPV4 = (
    r"[0-9]+(?:\.[0-9]+){4,}|"
    r"\b((?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}"
    r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9]))\b"
)
# All eight groups; or with :: in the ranges that are in use, since 'a::b' and '2024::12' are not.
_IPV6 = (
    r"(?i)(?:^|[^0-9a-z:.])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|"
    r"(?:[23][0-9a-f]{3}:[0-9a-f]{1,4}|f[cde][0-9a-f]{2})(?::[0-9a-f]{1,4}){0,5}::"
    r"(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5})?)(?:$|[^0-9a-z:])"
)

# With +, with 00 and grouped, or with the area code in brackets. Other national numbers can't be
# told from ids and case numbers; there the contracts have to do it, and the column's name.
_PHONE = (
    r"(?:^|[^0-9A-Za-z+])(\+ ?\(?[1-9](?:[ ()/.\x{a0}-]{0,3}[0-9])+)|"
    r"(?:^|[^0-9A-Za-z.,+-])(00[1-9][0-9]{0,2}(?:[ /()-]{1,3}[0-9]{2,}){2,})"
)
_PHONE_WITH_AREA = r"(?:^|[^0-9A-Za-z])\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ][0-9]{4}\b"

_CARD_HINT = "[0-9]{14}|[0-9]{4}[ -][0-9]{4}"
# The first alternative swallows decimals, whose fractions can have sixteen digits.
_CARD_CANDIDATE = (
    r"[0-9]+\.[0-9]+|"
    r"\b([0-9]{14,19}|[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{3})?|"
    r"[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5})\b"
)
# The issuers' prefixes and lengths: a tenth of all numbers passes Luhn's check by chance. Thirteen
# digits are left out, since shops number their orders with them and cards no longer do.
_CARD_NUMBER = (
    r"4[0-9]{15}|4[0-9]{18}|5[1-5][0-9]{14}|"
    r"2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}|"
    r"3[47][0-9]{13}|3(?:0[0-5]|[689][0-9])[0-9]{11}|35[0-9]{14}|"
    r"6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|62[0-9]{14,17}"
)


def audit(build: Path, marts: Sequence[str], schema: str = "marts") -> list[AuditFinding]:
    """Look for personal data and free text in every column of the marts, over all rows.

    Text, and text nested in lists, structs, maps and JSON, is searched for e-mail and IP
    addresses, phone numbers in international form and card numbers. Names of columns and fields
    that denote personal data or free text are findings too, unless they are keys, pseudonyms,
    counts or the like, and so is a column of sentences that mostly differ. People's names are
    not looked for: a team leader is a legitimate dimension. A type that can't be searched, such as
    BLOB, is a finding.

    Raises:
        ReleaseError: The build can't be read, or a mart is missing in it.
    """
    with _reading(build, "build") as connection:
        _require_marts(connection, build, schema, marts)
        return _audit(connection, schema, marts)


def _audit(
    connection: duckdb.DuckDBPyConnection, schema: str, marts: Sequence[str]
) -> list[AuditFinding]:
    connection.execute(
        "create or replace temp macro is_luhn(digits) as list_sum(list_transform("
        "string_split(reverse(digits), ''), lambda digit, place: case when place % 2 = 0 "
        "then [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit::int + 1] else digit::int end)) % 10 = 0"
    )
    findings: list[AuditFinding] = []
    for mart in marts:
        findings += _audit_table(connection, mart, f"build.{_name(schema)}.{_name(mart)}")
    return findings


def _audit_table(
    connection: duckdb.DuckDBPyConnection, mart: str, source: str
) -> list[AuditFinding]:
    relation = connection.sql(f"select * from {source}")
    by_name: list[tuple[str, FindingKind]] = []
    by_value: list[AuditFinding] = []
    for column, column_type in zip(relation.columns, relation.types, strict=True):
        parts = list(_parts(column, column_type))
        types = {part.id for _, part in parts}
        has_text = not types.isdisjoint(_TEXT_TYPES)
        for path in dict.fromkeys(path for path, _ in parts):
            name = _fold(path.rpartition(".")[2])
            if _PERSONAL_NAME.search(name) and not _ABOUT_IT_ONLY.search(name):
                by_name.append((path, "name of a personal field"))
            if has_text and _FREE_TEXT_NAME.search(name):
                by_name.append((path, "free text"))
        if not types <= _HARMLESS_TYPES | _TEXT_TYPES | _NESTED_TYPES:
            by_name.append((column, "unreadable type"))
        if has_text:
            counts = _kinds_in_column(connection, source, column, column_type)
            if (column, "free text") in by_name:
                counts.pop("free text", None)
            by_value += [AuditFinding(mart, column, kind, counts[kind]) for kind in counts]
    rows = relation.count("*").fetchall()[0][0]
    return [AuditFinding(mart, path, kind, rows) for path, kind in by_name] + by_value


def _kinds_in_column(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    column: str,
    column_type: "duckdb.sqltypes.DuckDBPyType",
) -> dict[FindingKind, int]:
    """What the values of a column with text hold, with the number of rows."""
    is_plain = column_type.id in _TEXT_TYPES and str(column_type) != "JSON"
    text = f"{_name(column)}::varchar" if is_plain else _nested_text(column)
    values = f"select {text} as value from {source}"
    row = connection.execute(
        "select count(value), approx_count_distinct(value), "
        f"coalesce(avg(length(value)), 0) from ({values})"
    ).fetchone()
    assert row is not None
    rows, different, length = row

    is_id = is_plain and bool(_ID_NAME.search(_fold(column)))
    conditions = _conditions(is_id=is_id)
    if re.search(r"\b(?:JSON|MAP)\b", str(column_type)):
        conditions["name of a personal field"] = _has_personal_key()
    # Five million labels of a few kinds take 0.02 s this way, and 5 s one by one.
    weighted = (
        f"select value, count(*) as weight from ({values}) group by value"
        if different < rows / 4
        else f"select value, 1 as weight from ({values})"
    )
    measures = [
        f"coalesce(sum(weight) filter (where {condition}), 0)" for condition in conditions.values()
    ]
    # Labels are shorter than six words and repeat themselves; twenty different sentences are what
    # a hand-kept list of reasons may have. Six words have eleven letters and blanks at least, which
    # spares counting the words in keys.
    may_be_sentences = (
        is_plain
        and length >= 11
        and different > max(20, rows / 2)
        and not _QUESTION_NAME.search(_fold(column))
    )
    if may_be_sentences:
        measures.append("avg(length(value) - length(replace(value, ' ', '')) + 1)")
    row = connection.execute(f"select {', '.join(measures)} from ({weighted})").fetchone()
    assert row is not None
    counts = {kind: int(count) for kind, count in zip(conditions, row, strict=False) if count}
    if may_be_sentences and row[-1] >= 6:
        counts["free text"] = rows
    return counts


def _parts(
    path: str, part: "duckdb.sqltypes.DuckDBPyType"
) -> "Iterator[tuple[str, duckdb.sqltypes.DuckDBPyType]]":
    """A type and all types inside it, each with the path of the struct field that it is in."""
    yield path, part
    if part.id in _NESTED_TYPES:
        for child_name, child in part.children:
            # An array's length is among its children; a union's hidden tag has no name.
            if isinstance(child, duckdb.sqltypes.DuckDBPyType) and child_name:
                is_field = part.id in ("struct", "union")
                yield from _parts(f"{path}.{child_name}" if is_field else path, child)


def _nested_text(column: str) -> str:
    """A nested value as JSON, its escapes blanked: the n of a line end would hide an address."""
    escapes = r'\\(?:[bfnrt"\\/]|u[0-9a-fA-F]{4})'
    return f"regexp_replace(to_json({_name(column)})::varchar, {_text(escapes)}, ' ', 'g')"


def _conditions(*, is_id: bool) -> dict[FindingKind, str]:
    """SQL conditions on the text in `value`, by what they find in it."""

    def only_where(cheap: str, dear: str) -> str:
        return f"case when {cheap} then {dear} else false end"

    def any_group(pattern: str, group: int, test: str) -> str:
        candidates = f"regexp_extract_all(value, {_text(pattern)}, {group})"
        return only_where(
            f"regexp_matches(value, {_text(pattern)})",
            f"len(list_filter({candidates}, lambda found: found <> '' and {test})) > 0",
        )

    digits = "regexp_replace(found, '[^0-9]', '', 'g')"
    is_phone = (
        f"length({digits}) >= 8 and not regexp_matches(found, '[0-9]{{16,}}') "
        r"and not regexp_full_match(found, '\+[0-9]{4,}\.[0-9]+')"
    )
    is_card = f"regexp_full_match({digits}, {_text(_CARD_NUMBER)}) and is_luhn({digits})"
    # Among a vendor's ids of sixteen digits some look like cards by chance.
    not_an_id = " and not regexp_full_match(value, '[0-9]+')" if is_id else ""
    ipv4 = only_where("value like '%.%.%.%'", any_group(_IPV4, 1, "true"))
    ipv6 = only_where("value like '%:%:%'", f"regexp_matches(value, {_text(_IPV6)})")
    return {
        "e-mail address": only_where(
            "contains(value, '@') or contains(value, '%40')",
            f"regexp_matches(value, {_text(_EMAIL)})",
        ),
        "IP address": f"({ipv4}) or ({ipv6})",
        "phone number": only_where(
            "contains(value, '+') or contains(value, '00') or contains(value, '(')",
            f"({any_group(_PHONE, 1, is_phone)} or {any_group(_PHONE, 2, is_phone)} "
            f"or regexp_matches(value, {_text(_PHONE_WITH_AREA)}))",
        ),
        "card number": only_where(
            f"length(value) >= 14 and regexp_matches(value, {_text(_CARD_HINT)}){not_an_id}",
            any_group(_CARD_CANDIDATE, 1, is_card),
        ),
    }


def _has_personal_key() -> str:
    """An SQL condition: the JSON in `value` has a key that denotes personal data."""
    keys = rf'"(?:[a-z0-9]+[_ -])*(?:{_PERSONAL_FIELDS}|mobile)(?:[_ -][0-9]+)?"\s*:'
    snake_case = "lower(regexp_replace(value, '([a-z])([A-Z])', '\\1_\\2', 'g'))"
    return f"regexp_matches({snake_case}, {_text(keys)})"


def _fold(name: str) -> str:
    """A column's name in snake case: RecipientEmail and 'recipient e-mail' are alike."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


# --- Reading and writing the files --------------------------------------------------------------


def _warehouse(home: Path) -> Path:
    return home / "warehouse"


def _releases_folder(home: Path) -> Path:
    return _warehouse(home) / "releases"


def _current_link(home: Path) -> Path:
    return _warehouse(home) / "current.duckdb"


def _release_paths(home: Path) -> list[Path]:
    folder = _releases_folder(home)
    paths = [path for path in folder.glob("*.duckdb") if _RELEASE_FILE.fullmatch(path.name)]
    return sorted(paths, key=_seq_of, reverse=True)


def _seq_of(path: Path) -> int:
    match = _RELEASE_FILE.fullmatch(path.name)
    if match is None:
        raise ReleaseError(f"{path}: not the name of a release, which is like 000001.duckdb")
    return int(match[1])


def _current_path(home: Path) -> Path | None:
    link = _current_link(home)
    _refuse_a_plain_current_file(home)
    if not link.is_symlink():
        return None
    target = Path(os.readlink(link))
    if target.parent != Path("releases") or not _RELEASE_FILE.fullmatch(target.name):
        raise ReleaseError(
            f"{link}: points to {target}, not to a release; "
            "delete the link and choose a release with `cx rollback`"
        )
    return _warehouse(home) / target


def _refuse_a_plain_current_file(home: Path) -> None:
    link = _current_link(home)
    if link.exists() and not link.is_symlink():
        raise ReleaseError(f"{link}: must be a link to a release; move that file out of the way")


def _make_current(home: Path, path: Path) -> None:
    link = _current_link(home)
    temporary = link.with_name("current.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path("releases") / path.name)
    os.replace(temporary, link)
    _sync(link.parent)


def _largest_seq(home: Path) -> int:
    """The largest number ever given to a release, kept or not."""
    folder = _releases_folder(home)
    matches = (re.match(r"(\d{6,})\.", path.name) for path in folder.iterdir())
    numbers = [int(match[1]) for match in matches if match]
    with contextlib.suppress(FileNotFoundError, ValueError):
        numbers.append(int((folder / "last_seq").read_text()))
    with contextlib.suppress(ReleaseError):
        if (current := _current_path(home)) is not None:
            numbers.append(_seq_of(current))
    return max(numbers, default=0)


def _keep_seq(releases: Path, seq: int) -> None:
    """Remember a number before its file exists: pruning must not make it available again."""
    temporary = releases / "last_seq.tmp"
    temporary.write_text(f"{seq}\n")
    temporary.replace(releases / "last_seq")


def _remove_leftovers(releases: Path) -> None:
    for path in releases.iterdir():
        if _LEFTOVER.fullmatch(path.name):
            _remove(path)


def _prune_releases(home: Path, current: Path, keep: int) -> None:
    for path in _release_paths(home)[keep:]:
        if path.name != current.name:
            # The new release is out already; what can't be removed now is the next run's turn.
            with contextlib.suppress(OSError):
                _remove(path)
                _remove(path.with_name(f"{path.name}.wal"))


@contextmanager
def _reading(
    path: Path, alias: str, *, spill: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own with the file attached read-only under `alias`."""
    if not path.is_file():
        raise ReleaseError(f"{path}: there is no such file")
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            # DuckDB's own default for a database in memory is the working directory.
            "temp_directory": str(spill or f"{path}.tmp"),
        },
    )
    try:
        try:
            connection.execute(f"attach {_text(str(path))} as {alias} (read_only)")
        except duckdb.Error as error:
            raise ReleaseError(f"{path}: can't be opened, {_first_line(error)}") from None
        yield connection
    finally:
        connection.close()


@contextmanager
def _reading_release(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """As `_reading`, under the name `release`; whatever can't be read in it is damage."""
    fix = "choose another release with `cx rollback`"
    try:
        with _reading(path, "release") as connection:
            yield connection
    except duckdb.Error as error:
        raise DamagedRelease(f"{path}: can't be read, {_first_line(error)}; {fix}") from None
    except DamagedRelease:
        raise
    except ReleaseError as error:
        raise DamagedRelease(f"{error}; {fix}") from None


def _require_marts(
    connection: duckdb.DuckDBPyConnection, build: Path, schema: str, marts: Sequence[str]
) -> None:
    if not marts:
        raise ReleaseError(f"{build}: the list of marts to publish is empty")
    twice = sorted({mart for mart in marts if list(marts).count(mart) > 1})
    if twice or set(marts) & set(_OWN_TABLES):
        raise ReleaseError(
            f"{build}: the list of marts names {', '.join(twice or _OWN_TABLES)} "
            f"{'twice' if twice else 'which are tables of the release itself'}"
        )
    kinds = dict(
        connection.execute(
            "select table_name, table_type from information_schema.tables "
            f"where table_catalog = 'build' and table_schema = {_text(schema)}"
        ).fetchall()
    )
    missing = [mart for mart in marts if mart not in kinds]
    if missing:
        raise ReleaseError(
            f"{build}: no mart {', '.join(missing)} in schema {schema}; "
            "was dbt run in full, and is that its name in the list of marts?"
        )
    views = [mart for mart in marts if kinds[mart] != "BASE TABLE"]
    if views:
        raise ReleaseError(
            f"{build}: {', '.join(views)} must be a table, since a view is empty without its "
            "sources; set materialized: table"
        )


# Not bit_xor(hash(t)): a row's hash is its last column's hash xor something, so that swapping the
# last column's values between rows, or changing it alike in an even number of rows, goes unseen.
# The alias must not be a column's name, or that column alone would be hashed.
_CHECKSUM = "coalesce(sum(hash(hash(_whole_row))) % 18446744073709551616::hugeint, 0)::ubigint"


def _table_facts(
    connection: duckdb.DuckDBPyConnection, database: str, schema: str, tables: Sequence[str]
) -> dict[str, TableFacts]:
    facts = {}
    for table in tables:
        row = connection.execute(
            f"select count(*), {_CHECKSUM} "
            f"from {database}.{_name(schema)}.{_name(table)} as _whole_row"
        ).fetchone()
        assert row is not None
        facts[table] = TableFacts(rows=row[0], checksum=row[1])
    return facts


_Shape = tuple[str | None, list[tuple[str, str, str | None]]]
"""A table's comment and its columns in order, each with type and comment."""


def _table_shapes(
    connection: duckdb.DuckDBPyConnection, database: str, schema: str, tables: Sequence[str]
) -> dict[str, _Shape]:
    shapes: dict[str, _Shape] = {}
    for table in tables:
        where = (
            f"where database_name = {_text(database)} and schema_name = {_text(schema)} "
            f"and table_name = {_text(table)}"
        )
        comment = connection.execute(f"select comment from duckdb_tables() {where}").fetchone()
        columns = connection.execute(
            f"select column_name, data_type, comment from duckdb_columns() {where} "
            "order by column_index"
        ).fetchall()
        shapes[table] = (comment[0] if comment else None, columns)
    return shapes


class _Info(NamedTuple):
    seq: int
    as_of: date
    published_at: datetime
    run_id: str
    stale_exports: list[str]


def _copy(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    target: Path,
    facts: Mapping[str, TableFacts],
    shapes: Mapping[str, _Shape],
    info: _Info,
) -> None:
    connection.execute(f"attach {_text(str(target))} as release")
    for mart, (table_comment, columns) in shapes.items():
        table = f"release.main.{_name(mart)}"
        connection.execute(f"create table {table} as from build.{_name(schema)}.{_name(mart)}")
        if table_comment is not None:
            connection.execute(f"comment on table {table} is {_text(table_comment)}")
        for column, _, comment in columns:
            if comment is not None:
                connection.execute(f"comment on column {table}.{_name(column)} is {_text(comment)}")
    connection.execute(
        f"create table release.main.release_info as select {info.seq}::bigint as seq, "
        f"date {_text(info.as_of.isoformat())} as as_of, "
        f"timestamp {_text(info.published_at.isoformat(sep=' '))} as published_at, "
        f"{_text(info.run_id)} as run_id, {bool(info.stale_exports)} as is_degraded, "
        f"[{', '.join(map(_text, info.stale_exports))}]::varchar[] as stale_exports, "
        "version() as duckdb_version"
    )
    connection.execute(
        "create table release.main.release_tables as from (values "
        + ", ".join(
            f"({_text(mart)}, {fact.rows}::bigint, {fact.checksum}::ubigint)"
            for mart, fact in facts.items()
        )
        + ") as release_tables(name, rows, checksum)"
    )
    connection.execute(
        "comment on column release.main.release_tables.checksum "
        "is 'sum(hash(hash(t))) modulo 2^64, by the duckdb_version in release_info'"
    )
    connection.execute("checkpoint release")
    connection.execute("detach release")


def _require_faithful_copy(
    copy: Path, build: Path, facts: Mapping[str, TableFacts], shapes: Mapping[str, _Shape]
) -> None:
    if (log := copy.with_name(f"{copy.name}.wal")).exists():
        raise ReleaseError(f"{log}: DuckDB left a log behind, so {copy} is not complete; run again")
    with _reading(copy, "copy") as connection:
        copied_facts = _table_facts(connection, "copy", "main", list(facts))
        copied_shapes = _table_shapes(connection, "copy", "main", list(facts))
    for mart, fact in facts.items():
        if copied_facts[mart] != fact or copied_shapes[mart] != shapes[mart]:
            raise ReleaseError(
                f"{copy}: the copy of {mart} differs from {build} "
                f"({copied_facts[mart].rows} rows of {fact.rows}); not published. Run again"
            )


def _is_current(
    home: Path,
    facts: Mapping[str, TableFacts],
    shapes: Mapping[str, _Shape],
    as_of: date,
    stale_exports: list[str],
) -> bool:
    """Whether publishing would only repeat the current release."""
    try:
        current = current_release(home)
        if (
            current is None
            or set(current.tables) != set(facts)
            or current.as_of != as_of
            or current.stale_exports != stale_exports
        ):
            return False
        # What is in the file counts, not what it says of itself: so a rerun mends a damaged one.
        with _reading_release(current.path) as connection:
            return (
                _table_facts(connection, "release", "main", list(facts)) == facts
                and _table_shapes(connection, "release", "main", list(facts)) == shapes
            )
    except ReleaseError:
        return False


def _read_release(home: Path, path: Path) -> Release:
    with _reading_release(path) as connection:
        info = connection.execute(
            "select seq, as_of, published_at, run_id, is_degraded, stale_exports "
            "from release.main.release_info"
        ).fetchone()
        tables = connection.execute(
            "select name, rows, checksum from release.main.release_tables order by rowid"
        ).fetchall()
    if info is None or info[0] != _seq_of(path):
        raise DamagedRelease(f"{path}: does not say that it is release {_seq_of(path)}")
    try:
        current = _current_path(home)
    except ReleaseError:
        current = None
    return Release(
        seq=info[0],
        path=path,
        as_of=info[1],
        published_at=info[2].replace(tzinfo=UTC),
        run_id=info[3],
        is_degraded=info[4],
        stale_exports=info[5],
        tables={name: TableFacts(rows, checksum) for name, rows, checksum in tables},
        bytes=path.stat().st_size,
        is_current=current is not None and current.name == path.name,
    )


def _require_undamaged(path: Path) -> None:
    """Compare a release with the counts and checksums it was published with."""
    if (log := path.with_name(f"{path.name}.wal")).exists():
        raise DamagedRelease(f"{log}: somebody wrote to this release; choose another one")
    with _reading_release(path) as connection:
        rows = connection.execute(
            "select name, rows, checksum from release.main.release_tables"
        ).fetchall()
        recorded = {name: TableFacts(count, checksum) for name, count, checksum in rows}
        present = _table_facts(connection, "release", "main", list(recorded))
        # Another version of DuckDB may hash differently, and going back matters after upgrades.
        same_hash = connection.execute(
            "select duckdb_version = version() from release.main.release_info"
        ).fetchone() == (True,)
    for mart, fact in recorded.items():
        if present[mart].rows != fact.rows or (same_hash and present[mart] != fact):
            raise DamagedRelease(
                f"{path}: {mart} is not as it was published ({present[mart].rows} rows, "
                f"published with {fact.rows}); choose another release"
            )


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    """A literal; parameters would make DuckDB import numpy and pandas, 1.5 s in a fresh process."""
    return "'" + value.replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _make_folder(path: Path) -> Path:
    """Make a folder that its group may look into, whatever the umask: BI users read releases."""
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o750)
    return path


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Have a file or a folder's entries written to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
