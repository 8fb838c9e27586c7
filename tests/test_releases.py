"""What readers, other runs and the next run see of a release, also when a run is killed."""

import json
import os
import signal
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.release_files import ReleaseError
from pipelines.releases import (
    AuditFailed,
    DamagedRelease,
    Description,
    Release,
    current_release,
    damaged_releases,
    list_releases,
    open_release,
    prune_builds,
    publish,
    rollback,
)
from pipelines.run_lock import LockError, LockLost, run_lock
from pipelines.settings import BUILD_FILE
from tests.build_files import write_build
from tests.processes import line_from, python

PUBLISHED_AT = datetime(2025, 3, 3, 6, 30, tzinfo=UTC)
AS_OF = date(2025, 3, 2)


def write_generation(home: Path, generation: int) -> Path:
    """Write a build whose two marts say in each row which generation they are of."""
    return write_build(
        home / "warehouse" / "builds" / f"generation_{generation}" / BUILD_FILE,
        {
            "customers": f"select range as n, {generation} as generation from range(5000)",
            "nps_monthly": f"select range as n, {generation} as generation from range(100)",
        },
    )


def publish_generation(home: Path, generation: int, *, keep: int = 5) -> Release:
    build = write_generation(home, generation)
    try:
        return publish_build(home, build, run_id=str(generation), keep=keep)
    finally:
        build.unlink()


def publish_build(
    home: Path,
    build: Path,
    *,
    marts: tuple[str, ...] = ("customers", "nps_monthly"),
    run_id: str = "run",
    as_of: date = AS_OF,
    stale_exports: tuple[str, ...] = (),
    descriptions: dict[str, Description] | None = None,
    keep: int = 5,
) -> Release:
    with run_lock(home) as lock:
        return publish(
            home,
            build,
            marts=marts,
            lock=lock,
            as_of=as_of,
            run_id=run_id,
            stale_exports=stale_exports,
            descriptions=descriptions,
            keep=keep,
            published_at=PUBLISHED_AT,
        )


def current_generation(home: Path) -> int:
    """What a BI tool reads; fails if the marts of two releases are mixed or a row is missing."""
    link = home / "warehouse" / "current.duckdb"
    # The same file under a name of its own: plain duckdb keeps one instance per name and process.
    with duckdb.connect(str(link.resolve()), read_only=True) as connection:
        rows = connection.execute(
            "select 'customers', generation, count(*) from customers group by all "
            "union all select 'nps', generation, count(*) from nps_monthly group by all "
            "union all select 'info', run_id::int, 0 from release_info order by all"
        ).fetchall()
    generation = rows[0][1]
    assert rows == [
        ("customers", generation, 5000),
        ("info", generation, 0),
        ("nps", generation, 100),
    ]
    return int(generation)


def release_files(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "warehouse" / "releases").glob("*.duckdb"))


def tamper(path: Path, statement: str) -> None:
    path.chmod(0o640)
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)
    path.chmod(0o440)


# --- Publishing ---------------------------------------------------------------------------------


def test_a_release_is_a_read_only_file_with_the_marts_and_an_account_of_itself(
    tmp_path: Path,
) -> None:
    build = write_build(
        tmp_path / "build.duckdb",
        {"customers": "select 1 as n union all select 2", "secrets": "select 'do not copy' as n"},
    )
    release = publish_build(
        tmp_path, build, marts=("customers",), run_id="r1", stale_exports=("b/two", "a/one")
    )

    assert (release.seq, release.is_new, release.is_current) == (1, True, True)
    assert release.is_degraded
    assert release.stale_exports == ["a/one", "b/two"]
    assert (release.as_of, release.published_at, release.run_id) == (AS_OF, PUBLISHED_AT, "r1")
    assert release.bytes == release.path.stat().st_size
    assert release.path.stat().st_mode & 0o777 == 0o440
    assert os.readlink(tmp_path / "warehouse" / "current.duckdb") == "releases/000001.duckdb"
    assert {path.name for path in release.path.parent.iterdir()} == {"000001.duckdb", "last_seq"}
    with duckdb.connect(str(tmp_path / "warehouse" / "current.duckdb"), read_only=True) as bi:
        assert bi.execute("select table_name from duckdb_tables() order by all").fetchall() == [
            ("customers",),
            ("release_info",),
            ("release_tables",),
        ]
        [(rows, checksum)] = bi.execute(
            "select count(*), sum(hash(hash(t))) % 18446744073709551616 from customers t"
        ).fetchall()
        assert bi.execute("select name, rows, checksum from release_tables").fetchall() == [
            ("customers", rows, checksum)
        ]
        assert (release.tables["customers"].rows, release.tables["customers"].checksum) == (
            rows,
            checksum,
        )
        assert bi.execute(
            "select seq, as_of, published_at, run_id, is_degraded, stale_exports from release_info"
        ).fetchall() == [
            (1, AS_OF, PUBLISHED_AT.replace(tzinfo=None), "r1", True, ["a/one", "b/two"])
        ]


