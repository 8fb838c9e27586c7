"""A run that is killed at any moment leaves BI's release whole, and the next run makes it right.

`pytest tests/end_to_end/test_kill.py --kills 20` tries twenty moments; the default is fewer.
"""

import json
import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import CX, NEWEST, Small, content, cx, environment_of
from tests.processes import python

READER = """
import json, select, sys, duckdb
reads, errors = 0, []
while not select.select([sys.stdin], [], [], 0.2)[0]:
    try:
        with duckdb.connect(sys.argv[1], read_only=True) as release:
            assert release.execute("select count(*) from nps_monthly").fetchone()[0] > 0
    except Exception as error:
        errors.append(repr(error))
    reads += 1
print(json.dumps([reads, errors]))
"""
"""Opens and reads the current release over and over, as a dashboard would."""


def test_killed_runs_change_nothing_and_a_rerun_gives_the_same_marts(
    small: Small,
    earlier: Small,
    small_landing: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    kills = request.config.getoption("--kills")
    killed = tmp_path / "killed"
    # Its release lacks the newest deliveries; the next one has them.
    shutil.copytree(earlier.home, killed, symlinks=True)
    before, expected = earlier.content, small.content
    assert content(killed) == before
    assert expected != before
    for delivery in (small_landing / "landing").glob(f"*/{NEWEST}"):
        shutil.copytree(delivery, killed / "landing" / delivery.parent.name / NEWEST)
    with python(READER, killed / "warehouse" / "current.duckdb") as reader:
        moments = random.Random(7)
        for number in range(kills):
            run = subprocess.Popen(
                [CX, "run"],
                env=environment_of(killed),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            moment = small.seconds * (number + moments.random()) / kills
            try:
                run.wait(moment)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()
            assert content(killed) in (before, expected)
        assert cx(killed, "run").returncode == 0
        said, _ = reader.communicate("stop\n")
    assert content(killed) == expected
    reads, errors = json.loads(said)
    assert errors == []
    assert reads > kills
    leftovers = [path.name for path in killed.rglob("*.tmp")]
    assert leftovers == []
