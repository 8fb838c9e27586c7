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
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Copies:
    """How an export's rows are multiplied.

    Attributes:
        own: the columns that name what the export is about; each copy has other names.
        customers: those that name a customer, of whom there may be fewer copies. Staff and lists
            stay as they are.
        share: copies of each row for each copy of a customer.
    """

    own: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    share: float = 1.0

    def count(self, times: int) -> int:
        """How many there are of each row when there are so many of each customer."""
        return round(self.share * times)


# So that a million customers, 200 times the demo's, have 10 M responses, 20 M orders and 5 M cases.
PER_RESPONSE, PER_ORDER, PER_CASE = 1.54, 4.15, 1.625

COPIES = {
    "salesforce/account": Copies(customers=("id", "master_record_id", "parent_id")),
    "salesforce/contact": Copies(
        customers=("id", "master_record_id", "account_id", "email_pseudonym")
    ),
    "salesforce/case": Copies(
        ("id", "master_record_id", "case_number", "parent_id"),
        ("contact_id", "account_id", "supplied_email_pseudonym"),
        PER_CASE,
    ),
    "salesforce/case_comment": Copies(("id", "parent_id"), share=PER_CASE),
    "salesforce/case_history": Copies(("id", "case_id"), share=PER_CASE),
    "salesforce/email_message": Copies(("id", "parent_id"), share=PER_CASE),
    "salesforce/opportunity": Copies(customers=("id", "account_id", "contact_id")),
    "qualtrics/responses": Copies(
        ("response_id", "case_number"),
        ("recipient_email_pseudonym", "external_data_reference"),
        PER_RESPONSE,
    ),
    "shopify/orders": Copies(("id", "name"), ("email_pseudonym",), PER_ORDER),
    "stripe/payments": Copies(
        ("id", "invoice_id", "order_number"),
        ("customer_id", "customer_email_pseudonym", "account_id"),
    ),
    "stripe/subscriptions": Copies(
        ("id",), ("customer_id", "customer_email_pseudonym", "account_id")
    ),
}
MARTS = {
    "customers": "salesforce/account",
    "customer_months": "stripe/subscriptions",
    "survey_responses": "qualtrics/responses",
    "support_cases": "salesforce/case",
}
"""Marts, and the exports that decide how many rows they have."""
FACTS = {"responses": "intermediate.int_responses", "orders": "intermediate.int_orders"}
"""What no mart counts one by one, and where it lies in a build."""


def run(times: int) -> list[dict[str, Any]]:
    """Build a company of so many times the default demo's customers, with all that is theirs.

    Returns:
        What was built: rows, seconds of the models and of reading their tables once, the ratio,
        peak MiB; then the slowest models with the same, the slowest first. Models run one by one.
    """
    with tempfile.TemporaryDirectory(dir=os.environ.get("CX_BENCH_FOLDER")) as folder:
        home = Home(Path(folder)).create()
        _land_the_demo(home)
        once = _rows(home.warehouse / "current.duckdb", {mart: f"main.{mart}" for mart in MARTS})
        for name, copies in COPIES.items():
            _multiply(home, name, copies, times)
        database, models, peak = _build(home)
        rows = _rows(database, {mart: f"marts.{mart}" for mart in MARTS})
        facts = _rows(database, FACTS)
        expected = {mart: COPIES[name].count(times) * once[mart] for mart, name in MARTS.items()}
        if rows != expected:
            raise SystemExit(f"{expected} should have been built, and it was {rows}")
        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute(f"set file_search_path = '{home.path}'")
            read = _reading_seconds(connection, {each for model in models for each in model[2]})
        size = database.stat().st_size
    slowest = sorted(models, key=lambda model: -model[1])[:SLOWEST]
    whole = sum(seconds for _, seconds, _, _ in models)
    return [
        {
            **rows,
            **facts,
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


def _rows(database: Path, tables: Mapping[str, str]) -> dict[str, int]:
    """The rows of tables, by what they are called here."""
    with duckdb.connect(str(database.resolve()), read_only=True) as connection:
        return {
            what: connection.execute(f"select count(*) from {table}").fetchall()[0][0]
            for what, table in tables.items()
        }


def _land_the_demo(home: Home) -> None:
    cx = str(Path(sys.executable).with_name("cx"))
    size = ["--customers", str(CUSTOMERS), "--months", str(MONTHS)]
    for command in ([cx, "demo", *size], [cx, "run"]):
        _done(command, {"CX_HOME": str(home.path)}, CHECKOUT)


def _multiply(home: Home, name: str, copies: Copies, times: int) -> None:
    """Have each row of an export several times, the first as it is, the others of other names."""
    export = export_named(name)
    numbers = {
        **dict.fromkeys(copies.own, "copy"),
        **dict.fromkeys(copies.customers, f"copy % {times}"),
    }
    other = ", ".join(
        f"case when {number} = 0 then {column} else {column} || '-' || {number} end as {column}"
        for column, number in numbers.items()
    )
    for day in lake.landed_days(home, export):
        path = lake.lake_file(home, export, day)
        larger = path.with_suffix(".larger")
        with duckdb.connect() as connection:
            connection.execute("set preserve_insertion_order = false")
            connection.execute(
                f"copy (select * exclude (copy) replace ({other}) "
                f"from read_parquet('{path}', hive_partitioning = false), "
                f"range({copies.count(times)}) as copies (copy)) to '{larger}' (format parquet)"
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