def test_types_comments_and_the_order_of_rows_and_columns_are_those_of_the_build(
    tmp_path: Path,
) -> None:
    build = write_build(
        tmp_path / "build.duckdb",
        {
            "customers": "select (range * 7919) % 5003 as zebra, 1.5::decimal(18, 2) as amount, "
            "date '2025-01-31' as month, ['a', 'b'] as tags, null::integer as nothing, "
            "{'low': 1.0::double} as bounds from range(5003)",
            "empty": "select 1 as n where false",
        },
    )
    with duckdb.connect(str(build)) as connection:
        connection.execute("comment on table marts.customers is 'One row per customer''s key.'")
        connection.execute("comment on column marts.customers.amount is 'Net, in \"EUR\".'")
        expected = connection.execute("from marts.customers").fetchall()
        types = connection.execute("describe marts.customers").fetchall()

    release = publish_build(tmp_path, build, marts=("customers", "empty"))

    assert (release.tables["empty"].rows, release.tables["empty"].checksum) == (0, 0)
    with open_release(tmp_path) as connection:
        assert connection.execute("from customers").fetchall() == expected
        assert connection.execute("describe customers").fetchall() == types
        assert connection.execute(
            "select comment from duckdb_tables() where table_name = 'customers'"
        ).fetchall() == [("One row per customer's key.",)]
        assert connection.execute(
            "select column_name, comment from duckdb_columns() "
            "where table_name = 'customers' and comment is not null"
        ).fetchall() == [("amount", 'Net, in "EUR".')]


def test_a_release_says_what_its_tables_and_columns_are(tmp_path: Path) -> None:
    build = write_build(
        tmp_path / "build.duckdb", {"customers": "select 1 as n, 2 as m", "empty": "select 1 as n"}
    )
    with duckdb.connect(str(build)) as connection:
        connection.execute("comment on column marts.customers.m is 'As built.'")
    texts = {"customers": Description("One row per customer's key.", {"n": "A number.", "x": "?"})}

    def publish_described(texts: dict[str, Description]) -> Release:
        return publish_build(tmp_path, build, marts=("customers", "empty"), descriptions=texts)

    first, again = publish_described(texts), publish_described(texts)
    assert (first.is_new, again.is_new) == (True, False)
    with open_release(tmp_path) as connection:
        assert connection.execute(
            "select table_name, comment from duckdb_tables() where table_name in "
            "('customers', 'empty') order by 1"
        ).fetchall() == [("customers", "One row per customer's key."), ("empty", None)]
        assert connection.execute(
            "select column_name, comment from duckdb_columns() where table_name = 'customers'"
        ).fetchall() == [("n", "A number."), ("m", "As built.")]
    assert publish_described({"empty": Description(None, {"n": "Nothing."})}).is_new


def test_a_rerun_that_changes_nothing_makes_no_release(tmp_path: Path) -> None:
    first = publish_generation(tmp_path, 1)
    again = publish_generation(tmp_path, 1)

    assert (again.seq, again.run_id, again.is_new) == (first.seq, first.run_id, False)
    assert release_files(tmp_path) == ["000001.duckdb"]


