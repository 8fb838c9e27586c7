"""How long landing a survey export takes, beside DuckDB copying the same file unchecked.

The yardstick reads every cell as text and writes Parquet; landing also decides the encoding,
hashes the file, casts, validates, seals addresses, looks for duplicates and accounts for each row.
Each runs in a process of its own, so that its peak memory is its own too.
"""

import os
import resource
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from pipelines import landing
from pipelines.contracts.contract import all_exports
from pipelines.pseudonyms import Pseudonyms
from pipelines.settings import Home, load_settings

DAY = date(2026, 10, 31)
CUSTOMERS = 1_000_000
_IMPORTS = [
    *("startDate", "endDate", "status", "progress", "duration", "finished", "recordedDate"),
    *("_recordId", "recipientEmail", "externalDataReference", "distributionChannel"),
    *("userLanguage", "QID1_NPS_GROUP", "QID1", "QID2"),
]


def run(rows: int) -> dict[str, float]:
    """Land a made-up Qualtrics export of so many rows, and copy it with DuckDB.

    Returns:
        Seconds, CPU seconds and peak MiB of both, and the ratio of the seconds.
    """
    with tempfile.TemporaryDirectory(dir=os.environ.get("CX_BENCH_FOLDER")) as folder:
        home = Home(Path(folder) / "home").create()
        file = home.landing / "qualtrics" / DAY.isoformat() / "Survey.csv"
        file.parent.mkdir(parents=True)
        write_export(file, rows)
        copied = _in_process(_copy, file)
        landed = _in_process(_land, home.path)
        shutil.rmtree(home.path)
    return {
        "rows": rows,
        "duckdb_seconds": copied[0],
        "landing_seconds": landed[0],
        "ratio": landed[0] / copied[0],
        "cpu_ratio": landed[1] / copied[1],
        "duckdb_mib": copied[2],
        "landing_mib": landed[2],
    }


def write_export(path: Path, rows: int) -> None:
    """Write a Qualtrics export: three header rows, 15 columns, about 148 bytes a row."""
    random = np.random.default_rng(1)
    zone = ',""timeZone"":""America/Denver""'
    with path.open("wb") as file:
        file.write((",".join(_IMPORTS) + "\n").encode())
        file.write((",".join(f"Text of {each}" for each in _IMPORTS) + "\n").encode())
        cells = (
            f'"{{""ImportId"":""{each}""{zone if "Date" in each else ""}}}"' for each in _IMPORTS
        )
        file.write((",".join(cells) + "\n").encode())
        for start in range(0, rows, 500_000):
            size = min(500_000, rows - start)
            second = random.integers(1_700_000_000, 1_709_000_000, size)  # no clock changes
            customer = random.integers(0, CUSTOMERS, size)
            score = random.integers(0, 11, size)
            frame = pl.DataFrame(
                {"second": second, "customer": customer, "score": score}
            ).with_row_index("number", offset=start)
            stamp = "%Y-%m-%d %H:%M:%S"
            file.write(
                frame.select(
                    pl.from_epoch("second").dt.strftime(stamp).alias("start"),
                    pl.from_epoch(pl.col("second") + 90).dt.strftime(stamp).alias("end"),
                    pl.lit(0).alias("status"),
                    pl.lit(100).alias("progress"),
                    pl.lit(90).alias("duration"),
                    pl.lit(1).alias("finished"),
                    pl.from_epoch(pl.col("second") + 91).dt.strftime(stamp).alias("recorded"),
                    pl.format("R_{}", pl.col("number").cast(pl.String).str.zfill(15)).alias("id"),
                    pl.format("person{}@example.com", "customer").alias("email"),
                    pl.format(
                        "0038a000{}AAA", pl.col("customer").cast(pl.String).str.zfill(7)
                    ).alias("contact"),
                    pl.lit("email").alias("channel"),
                    pl.lit("EN").alias("language"),
                    pl.when(pl.col("score") >= 9)
                    .then(3)
                    .when(pl.col("score") >= 7)
                    .then(2)
                    .otherwise(1)
                    .alias("group"),
                    pl.col("score"),
                    (pl.col("score") % 5 + 1).alias("csat"),
                )
                .write_csv(include_header=False)
                .encode()
            )


def _copy(file: Path) -> None:
    target = file.with_suffix(".parquet")
    with duckdb.connect() as connection:
        connection.execute("set threads = 2; set enable_progress_bar = false")
        connection.execute(
            f"copy (from read_csv('{file}', all_varchar = true, header = false, skip = 3)) "
            f"to '{target}' (format parquet)"
        )
    target.unlink()


def _land(path: Path) -> None:
    home = Home(path)
    export = next(each for each in all_exports() if each.source == "qualtrics")
    landed = landing.land(home, export, DAY, load_settings(home, {}), Pseudonyms(b"k" * 32))
    assert landed is not None
    assert landed.account.is_balanced


def _in_process(call: object, argument: Path) -> tuple[float, float, float]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_measured, call, argument).result()


def _measured(call: object, argument: Path) -> tuple[float, float, float]:
    started, cpu = time.perf_counter(), time.process_time()
    call(argument)  # type: ignore[operator]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (
        time.perf_counter() - started,
        time.process_time() - cpu,
        peak / (1 << 20 if sys.platform == "darwin" else 1 << 10),
    )
