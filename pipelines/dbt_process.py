"""The process that dbt runs in: it gets ready while exports still land, then waits for its order.

Belongs here: starting that process and telling it what to run. Does not belong here: what dbt is
told (`builds.py`), what Dagster is told of it (`defs/`).
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.dbt_manifest import dbt_variables
from pipelines.settings import CHECKOUT, Home, SettingsError, load_settings
from pipelines.start import loading

PROJECT = CHECKOUT / "dbt_project"

_SILENTLY = ("--log-level", "none")

_telling = threading.Lock()


class WaitingDbt:
    """A process that has imported dbt and parsed its project, or is about to; runs one command.

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
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        inlined: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:
        """Let it run dbt; what dbt prints comes from the returned process, as does its exit code.

        Args:
            arguments: of the command `dbt`.
            environment: variables beside those of this process.
            folder: where it runs.
            inlined: the ids of models that get no table: dbt writes them into what reads them.
        """
        order = {
            "arguments": list(arguments),
            "environment": {**os.environ, **environment},
            "folder": str(folder),
            "inlined": list(inlined),
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


def prepare_target(home: Home) -> Path:
    """The folder for what dbt compiles and remembers, with what it knows of the project by now.

    One folder for all runs: dbt's own would leave megabytes in the checkout every night.
    """
    target = home.warehouse / "dbt_target"
    known = PROJECT / "target" / "partial_parse.msgpack"
    if known.exists() and not (target / known.name).exists():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(known, target)
    return target


def _wait_and_run() -> None:
    try:
        with loading():
            import pandas  # noqa: F401  asked about what models in Python return
            from dbt.cli.main import dbtRunner
            from dbt.contracts.graph.manifest import Manifest

            import pipelines.dbt_plugin
            import pipelines.lifetime_value  # noqa: F401  what the models in Python use

            try:
                command = _parse_command(Home.from_environment())
                manifest = dbtRunner(callbacks=[_tell]).invoke(command).result
            except SettingsError:  # of another home than the run's, whose own are read by then
                manifest = None
        text = sys.stdin.read()
    except KeyboardInterrupt:
        return
    if not text:
        return
    order = json.loads(text)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    if not isinstance(manifest, Manifest):
        done = dbtRunner(callbacks=[_tell]).invoke(_parse_command(Home.from_environment()))
        manifest = done.result
        if not isinstance(manifest, Manifest):
            sys.exit(2 if done.exception else 1)
    # dbt would parse the whole project anew for each export that is delivered for the first time.
    for model in order["inlined"]:
        manifest.nodes[model].config.materialized = "ephemeral"
    done = dbtRunner(manifest, [_tell]).invoke([*_SILENTLY, *order["arguments"]])
    sys.exit(0 if done.success else 2 if done.exception else 1)


def _tell(event: Any) -> None:
    """Print an event as a line of JSON, as dbt does, which makes such lines of what it won't tell.

    Most events are for debugging, and none of these is told.
    """
    if event.info.level != "debug":
        from dbt_common.events.functions import env_scrubber, msg_to_json

        line = env_scrubber(msg_to_json(event))
        with _telling:
            print(line, flush=True)


def _parse_command(home: Home) -> list[str]:
    return [
        *_SILENTLY,
        *("--no-write-json", "--log-level-file", "none", "parse"),
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(prepare_target(home))),
        *dbt_variables(load_settings(home)),
    ]


if __name__ == "__main__":
    _wait_and_run()
