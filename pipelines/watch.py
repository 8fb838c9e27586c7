"""What the landing folder looks like at a moment, so that a change can be noticed.

Belongs here: looking. Does not belong here: deciding what a file holds, or reading it.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.settings import Home


@dataclass(frozen=True)
class LandingState:
    """The landing folder at a moment.

    Attributes:
        folder: the landing folder.
        files: how many files lie in it.
        fingerprint: changes with every file's path, size and modification time.
        newest_change: when the newest file changed, seconds since 1970; 0 without files. A time
            that has yet to come, such as one from a wrong clock, tells nothing.
    """

    folder: Path
    files: int
    fingerprint: str
    newest_change: float


def landing_state(home: Home) -> LandingState:
    """Look at every file below landing, without opening one; only a source itself may be a link."""
    digest = hashlib.sha256()
    now = time.time()
    files, newest = 0, 0.0
    for path in _files_below(home.landing):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        files += 1
        newest = max(newest, *(t for t in (status.st_mtime, status.st_ctime) if t <= now), 0.0)
        # Names are bytes to the system, and need not be text.
        digest.update(os.fsencode(path.relative_to(home.landing)))
        digest.update(f"\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return LandingState(home.landing, files, digest.hexdigest(), newest)


def _files_below(landing: Path) -> Iterator[Path]:
    tops = sorted(landing.iterdir()) if landing.is_dir() else []
    for top in tops:
        if not top.is_dir():
            yield top
        for folder, folders, names in os.walk(top, followlinks=False):
            folders.sort()
            yield from (Path(folder, name) for name in sorted(names))