def test_a_rerun_that_changes_anything_a_reader_sees_makes_a_release(tmp_path: Path) -> None:
    build = write_build(
        tmp_path / "build.duckdb",
        {"customers": "from (values (1, 'Al'), (2, 'Bo')) as t(n, name)"},
    )
    seq = publish_build(tmp_path, build, marts=("customers",)).seq
    for statement in (
        "update marts.customers set n = 3 where n = 2",
        "update marts.customers set name = case n when 1 then 'Bo' else 'Al' end",
        "update marts.customers set name = 'Cy'",
        "insert into marts.customers from marts.customers",
        "alter table marts.customers rename column n to m",
        "alter table marts.customers alter m type bigint",
        "comment on column marts.customers.m is 'A number.'",
        "comment on table marts.customers is 'One row per customer.'",
    ):
        with duckdb.connect(str(build)) as connection:
            connection.execute(statement)
        release = publish_build(tmp_path, build, marts=("customers",))
        assert (release.seq, release.is_new) == (seq + 1, True), statement
        seq = release.seq

    tomorrow = date(2025, 3, 3)
    stale = ("stripe/payments",)
    assert publish_build(tmp_path, build, marts=("customers",), as_of=tomorrow).seq == seq + 1
    degraded = publish_build(
        tmp_path, build, marts=("customers",), as_of=tomorrow, stale_exports=stale
    )
    assert (degraded.seq, degraded.is_degraded) == (seq + 2, True)


def test_a_rerun_mends_a_current_release_that_somebody_changed(tmp_path: Path) -> None:
    first = publish_generation(tmp_path, 1)
    tamper(first.path, "delete from customers where n = 3")

    assert publish_generation(tmp_path, 1).seq == 2
    assert current_generation(tmp_path) == 1


def test_a_number_is_never_used_again(tmp_path: Path) -> None:
    for generation in (1, 2, 3):
        publish_generation(tmp_path, generation)
    with run_lock(tmp_path) as lock:
        rollback(tmp_path, lock, 1)
    (tmp_path / "warehouse" / "releases" / "000003.duckdb").unlink()
    assert publish_generation(tmp_path, 4).seq == 4

    leftover = tmp_path / "warehouse" / "releases" / "000041.tmp"
    leftover.write_text("half a release")
    (tmp_path / "warehouse" / "releases" / "000041.tmp.wal").write_text("its log")
    assert publish_generation(tmp_path, 5).seq == 42
    assert not leftover.exists()
    assert release_files(tmp_path)[-1] == "000042.duckdb"


def test_pruning_keeps_the_newest_and_the_current_release(tmp_path: Path) -> None:
    for generation in range(1, 6):
        publish_generation(tmp_path, generation, keep=3)
    assert release_files(tmp_path) == ["000003.duckdb", "000004.duckdb", "000005.duckdb"]

    with run_lock(tmp_path) as lock:
        rollback(tmp_path, lock, 3)
    reader = duckdb.connect(str(list_releases(tmp_path)[1].path), read_only=True)
    assert publish_generation(tmp_path, 3, keep=3).seq == 3, "nothing new: the current one stays"
    assert publish_generation(tmp_path, 6, keep=3).seq == 6
    assert publish_generation(tmp_path, 7, keep=3).seq == 7
    assert release_files(tmp_path) == ["000005.duckdb", "000006.duckdb", "000007.duckdb"]
    assert reader.execute("select max(generation) from customers").fetchone() == (4,)
    reader.close()


def test_fewer_than_three_releases_are_never_kept(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="keep=2: at least 3"):
        publish_generation(tmp_path, 1, keep=2)


def test_a_moment_without_a_time_zone_is_refused(tmp_path: Path) -> None:
    build = write_generation(tmp_path, 1)
    with run_lock(tmp_path) as lock, pytest.raises(ReleaseError, match="needs a time zone"):
        publish(
            tmp_path,
            build,
            marts=["customers"],
            lock=lock,
            as_of=AS_OF,
            run_id="run",
            published_at=PUBLISHED_AT.replace(tzinfo=None),
        )


@pytest.mark.parametrize(
    ("marts", "message"),
    [
        (("customers", "absent"), "no mart absent in schema marts"),
        (("customers", "customers"), "names customers twice"),
        (("release_info",), "tables of the release itself"),
        (("a_view",), "a_view must be a table"),
        ((), "the list of marts to publish is empty"),
    ],
)
def test_a_list_of_marts_that_the_build_cannot_meet_is_refused(
    tmp_path: Path, marts: tuple[str, ...], message: str
) -> None:
    build = write_generation(tmp_path, 1)
    with duckdb.connect(str(build)) as connection:
        connection.execute("create view marts.a_view as select 1 as n")

    with pytest.raises(ReleaseError, match=message):
        publish_build(tmp_path, build, marts=marts)
    assert current_release(tmp_path) is None


