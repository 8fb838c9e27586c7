"""What the landing folder looks like at a moment, so that a change can be noticed.

Belongs here: looking. Does not belong here: deciding what a file holds, or reading it.
"""

import hashlib
import os
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
        newest_change: when the newest file changed, seconds since 1970; 0 without files.
    """

    folder: Path
    files: int
    fingerprint: str
    newest_change: float


def landing_state(home: Home) -> LandingState:
    """Look at every file below landing, without opening one or following a link."""
    digest = hashlib.sha256()
    files, newest = 0, 0.0
    for folder, folders, names in os.walk(home.landing, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            files += 1
            newest = max(newest, status.st_mtime, status.st_ctime)
            relative = path.relative_to(home.landing)
            digest.update(f"{relative}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return LandingState(home.landing, files, digest.hexdigest(), newest)
