"""How a process of ours starts: it imports its libraries without looking through them for garbage.

Imports nothing that takes long, so that a process can begin with it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = 20_000
"""New objects between two collections; Python's 700 fits smaller programs."""


@contextmanager
def loading() -> Iterator[None]:
    """Import here what stays: some hundred thousand objects, of which none will be garbage.

    Left to itself, Python goes through all of them several times while they are made, again with
    every full collection, and once more when the process ends.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_SELDOM)
        gc.enable()
