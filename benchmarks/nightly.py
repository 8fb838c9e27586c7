"""How long `make run` takes on the default demo, and where the time goes."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run(customers: int = 5_000, months: int = 24) -> dict[str, float]:
    """Write the demo company and run the whole job on it, as `make run` does.

    Returns:
        Seconds of the demo, of the run, of both, and of a second run with nothing new.
    """
    cx = str(Path(sys.executable).with_name("cx"))
    with tempfile.TemporaryDirectory(dir=os.environ.get("CX_BENCH_FOLDER")) as folder:
        environment = {**os.environ, "CX_HOME": folder}
        size = ["--customers", str(customers), "--months", str(months)]
        demo = _timed([cx, "demo", *size], environment)
        first = _timed([cx, "run"], environment)
        second = _timed([cx, "run"], environment)
    return {
        "demo_seconds": demo,
        "run_seconds": first,
        "make_run_seconds": demo + first,
        "second_run_seconds": second,
    }


def _timed(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - started
