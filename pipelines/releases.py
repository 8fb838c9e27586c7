"""Releases: the audited, read-only DuckDB files that BI tools open, and which of them is current.

Belongs here: copying the allow-listed marts of a build into a new release, moving the
`current.duckdb` link, going back, opening a release, and clearing out old files.
Does not belong here: the lock of a run (`run_lock.py`), what the audit looks for (`audit.py`),
which marts are on the allow-list, whether the build's tests passed, Dagster.

Readers are never locked out and never see half a release: a release is written under a temporary
name, compared with its build, renamed to a path that was never used before, and only then does
`warehouse/current.duckdb`, a relative symbolic link, move to it in one step.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines.audit import AuditFinding, audit_attached
from pipelines.release_files import (
    ReleaseError,
    first_line,
    literal,
    quoted,
    reading,
    require_marts,
)
from pipelines.run_lock import RunLock, require_lock
from pipelines.settings import BUILD_FILE

FEWEST_RELEASES = 3
"""A reader that has just resolved the link still has to open the file. With no old release kept,
6.7 % of the reads during publishing failed; with old ones kept, none."""

_RELEASE_FILE = re.compile(r"(\d{6,})\.duckdb")
_LEFTOVER = re.compile(r"\d{6,}\.tmp(\.wal)?|\d{6,}\.spill\.tmp")


class DamagedRelease(ReleaseError):
    """A release file can't be read, or does not hold what it held when it was published."""


class AuditFailed(ReleaseError):
    """The build holds what a release must not; `findings` has one entry per column and kind."""

    def __init__(self, build: Path, findings: Sequence[AuditFinding]) -> None:
        """Name the build and list the findings, one a line."""
        self.findings = list(findings)
        lines = "\n".join(f"  {finding}" for finding in self.findings)
        super().__init__(
            f"{build}: not published, {len(self.findings)} finding(s) of the audit:\n{lines}\n"
            "Take these columns out of the marts, or mark their fields as personal in the contract."
        )


@dataclass(frozen=True)
class TableFacts:
    """What identifies a table's content, whatever the order of its rows.

    The checksum is `sum(hash(hash(t)))` modulo 2^64. Those of different DuckDB versions can't be
    compared.
    """

    rows: int
    checksum: int


@dataclass(frozen=True)
class Description:
    """What BI tools show of a table and of its columns, by their names."""

    table: str | None
    columns: Mapping[str, str]


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
    descriptions: Mapping[str, Description] | None = None,
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
        descriptions: What the comments on the marts and their columns say, by the mart's name;
            what isn't mentioned keeps the comment that it has in the build.
        schema: Where the marts are in the build. In the release they are in `main`.
        keep: How many releases stay, this one included; at least three.

    Raises:
        AuditFailed: The marts hold what must not be published.
        LockLost: This run no longer holds the lock.
        LockError: It holds the lock of another warehouse.
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
    require_lock(lock, home)
    _refuse_a_plain_current_file(home)
    releases = _make_folder(_releases_folder(home))
    seq = _largest_seq(home) + 1
    _remove_leftovers(releases)
    stale = sorted(set(stale_exports))

    is_new = False
    try:
        with reading(build, "build", spill=releases / f"{seq:06d}.spill.tmp") as connection:
            require_marts(connection, build, schema, marts)
            if findings := audit_attached(connection, schema, marts):
                raise AuditFailed(build, findings)
            facts = _table_facts(connection, "build", schema, marts)
            shapes = _described(
                _table_shapes(connection, "build", schema, marts), descriptions or {}
            )
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
                        f"{temporary}: can't be written, {first_line(error)}; "
                        "is there room on the disk?"
                    ) from None
                _sync(temporary)
                temporary.chmod(0o440)
                path = releases / f"{seq:06d}.duckdb"
                if path.exists():
                    raise ReleaseError(f"{path}: exists already, a path is never used twice")
                require_lock(lock, home)
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
        LockError: It holds the lock of another warehouse.
        ReleaseError: There is no such release, or none older than the current one.
    """
    require_lock(lock, home)
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
    require_lock(lock, home)
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
            f"{path}: can't be opened, {first_line(error)}; go back with `cx rollback`"
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
        builds.glob(f"*/{BUILD_FILE}"),
        key=lambda path: (path.stat().st_mtime_ns, path.parent.name),
        reverse=True,
    )
    kept = {path.parent for path in newest_first[:keep_last]}
    if keep is not None:
        kept.add(keep.parent)
    # By folder and not by build: a killed run can leave a .wal or a spill folder without its build.
    for path in builds.glob("*"):
        if path not in kept:
            _remove(path)
    return [path for path in newest_first if path.parent not in kept]


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
def _reading_release(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """As `reading`, under the name `release`; whatever can't be read in it is damage."""
    fix = "choose another release with `cx rollback`"
    try:
        with reading(path, "release") as connection:
            yield connection
    except duckdb.Error as error:
        raise DamagedRelease(f"{path}: can't be read, {first_line(error)}; {fix}") from None
    except DamagedRelease:
        raise
    except ReleaseError as error:
        raise DamagedRelease(f"{error}; {fix}") from None


