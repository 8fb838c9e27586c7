"""Who has the lock of a warehouse, also across threads, forks and kills."""

import os
import signal
import threading
from pathlib import Path

import pytest

from pipelines.run_lock import AlreadyRunning, run_lock
from tests.processes import line_from, python

HOLD_THE_LOCK = """
import sys
from pathlib import Path
from pipelines.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_second_run_is_told_who_holds_the_lock_and_a_kill_frees_it(tmp_path: Path) -> None:
    with python(HOLD_THE_LOCK, tmp_path) as holder:
        assert line_from(holder) == "held"
        expected = rf"lock: a run is going on \(process {holder.pid} since 20\d\d-.*Wait for it"
        with pytest.raises(AlreadyRunning, match=expected), run_lock(tmp_path):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with run_lock(tmp_path) as lock:
            assert lock.still_held()
    lock_file = tmp_path / "warehouse" / "lock"
    assert lock_file.stat().st_mode & 0o777 == 0o600
    assert lock_file.read_text() == "", "a free lock names nobody"


HOLD_THE_LOCK_WITH_CHILDREN = """
import os, subprocess, sys, time
from pathlib import Path
from pipelines.run_lock import AlreadyRunning, run_lock
home = Path(sys.argv[1])
with run_lock(home):
    started = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL)
    reading, writing = os.pipe()
    forked = os.fork()
    if forked == 0:
        try:
            with run_lock(home):
                os.write(writing, b"taken")
        except AlreadyRunning:
            os.write(writing, b"refused")
        os.close(1)
        time.sleep(60)
        os._exit(0)
    print(started.pid, forked, os.read(reading, 20).decode(), flush=True)
    time.sleep(60)
"""


def test_child_processes_neither_have_the_lock_nor_keep_it_when_their_parent_is_killed(
    tmp_path: Path,
) -> None:
    with python(HOLD_THE_LOCK_WITH_CHILDREN, tmp_path) as holder:
        started, forked, answer = line_from(holder).split()
        try:
            assert answer == "refused"
            holder.kill()
            holder.wait()
            os.kill(int(started), 0)
            os.kill(int(forked), 0)
            with run_lock(tmp_path) as lock:
                assert lock.still_held()
        finally:
            os.kill(int(started), signal.SIGKILL)
            os.kill(int(forked), signal.SIGKILL)


def test_a_step_in_another_thread_of_the_run_shares_its_lock(tmp_path: Path) -> None:
    inside, leave = threading.Event(), threading.Event()
    seen: list[bool] = []

    def step() -> None:
        with run_lock(tmp_path) as lock:
            inside.set()
            leave.wait(timeout=10)
            seen.append(lock.still_held())

    thread = threading.Thread(target=step)
    with run_lock(tmp_path) as outer:
        thread.start()
        assert inside.wait(timeout=10)
        with run_lock(tmp_path) as inner:
            assert inner is outer
    assert outer.still_held(), "the other thread is still in"
    leave.set()
    thread.join()
    assert seen == [True]
    assert not outer.still_held()
