"""The process that dbt runs in: it imports dbt while exports still land, then waits for its order.

Belongs here: starting that process and telling it what to run. Does not belong here: what dbt is
told (`builds.py`), what Dagster is told of it (`defs/`).
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.start import loading


class WaitingDbt:
    """A process that has imported dbt, or is about to, and runs one command of it.

    It ends by itself when nothing was ordered and this process has ended, however it did.
    """

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> subprocess.Popen[bytes]:
        """Let it run dbt; what dbt prints comes from the returned process, as does its exit code.

        Args:
            arguments: of the command `dbt`.
            environment: variables beside those of this process.
            folder: where it runs.
        """
        order = {
            "arguments": list(arguments),
            "environment": {**os.environ, **environment},
            "folder": str(folder),
        }
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended; its output says why
            self.process.stdin.write(json.dumps(order).encode())
            self.process.stdin.close()
        self.process.args = ["dbt", *arguments]
        return self.process

    def stop(self) -> None:
        """End it, if it hasn't ended."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


_early: list[WaitingDbt] = []


def start_early() -> None:
    """Start it before the run that will use it, by the same process, starts."""
    _early.append(WaitingDbt())


def started() -> WaitingDbt:
    """The process that was started early, once; else a new one."""
    return _early.pop() if _early else WaitingDbt()


def _wait_and_run() -> None:
    try:
        with loading():
            import dbt.adapters.duckdb  # noqa: F401
            from dbt.cli.main import cli

            import pipelines.dbt_plugin
            import pipelines.lifetime_value  # noqa: F401  what the models in Python use

        text = sys.stdin.read()
    except KeyboardInterrupt:
        return
    if not text:
        return
    order = json.loads(text)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    cli(order["arguments"], prog_name="dbt")


if __name__ == "__main__":
    _wait_and_run()
