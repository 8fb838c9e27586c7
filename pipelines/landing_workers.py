"""Processes that land deliveries when there are many: Python's lock holds one process to one core.

Belongs here: which deliveries go to another process, and what becomes of such processes. Does not
belong here: landing itself (`landing.py`).
"""

import os
import signal
import threading
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import date
from functools import cache
from multiprocessing import connection, get_context, parent_process, reduction
from pathlib import Path
from typing import Any

from pipelines import lake, landing
from pipelines.contracts.contract import Export, all_exports, export_named
from pipelines.exports.files import FileRefused
from pipelines.landing import Landed
from pipelines.pseudonyms import Pseudonyms
from pipelines.run_lock import RunLock
from pipelines.settings import Home, Settings
from pipelines.start import loading

PROCESSES = 2

MANY = 8
"""How many deliveries of an export are worth starting processes for."""

SMALL_DELIVERY_BYTES = 64 << 20
"""Above it, a delivery keeps the cores busy and memory full by itself."""

Outcome = Landed | FileRefused | None
"""How landing a delivery ended; None where nothing was delivered."""


class LandingFault(Exception):
    """A fault of ours; says where it is, and nothing of what a library said, which may be a cell.

    The deliveries' earlier state stays.
    """


class LandingWorkers:
    """Lands deliveries for the length of a run, in other processes from the moment there are many.

    The processes hold the run's lock as well: until the last of them is gone, which is at once when
    the run is killed, nobody else writes to the warehouse.
    """

    def __init__(self, home: Home, settings: Settings, key: bytes, lock: RunLock) -> None:
        """Take what every delivery needs, and the processes that were started early, if any."""
        self._surroundings, self._lock = (home, settings, key), lock
        self._home = home
        self._pool = _pools.pop(lock, None)
        self._expected: dict[_Name, Export] | None = None
        self._begun: dict[_Name, dict[date, Future[Outcome]]] = {}

    def expect_everything(self) -> None:
        """Say that this run lands every export whole: many may be landed before their turn.

        The processes start now if there is much to land. Saying it again changes nothing.
        """
        if self._expected is not None:
            return
        exports = sorted(all_exports(), key=_name)
        # Whether an answer is valid, the declared questions say, and they may land in this run.
        self._expected = {_name(export): export for export in exports if not export.is_survey}
        if much_is_new(self._home):
            self._started()
            self._begin_the_next()

    def land_all(self, export: Export, days: Sequence[date]) -> Iterator[tuple[date, Outcome]]:
        """Land deliveries of an export, in the order of the days.

        Raises:
            LandingFault: landing one failed for no fault of its files.
        """
        if self._expected:
            self._expected.pop(_name(export), None)
        begun = self._begun.pop(_name(export), {})
        to_do, landed = list(days), 0
        while (
            to_do
            and not begun
            and (
                (self._pool is None and (landed < 2 or len(to_do) < MANY))
                or not _are_small(self._home, export, to_do)
            )
        ):
            outcome = _land(self._surroundings, export, to_do[0])
            landed += isinstance(outcome, Landed) and outcome.is_new
            yield to_do.pop(0), outcome
        futures: list[Future[Outcome]] = []
        try:
            futures += (begun.get(day) or self._begin(export, day) for day in to_do)
            self._begin_the_next()
            for day, future in zip(to_do, futures, strict=True):
                yield day, future.result()
        except BrokenProcessPool:
            self.close()
            raise LandingFault(
                f"{export.source}/{export.name}: a process that lands deliveries has been "
                "killed, for want of memory perhaps. What it landed stays; run again."
            ) from None
        finally:
            for future in futures:
                future.cancel()

    def close(self) -> None:
        """End the processes, if any, without waiting for what they do."""
        self._begun.clear()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _begin(self, export: Export, day: date) -> Future[Outcome]:
        return self._started().submit(_land_there, self._surroundings, _name(export), day)

    def _begin_the_next(self) -> None:
        """Have exports landed whose turn is still to come, so that no process waits for it."""
        if self._pool is None or not self._expected:
            return
        ahead = sum(
            not future.done() for futures in self._begun.values() for future in futures.values()
        )
        for name, export in list(self._expected.items()):
            if ahead >= MANY:
                return
            days = landing.days_of(self._home, export)
            if _are_small(self._home, export, days):
                del self._expected[name]
                self._begun[name] = {day: self._begin(export, day) for day in days}
                ahead += len(days)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = _started_pool(self._lock)
        return self._pool


