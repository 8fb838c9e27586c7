"""How long dbt takes from the lake to the marts, model by model, beside reading the same tables.

The yardstick reads each table that a model reads once, with `count(*)` and a hash of every row, so
that waste shows: a model that takes many times as long does more than look at its rows.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import builds, lake
from pipelines.contracts.contract import export_named
from pipelines.settings import CHECKOUT, Home, load_settings

CUSTOMERS, MONTHS = 5_000, 24
SLOWEST = 10
"""Of so many models the table tells."""

NAMES = {
    "salesforce/account": ("id", "master_record_id", "parent_id"),
    "salesforce/contact": ("id", "master_record_id", "account_id", "email_pseudonym"),
    "salesforce/case": (
        *("id", "master_record_id", "case_number", "contact_id", "account_id", "parent_id"),
        "supplied_email_pseudonym",
    ),
    "salesforce/case_comment": ("id", "parent_id"),
    "salesforce/case_history": ("id", "case_id"),
    "salesforce/email_message": ("id", "parent_id"),
    "salesforce/opportunity": ("id", "account_id", "contact_id"),
    "qualtrics/responses": (
        *("response_id", "recipient_email_pseudonym", "external_data_reference", "case_number"),
    ),
    "shopify/orders": ("id", "name", "email_pseudonym"),
    "stripe/payments": (
        *("id", "customer_id", "customer_email_pseudonym", "invoice_id", "account_id"),
        "order_number",
    ),
    "stripe/subscriptions": ("id", "customer_id", "customer_email_pseudonym", "account_id"),
}
"""The columns that name a customer, or something of a customer's; staff and lists stay as few."""


def run(times: int) -> list[dict[str, Any]]:
    """Build a company of so many times the default demo's customers, each with all that is theirs.

    Returns:
        What was built: rows, seconds of the models and of reading their tables once, the ratio,
        peak MiB; then the slowest models with the same, the slowest first. Models run one by one.
    """
    with tempfile.TemporaryDirectory(dir=os.environ.get("CX_BENCH_FOLDER")) as folder:
        home = Home(Path(folder)).create()
        _land_the_demo(home)
        once = _rows(home.warehouse / "current.duckdb", "main")
        for name, columns in NAMES.items():
            _multiply(home, name, columns, times)
        database, models, peak = _build(home)
        rows = _rows(database, "marts")
        if rows != {what: times * count for what, count in once.items()}:
            raise SystemExit(f"{times} times {once} should have been built, and it was {rows}")
        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute(f"set file_search_path = '{home.path}'")
            read = _reading_seconds(connection, {each for model in models for each in model[2]})
        size = database.stat().st_size
    slowest = sorted(models, key=lambda model: -model[1])[:SLOWEST]
    whole = sum(seconds for _, seconds, _, _ in models)
    return [
        {
            **rows,
            "models": len(models),
            "build_seconds": whole,
            "reading_seconds": sum(read.values()),
            "ratio": whole / sum(read.values()),
            "peak_mib": peak,
            "build_mib": size / 2**20,
        },
        *(
            {
                "model": name,
                "seconds": seconds,
                "ratio": seconds / max(sum(read[each] for each in inputs), 0.001),
                "peak_mib": mib,
            }
            for name, seconds, inputs, mib in slowest
        ),
    ]


def _rows(database: Path, schema: str) -> dict[str, int]:
    with duckdb.connect(str(database.resolve()), read_only=True) as connection:
        return {
            mart: connection.execute(f"select count(*) from {schema}.{mart}").fetchall()[0][0]
            for mart in ("customers", "survey_responses", "support_cases", "customer_months")
        }


def _land_the_demo(home: Home) -> None:
    cx = str(Path(sys.executable).with_name("cx"))
    size = ["--customers", str(CUSTOMERS), "--months", str(MONTHS)]
    for command in ([cx, "demo", *size], [cx, "run"]):
        _done(command, {"CX_HOME": str(home.path)}, CHECKOUT)


def _multiply(home: Home, name: str, columns: tuple[str, ...], times: int) -> None:
    """Have each row of an export so many times, the first as it is, the others of other names."""
    export = export_named(name)
    other = ", ".join(
        f"case when copy = 0 then {column} else {column} || '-' || copy end as {column}"
        for column in columns
    )
    for day in lake.landed_days(home, export):
        path = lake.lake_file(home, export, day)
        larger = path.with_suffix(".larger")
        with duckdb.connect() as connection:
            connection.execute("set preserve_insertion_order = false")
            connection.execute(
                f"copy (select * exclude (copy) replace ({other}) "
                f"from read_parquet('{path}', hive_partitioning = false), "
                f"range({times}) as copies (copy)) to '{larger}' (format parquet)"
            )
        larger.replace(path)


_Model = tuple[str, float, list[str], float]
"""Its name, seconds, the tables it reads, and the peak MiB of the process while it ran."""


def _build(home: Home) -> tuple[Path, list[_Model], float]:
    settings = load_settings(home)
    build = builds.start_build(home, settings, "benchmark")
    project, target = CHECKOUT / "dbt_project", home.path / "target"
    arguments = [each for each in builds.dbt_arguments(settings) if each != "--no-write-json"]
    memory: list[tuple[float, float]] = []
    _done(
        [
            *(str(Path(sys.executable).with_name("dbt")), *arguments),
            *("--exclude-resource-type", "test", "--threads", "1"),
            *("--profiles-dir", str(project), "--target-path", str(target)),
        ],
        builds.dbt_environment(home, build),
        project,
        memory,
    )
    manifest = json.loads((target / "manifest.json").read_text())
    nodes = {**manifest["nodes"], **manifest["sources"]}
    models = []
    for result in json.loads((target / "run_results.json").read_text())["results"]:
        if not result["unique_id"].startswith("model."):
            continue
        node = nodes[result["unique_id"]]
        executed = [each for each in result["timing"] if each["name"] == "execute"]
        began, ended = (
            datetime.fromisoformat(executed[0][moment]).timestamp()
            for moment in ("started_at", "completed_at")
        )
        during = [mib for at, mib in memory if began <= at <= ended]
        inputs = [_table(nodes[each]) for each in node["depends_on"]["nodes"]]
        models.append((node["name"], ended - began, inputs, max(during, default=0.0)))
    return builds.build_path(home, build.run_id), models, max(mib for _, mib in memory)


def _table(node: dict[str, Any]) -> str:
    if node["resource_type"] == "source":
        return f"read_parquet('lake/{node['source_name']}/{node['name']}/*/*.parquet')"
    return f"{node['schema']}.{node['name']}"


def _reading_seconds(connection: duckdb.DuckDBPyConnection, tables: set[str]) -> dict[str, float]:
    seconds = {}
    for table in sorted(tables):
        started = time.perf_counter()
        connection.execute(f"select count(*), sum(hash(whole_row)) from {table} as whole_row")
        seconds[table] = time.perf_counter() - started
    return seconds


def _done(
    command: list[str],
    environment: dict[str, str],
    folder: Path,
    memory: list[tuple[float, float]] | None = None,
) -> None:
    """Run a command to its end; note its memory in MiB, if asked to, twenty times a second."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, cwd=folder, stdout=output, stderr=output
        )

        def watch() -> None:
            pages = Path(f"/proc/{process.pid}/statm")
            while process.poll() is None and memory is not None:
                resident = int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
                memory.append((time.time(), resident / 2**20))
                time.sleep(0.05)

        watching = threading.Thread(target=watch)
        watching.start()
        watching.join()
        if process.wait():
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read().decode()}")