def test_a_build_that_is_missing_or_no_database_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"absent\.duckdb: there is no such file"):
        publish_build(tmp_path, tmp_path / "absent.duckdb")
    broken = tmp_path / "broken.duckdb"
    broken.write_text("not a database" * 1000)
    with pytest.raises(ReleaseError, match=r"broken\.duckdb: can't be opened"):
        publish_build(tmp_path, broken)


def test_a_failed_audit_leaves_the_current_release_as_it_was(tmp_path: Path) -> None:
    publish_generation(tmp_path, 1)
    build = write_generation(tmp_path, 2)
    with duckdb.connect(str(build)) as connection:
        connection.execute("alter table marts.customers add column who varchar")
        connection.execute("update marts.customers set who = 'jane@example.com' where n = 17")

    with pytest.raises(AuditFailed, match=r"customers\.who: e-mail address \(1 rows\)") as failure:
        publish_build(tmp_path, build)

    assert "jane" not in str(failure.value)
    assert [finding.count for finding in failure.value.findings] == [1]
    assert current_generation(tmp_path) == 1
    assert release_files(tmp_path) == ["000001.duckdb"]


PUBLISH_ONTO_A_FULL_DISK = """
import resource, signal, sys
from datetime import UTC, date, datetime
from pathlib import Path
from pipelines.release_files import ReleaseError
from pipelines.releases import publish
from pipelines.run_lock import run_lock
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
home, build = Path(sys.argv[1]), Path(sys.argv[2])
try:
    with run_lock(home) as lock:
        publish(home, build, marts=["customers", "nps_monthly"], lock=lock, as_of=date(2025, 3, 2),
                run_id="full", published_at=datetime(2025, 3, 3, tzinfo=UTC))
except ReleaseError as error:
    print(str(error).replace(chr(10), " "))
"""


def test_a_full_disk_leaves_the_current_release_and_no_leftovers(tmp_path: Path) -> None:
    publish_generation(tmp_path, 1)
    with python(PUBLISH_ONTO_A_FULL_DISK, tmp_path, write_generation(tmp_path, 2)) as run:
        assert "000002.tmp: can't be written" in line_from(run)

    assert current_generation(tmp_path) == 1
    assert release_files(tmp_path) == ["000001.duckdb"]
    assert not list((tmp_path / "warehouse" / "releases").glob("*.tmp*"))


def test_a_current_file_that_is_no_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "warehouse").mkdir()
    plain = tmp_path / "warehouse" / "current.duckdb"
    plain.write_text("somebody's own")

    with pytest.raises(ReleaseError, match="must be a link to a release"):
        publish_generation(tmp_path, 1)
    assert plain.read_text() == "somebody's own"


def test_the_warehouse_can_be_moved_to_another_folder(tmp_path: Path) -> None:
    publish_generation(tmp_path / "old", 1)
    (tmp_path / "old").rename(tmp_path / "new")

    assert current_generation(tmp_path / "new") == 1


# --- Readers and kills --------------------------------------------------------------------------

READ_UNTIL_TOLD_TO_STOP = """
import duckdb, json, select, sys
reads, errors, generations = 0, [], set()
print("reading", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    try:
        with duckdb.connect(sys.argv[1], read_only=True) as connection:
            found = connection.execute(
                "select distinct generation from customers union select generation from nps_monthly"
            ).fetchall()
        assert len(found) == 1, found
        generations.add(found[0][0])
        reads += 1
    except Exception as error:
        errors.append(str(error))
print(json.dumps({"reads": reads, "errors": errors, "generations": len(generations)}))
"""


def test_readers_never_fail_and_never_see_a_mixture_while_thirty_releases_go_out(
    tmp_path: Path,
) -> None:
    publish_generation(tmp_path, 0, keep=3)
    link = tmp_path / "warehouse" / "current.duckdb"
    with python(READ_UNTIL_TOLD_TO_STOP, link) as reader:
        assert line_from(reader) == "reading"
        for generation in range(1, 31):
            publish_generation(tmp_path, generation, keep=3)
        account = json.loads(reader.communicate("stop\n")[0])

    assert account["errors"] == []
    assert account["reads"] >= 30
    assert account["generations"] >= 10


