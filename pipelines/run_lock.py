"""The lock of a run: one process at a time writes to a warehouse.

Belongs here: taking the lock, sharing it within a process, telling who holds it, noticing its loss.
Does not belong here: what is done under it, such as publishing (`releases.py`).
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path


class LockError(Exception):
    """Something about the lock is wrong; names the file and the fix."""


class AlreadyRunning(LockError):
    """Another process holds the lock of this warehouse."""


class LockLost(LockError):
    """The run no longer holds the lock, so that another one may be publishing."""


class RunLock:
    """The exclusive lock on one warehouse, held by this process; made by `run_lock`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Take over an open file that is locked already."""
        self.path = path
        self._descriptor: int | None = descriptor
        self._holders = 0

    @property
    def descriptor(self) -> int:
        """The locked file, for a process that works for this run and dies with it."""
        if self._descriptor is None:
            raise LockLost(f"{self.path}: this run has released the lock")
        return self._descriptor

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
    process ends, however it ends. Child processes have it only if they are given it, and then it
    stays locked until the last of them has ended, too.

    Args:
        home: The CX_HOME folder; `warehouse/` is made in it if need be.

    Raises:
        AlreadyRunning: Another process holds it; says which and since when.
        LockError: The lock file can't be opened or locked at all.
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


def require_lock(lock: RunLock, home: Path) -> None:
    """Refuse to go on without the lock of the warehouse under `home`.

    Raises:
        LockLost: This run no longer holds it.
        LockError: It is the lock of another warehouse.
    """
    if lock.path != home.resolve() / "warehouse" / "lock":
        raise LockError(f"{lock.path}: this is the lock of another warehouse than {home}")
    if not lock.still_held():
        raise LockLost(
            f"{lock.path}: this run no longer holds the lock, so another one may be publishing; "
            "nothing was published. Run again"
        )


def _take_lock(path: Path) -> RunLock:
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whatever the umask: BI users read what is published in it.
        path.parent.chmod(0o750)
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise LockError(
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
            raise LockError(
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