_pools: dict[RunLock, ProcessPoolExecutor] = {}
_early: dict[RunLock, LandingWorkers] = {}


@contextmanager
def starting_early(lock: RunLock) -> Iterator[None]:
    """Start processes for the run that this process will start under the lock; end them after."""
    _pools[lock] = _started_pool(lock)
    try:
        yield
    finally:
        if pool := _pools.pop(lock, None):
            pool.shutdown(cancel_futures=True)


@contextmanager
def landing_early(home: Home, settings: Settings, key: bytes, lock: RunLock) -> Iterator[None]:
    """Begin to land all exports for that run, if there is much to land."""
    _early[lock] = workers = LandingWorkers(home, settings, key, lock)
    try:
        workers.expect_everything()
        yield
    finally:
        _early.pop(lock, None)
        workers.close()


def started(home: Home, settings: Settings, key: bytes, lock: RunLock) -> LandingWorkers:
    """What has begun to land under this lock, once; else new workers."""
    return _early.pop(lock, None) or LandingWorkers(home, settings, key, lock)


def much_is_new(home: Home) -> bool:
    """Whether there are many deliveries, none of them large, of which nothing has landed."""
    new: dict[tuple[str, date], Export] = {}
    for export in all_exports():
        days = landing.delivered_days(home, export.source)
        new |= {(export.source, day): export for day in days}
    for export in all_exports():
        for day in lake.landed_days(home, export):
            new.pop((export.source, day), None)
    return len(new) >= MANY and all(
        _are_small(home, export, [day]) for (_, day), export in new.items()
    )


def _are_small(home: Home, export: Export, days: Sequence[date]) -> bool:
    return all(
        _bytes_below(home.landing / export.source / day.isoformat()) < SMALL_DELIVERY_BYTES
        for day in days
    )


def _started_pool(lock: RunLock) -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(
        PROCESSES,
        # Not forked: the libraries' threads may hold locks that nobody would release.
        mp_context=get_context("spawn"),
        initializer=_begin_process,
        initargs=(_Shared(lock.descriptor),),
    )
    with _environment(POLARS_MAX_THREADS="1"):  # there is a process for each core
        for _ in range(PROCESSES):
            pool.submit(os.getpid)
    return pool


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Variables for processes that are started meanwhile; what the user has set stays."""
    new = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]


class _Shared:
    """An open file that a process which is being started gets as well."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self.descriptor),)


def _received(duplicate: Any) -> _Shared:
    return _Shared(duplicate.detach())


_Surroundings = tuple[Home, Settings, bytes]
"""What every delivery needs beside itself; last the key for pseudonyms."""


def _begin_process(lock: _Shared) -> None:
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run decides what ends
    with loading():
        all_exports()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


_Name = tuple[str, str]


def _name(export: Export) -> _Name:
    return export.source, export.name


def _land_there(surroundings: _Surroundings, name: _Name, day: date) -> Outcome:
    return _land(surroundings, export_named("/".join(name)), day)


_pseudonyms = cache(Pseudonyms)


def _land(surroundings: _Surroundings, export: Export, day: date) -> Outcome:
    home, settings, key = surroundings
    try:
        return landing.land(home, export, day, settings, _pseudonyms(key))
    except FileRefused as refused:
        return refused
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        raise LandingFault(
            f"{export.source}/{export.name} {day}: {type(error).__name__} in {where.name}, "
            f"{Path(where.filename).name}:{where.lineno}. This is a fault of the pipeline, not of "
            "the files; the delivery's earlier state stays."
        ) from None


def _bytes_below(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*")) if folder.is_dir() else 0
