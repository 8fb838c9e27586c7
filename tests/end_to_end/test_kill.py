"""A run that is killed at any moment leaves BI's release whole, and the next run makes it right.

`pytest tests/end_to_end/test_kill.py --kills 20` tries twenty moments; the default is fewer.
"""

import os
import random
import signal
import subprocess
import threading
import time
from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.conftest import CX, cx, environment_of

SIZE = ("--customers", "60", "--months", "4", "--seed", "5")
NEWEST = "2026-10-31"


def content(home: Path) -> dict[str, tuple[int, int, int]]:
    """Rows and two checksums of each mart in the current release.

    `bit_xor(hash(t))` alone can't see two rows exchange their last columns, the sum of a second
    hash can.
    """
    with duckdb.connect(
        str((home / "warehouse" / "current.duckdb").resolve()), read_only=True
    ) as c:
        names = [row[0] for row in c.execute("select table_name from duckdb_tables()").fetchall()]
        found = {}
        for name in names:
            if not name.startswith("release_"):
                row = c.execute(
                    "select count(*), bit_xor(hash(t)), sum(hash(hash(t))) % 9223372036854775807 "
                    f"from {name} as t"
                ).fetchone()
                assert row is not None
                found[name] = row
    return found


class Reader(threading.Thread):
    """Opens and reads the current release over and over, as a dashboard would."""

    def __init__(self, home: Path) -> None:
        super().__init__(daemon=True)
        self._link = home / "warehouse" / "current.duckdb"
        self.reads = 0
        self.errors: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.wait(0.2):
            code = (
                "import duckdb; c = duckdb.connect("
                f"{str(self._link)!r}, read_only=True); "
                "assert c.execute('select count(*) from nps_monthly').fetchone()[0] > 0"
            )
            done = subprocess.run(
                [Path(CX).with_name("python"), "-c", code],
                capture_output=True,
                text=True,
                check=False,
            )
            self.reads += 1
            if done.returncode:
                self.errors.append(done.stderr)


def test_killed_runs_change_nothing_and_a_rerun_gives_the_same_marts(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    kills = request.config.getoption("--kills")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for home in (whole, killed):
        assert cx(home, "demo", *SIZE).returncode == 0
    (killed / "pseudonym.key").write_bytes((whole / "pseudonym.key").read_bytes())

    # The first release lacks the newest deliveries; the second one has them.
    later = tmp_path / "later"
    for source in ("salesforce", "qualtrics", "shopify", "stripe"):
        later.mkdir(exist_ok=True)
        os.rename(killed / "landing" / source / NEWEST, later / source)
    assert cx(killed, "run").returncode == 0
    before = content(killed)

    started = time.monotonic()
    assert cx(whole, "run").returncode == 0
    duration = time.monotonic() - started
    expected = content(whole)
    assert expected != before

    for source in ("salesforce", "qualtrics", "shopify", "stripe"):
        os.rename(later / source, killed / "landing" / source / NEWEST)
    reader = Reader(killed)
    reader.start()
    moments = random.Random(7)
    for number in range(kills):
        run = subprocess.Popen(
            [CX, "run"],
            env=environment_of(killed),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        moment = duration * (number + moments.random()) / kills
        try:
            run.wait(moment)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
        assert content(killed) in (before, expected)
    assert cx(killed, "run").returncode == 0
    reader.stop.set()
    reader.join()
    assert content(killed) == expected
    assert reader.errors == []
    assert reader.reads > kills
    leftovers = [path.name for path in killed.rglob("*.tmp")]
    assert leftovers == []