PUBLISH_IN_FRESH_PROCESSES = """
import os, sys
from datetime import UTC, date, datetime
from pathlib import Path
from pipelines.releases import publish
from pipelines.run_lock import run_lock
home = Path(sys.argv[1])
for line in sys.stdin:
    build, generation = line.split()
    run = os.fork()
    if run == 0:
        with run_lock(home) as lock:
            publish(home, Path(build), marts=["customers", "nps_monthly"], lock=lock, keep=3,
                    as_of=date(2025, 3, 2), run_id=generation,
                    published_at=datetime(2025, 3, 3, tzinfo=UTC))
        os._exit(0)
    print(run, flush=True)
    os.waitpid(run, 0)
    print("ended", flush=True)
"""


def test_a_run_killed_at_twenty_moments_leaves_the_old_or_the_new_release(tmp_path: Path) -> None:
    started = time.monotonic()
    publish_generation(tmp_path, 0, keep=3)
    usual_seconds = time.monotonic() - started

    left_behind = []
    with python(PUBLISH_IN_FRESH_PROCESSES, tmp_path) as runs:
        assert runs.stdin is not None
        for attempt in range(20):
            old, new = attempt, attempt + 1
            build = write_generation(tmp_path, new)
            runs.stdin.write(f"{build} {new}\n")
            runs.stdin.flush()
            run = int(line_from(runs))
            time.sleep(usual_seconds * attempt / 15)
            with suppress(ProcessLookupError):
                os.kill(run, signal.SIGKILL)
            assert line_from(runs) == "ended"

            left_behind.append(current_generation(tmp_path))
            assert left_behind[-1] in (old, new)
            publish_build(tmp_path, build, run_id=str(new), keep=3)
            assert current_generation(tmp_path) == new
            assert not list((tmp_path / "warehouse" / "releases").glob("*.tmp*"))
            assert len(release_files(tmp_path)) == min(new + 1, 3)
    assert left_behind[0] == 0, "the first kill comes at once"
    assert damaged_releases(tmp_path) == []


# --- The lock -----------------------------------------------------------------------------------


def test_a_run_whose_lock_file_was_deleted_publishes_nothing(tmp_path: Path) -> None:
    publish_generation(tmp_path, 1)
    build = write_generation(tmp_path, 2)
    with run_lock(tmp_path) as lock:
        lock.path.unlink()
        assert not lock.still_held()
        with pytest.raises(LockLost, match="no longer holds the lock"):
            publish_build(tmp_path, build)
        with pytest.raises(LockLost):
            rollback(tmp_path, lock, 1)
    assert current_generation(tmp_path) == 1


def test_the_lock_of_another_warehouse_does_not_count(tmp_path: Path) -> None:
    publish_generation(tmp_path / "one", 1)
    with (
        run_lock(tmp_path / "two") as lock,
        pytest.raises(LockError, match="lock of another warehouse"),
    ):
        rollback(tmp_path / "one", lock, 1)


# --- Going back ---------------------------------------------------------------------------------


def test_going_back_makes_the_release_before_the_current_one(tmp_path: Path) -> None:
    for generation in (1, 2, 3):
        publish_generation(tmp_path, generation)
    with run_lock(tmp_path) as lock:
        release = rollback(tmp_path, lock)
        assert (release.seq, release.is_current) == (2, True)
        assert current_generation(tmp_path) == 2
        assert rollback(tmp_path, lock).seq == 1
        with pytest.raises(ReleaseError, match=r"no older release .*there are: 1, 2, 3"):
            rollback(tmp_path, lock)
        assert rollback(tmp_path, lock, 3).seq == 3, "forward again"
        with pytest.raises(ReleaseError, match=r"no release 9 \(there are: 1, 2, 3\)"):
            rollback(tmp_path, lock, 9)
    assert current_generation(tmp_path) == 3
    assert [(r.seq, r.is_current) for r in list_releases(tmp_path)] == [
        (3, True),
        (2, False),
        (1, False),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "update customers set generation = 7 where n = 4711",
        "delete from customers where n = 4711",
        "drop table nps_monthly",
        "drop table release_tables",
    ],
)
def test_a_release_that_somebody_changed_is_refused(tmp_path: Path, statement: str) -> None:
    tampered = publish_generation(tmp_path, 1)
    publish_generation(tmp_path, 2)
    tamper(tampered.path, statement)

    with run_lock(tmp_path) as lock, pytest.raises(DamagedRelease, match=r"000001\.duckdb"):
        rollback(tmp_path, lock)
    assert current_generation(tmp_path) == 2


