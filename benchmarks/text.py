"""How much slower ``read_text`` is than a bare ``pyarrow.csv`` reader that checks nothing.

Each reader runs in a process of its own, so that its peak memory is its own too.
"""

import csv
import io
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from pipelines.exports.files import delivered_files
from pipelines.exports.text import BLOCK_BYTES, read_text

_COLUMNS = [f"column {position}" for position in range(15)]
_WORDS = ("late", "café", "great", "slow", "refund", "“nice”", "agent", "bill")


def run(rows: int, quoting: int = csv.QUOTE_MINIMAL) -> dict[str, float]:
    """Read a made-up export of so many rows twice, bare and by ``read_text``.

    Returns:
        Seconds and peak MiB of both, and the ratio of the seconds, which is also printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder) / "cases.csv", rows, quoting)
        bare_seconds, bare_mib = _measure(_read_bare, Path(folder))
        our_seconds, our_mib = _measure(_read_ours, Path(folder))
    result = {
        "rows": rows,
        "bare_seconds": bare_seconds,
        "our_seconds": our_seconds,
        "ratio": our_seconds / bare_seconds,
        "bare_mib": bare_mib,
        "our_mib": our_mib,
    }
    print(", ".join(f"{name} {value:,.2f}" for name, value in result.items()))
    return result


def _write(path: Path, rows: int, quoting: int) -> None:
    made = [_rows_from(start, quoting) for start in range(0, min(rows, 100_000), 10_000)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(_COLUMNS)
        for start in range(0, rows, 10_000):
            file.write(made[start // 10_000 % len(made)])


def _rows_from(start: int, quoting: int) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    for number in range(start, start + 10_000):
        words = " ".join(_WORDS[(number * step) % len(_WORDS)] for step in (1, 3, 7, 11, 13, 17))
        comment = f'{words}, and "so"\non' if number % 50 == 0 else words
        ids = f"5008a0000{number:08d}AAF", f"{number:08d}", f"0038a0000{number % 997:08d}AAK"
        dates = "2025-01-14 09:12:33", "2025-01-15 14:02:51"
        rest = "Closed", "Web", number % 11, "", "true", "12.50", "EUR", "x"
        writer.writerow([*ids, *dates, comment, f"user{number}@example.com", *rest])
    return text.getvalue()


def _measure(read: Callable[[Path], None], folder: Path) -> tuple[float, float]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_timed, read, folder).result()


def _timed(read: Callable[[Path], None], folder: Path) -> tuple[float, float]:
    start = time.perf_counter()
    read(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return time.perf_counter() - start, peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _read_bare(folder: Path) -> None:
    reader = arrow_csv.open_csv(
        folder / "cases.csv",
        read_options=arrow_csv.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(_COLUMNS, pa.string())),
    )
    for _ in reader:
        pass


def _read_ours(folder: Path) -> None:
    for _ in read_text(delivered_files(folder).files[0]).batches():
        pass


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