# Not bit_xor(hash(t)): a row's hash is its last column's hash xor something, so that swapping the
# last column's values between rows, or changing it alike in an even number of rows, goes unseen.
# The alias must not be a column's name, or that column alone would be hashed.
_CHECKSUM = "coalesce(sum(hash(hash(_whole_row))) % 18446744073709551616::hugeint, 0)::ubigint"


def _table_facts(
    connection: duckdb.DuckDBPyConnection, database: str, schema: str, tables: Sequence[str]
) -> dict[str, TableFacts]:
    def facts(table: str) -> TableFacts:
        with connection.cursor() as cursor:
            row = cursor.execute(
                f"select count(*), {_CHECKSUM} "
                f"from {database}.{quoted(schema)}.{quoted(table)} as _whole_row"
            ).fetchone()
        assert row is not None
        return TableFacts(rows=row[0], checksum=row[1])

    with ThreadPoolExecutor(os.cpu_count()) as threads:  # a small table keeps one core busy
        return dict(zip(tables, threads.map(facts, tables), strict=True))


_Shape = tuple[str | None, list[tuple[str, str, str | None]]]
"""A table's comment and its columns in order, each with type and comment."""


def _table_shapes(
    connection: duckdb.DuckDBPyConnection, database: str, schema: str, tables: Sequence[str]
) -> dict[str, _Shape]:
    where = f"where database_name = {literal(database)} and schema_name = {literal(schema)}"
    comments = dict(
        connection.execute(f"select table_name, comment from duckdb_tables() {where}").fetchall()
    )
    columns: dict[str, list[tuple[str, str, str | None]]] = {table: [] for table in tables}
    for table, *column in connection.execute(
        "select table_name, column_name, data_type, comment "
        f"from duckdb_columns() {where} order by column_index"
    ).fetchall():
        if table in columns:
            columns[table].append((column[0], column[1], column[2]))
    return {table: (comments.get(table), columns[table]) for table in tables}


def _described(shapes: Mapping[str, _Shape], texts: Mapping[str, Description]) -> dict[str, _Shape]:
    """The shapes with what is said of their tables and columns; what isn't mentioned stays."""
    described = dict(shapes)
    for table, text in texts.items():
        comment, columns = shapes[table]
        described[table] = (
            text.table or comment,
            [(name, kind, text.columns.get(name) or old) for name, kind, old in columns],
        )
    return described


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
    connection.execute(f"attach {literal(str(target))} as release")
    connection.execute("begin")
    for mart, (table_comment, columns) in shapes.items():
        table = f"release.main.{quoted(mart)}"
        connection.execute(f"create table {table} as from build.{quoted(schema)}.{quoted(mart)}")
        if table_comment is not None:
            connection.execute(f"comment on table {table} is {literal(table_comment)}")
        for column, _, comment in columns:
            if comment is not None:
                connection.execute(
                    f"comment on column {table}.{quoted(column)} is {literal(comment)}"
                )
    connection.execute(
        f"create table release.main.release_info as select {info.seq}::bigint as seq, "
        f"date {literal(info.as_of.isoformat())} as as_of, "
        f"timestamp {literal(info.published_at.isoformat(sep=' '))} as published_at, "
        f"{literal(info.run_id)} as run_id, {bool(info.stale_exports)} as is_degraded, "
        f"[{', '.join(map(literal, info.stale_exports))}]::varchar[] as stale_exports, "
        "version() as duckdb_version"
    )
    connection.execute(
        "create table release.main.release_tables as from (values "
        + ", ".join(
            f"({literal(mart)}, {fact.rows}::bigint, {fact.checksum}::ubigint)"
            for mart, fact in facts.items()
        )
        + ") as release_tables(name, rows, checksum)"
    )
    connection.execute(
        "comment on column release.main.release_tables.checksum "
        "is 'sum(hash(hash(t))) modulo 2^64, by the duckdb_version in release_info'"
    )
    connection.execute("commit")
    connection.execute("checkpoint release")
    connection.execute("detach release")


def _require_faithful_copy(
    copy: Path, build: Path, facts: Mapping[str, TableFacts], shapes: Mapping[str, _Shape]
) -> None:
    if (log := copy.with_name(f"{copy.name}.wal")).exists():
        raise ReleaseError(f"{log}: DuckDB left a log behind, so {copy} is not complete; run again")
    with reading(copy, "copy") as connection:
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