def test_a_truncated_release_is_refused_and_named(tmp_path: Path) -> None:
    truncated = publish_generation(tmp_path, 1)
    publish_generation(tmp_path, 2)
    truncated.path.chmod(0o640)
    os.truncate(truncated.path, 3000)

    assert damaged_releases(tmp_path) == [truncated.path]
    assert [release.seq for release in list_releases(tmp_path)] == [2]
    with run_lock(tmp_path) as lock, pytest.raises(DamagedRelease, match=r"000001\.duckdb"):
        rollback(tmp_path, lock)


def test_a_missing_current_release_is_named_and_can_be_replaced(tmp_path: Path) -> None:
    publish_generation(tmp_path, 1)
    publish_generation(tmp_path, 2).path.unlink()

    with pytest.raises(DamagedRelease, match=r"000002\.duckdb: there is no such file"):
        current_release(tmp_path)
    with run_lock(tmp_path) as lock:
        assert rollback(tmp_path, lock).seq == 1
    assert current_generation(tmp_path) == 1


def test_before_the_first_release_everything_says_so(tmp_path: Path) -> None:
    assert current_release(tmp_path) is None
    assert list_releases(tmp_path) == []
    with pytest.raises(ReleaseError, match="nothing has been published yet"):
        open_release(tmp_path)
    with run_lock(tmp_path) as lock, pytest.raises(ReleaseError, match=r"there are: none"):
        rollback(tmp_path, lock)


# --- Reading a release --------------------------------------------------------------------------


def test_an_opened_release_reaches_no_other_file_and_writes_nothing(tmp_path: Path) -> None:
    publish_generation(tmp_path, 1)
    outside = tmp_path / "outside.csv"
    outside.write_text("secret\n1\n")
    with open_release(tmp_path) as connection:
        assert connection.execute("select count(*) from customers").fetchone() == (5000,)
        for statement in (
            f"from read_csv('{outside}')",
            f"copy customers to '{tmp_path / 'copy.csv'}'",
            f"attach '{tmp_path / 'other.duckdb'}'",
            "set enable_external_access = true",
            "create table more as select 1",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)


def test_an_open_release_does_not_hide_the_next_one_from_the_same_process(tmp_path: Path) -> None:
    publish_generation(tmp_path, 1)
    with open_release(tmp_path) as before:
        publish_generation(tmp_path, 2)
        with open_release(tmp_path) as after:
            assert before.execute("select max(generation) from customers").fetchone() == (1,)
            assert after.execute("select max(generation) from customers").fetchone() == (2,)


# --- Builds -------------------------------------------------------------------------------------


def test_old_builds_go_with_their_logs_and_the_one_in_use_stays(tmp_path: Path) -> None:
    builds = tmp_path / "warehouse" / "builds"
    for number in range(5):
        build = write_generation(tmp_path, number)
        os.utime(build, (number, number))
    (builds / "generation_1" / "build.duckdb.wal").write_text("")
    (builds / "generation_4" / "build.duckdb.wal").write_text("")
    (builds / "killed" / "build.duckdb.tmp").mkdir(parents=True)
    (builds / "killed" / "build.duckdb.wal").write_text("")

    removed = prune_builds(tmp_path, keep_last=2, keep=builds / "generation_0" / BUILD_FILE)

    assert sorted(path.parent.name for path in removed) == ["generation_1", "generation_2"]
    assert sorted(str(path.relative_to(builds)) for path in builds.glob("*/*")) == [
        "generation_0/build.duckdb",
        "generation_3/build.duckdb",
        "generation_4/build.duckdb",
        "generation_4/build.duckdb.wal",
    ]
    assert len(list(builds.iterdir())) == 3
    assert prune_builds(tmp_path / "nowhere", keep_last=0) == []
