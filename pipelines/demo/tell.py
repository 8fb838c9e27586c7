"""Writing the demo company and saying so: what `cx demo` and `cx run --demo-if-empty` share.

As a module of its own it starts fast: the second writes the company in another process while it
loads Dagster.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipelines import pseudonyms
from pipelines.demo.sources import DEFAULT_SOURCES
from pipelines.demo.write import write_demo
from pipelines.settings import Home


class DemoFailed(Exception):
    """The other process has failed, and said why on stderr."""


def write_and_tell(
    home: Home, customers: int, months: int, seed: int, sources: Sequence[str] = DEFAULT_SOURCES
) -> None:
    """Write a demo company, make a key for pseudonyms unless there is one, print where they are.

    Raises:
        DemoRefused: landing isn't empty, a number is too small, or a source isn't known.
    """
    started = time.monotonic()
    truth = write_demo(home.path, customers=customers, months=months, seed=seed, sources=sources)
    needs_key = "CX_PSEUDONYM_KEY" not in os.environ
    made = pseudonyms.create_key_file(home.key_file) if needs_key else False
    spoiled = sum(fault.rows for fault in truth.faults if fault.outcome == "rejected")
    print(
        f"Demo company: {customers:,} customers, {months} months, seed {seed}, "
        f"{spoiled:,} faulty rows, "
        f"in {time.monotonic() - started:.1f} s: {home.landing}"
        + (f"\nKey for pseudonyms: {home.key_file}" if made else ""),
        flush=True,
    )


@contextmanager
def being_written() -> Iterator[None]:
    """Write the default company into the home of the environment, while something else is done.

    Raises:
        DemoFailed: it could not be written.
    """
    with subprocess.Popen([sys.executable, "-P", "-m", "pipelines.demo"]) as writing:
        yield
    if writing.returncode:
        raise DemoFailed("The demo company could not be written.")
