"""The command `cx`, thin over Dagster and the modules.

Exit codes: 0 done; 1 the run failed and nothing was published; 2 it could not start; 3 published,
but with an export whose newest delivery was refused.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines import (
    alerts,
    dbt_process,
    headlines,
    lake,
    landing,
    landing_workers,
    pseudonyms,
    releases,
)
from pipelines.contracts.contract import all_exports
from pipelines.dbt_manifest import ManifestError, prepare_manifest
from pipelines.demo.sources import DEFAULT_SOURCES
from pipelines.demo.tell import DemoFailed, being_written, write_and_tell
from pipelines.demo.write import CUSTOMERS, MONTHS, SEED, DemoRefused
from pipelines.headers import newest_header_change
from pipelines.pseudonyms import KeyMissing
from pipelines.release_files import ReleaseError
from pipelines.run_lock import LockError, run_lock
from pipelines.settings import CHECKOUT, Home, SettingsError, alert_webhook, load_settings
from pipelines.start import loading

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult

FAILED, CANNOT_START, DEGRADED = 1, 2, 3

_DAGSTER_SETTINGS = """\
event_log_storage:
  module: pipelines.defs.event_log
  class: EventLog
  config:
    dagster_home:
      env: DAGSTER_HOME
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: op
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  cancel_timeout_seconds: 60
  max_runtime_seconds: 3600
  poll_interval_seconds: 30
  free_slots_after_run_end_seconds: 5
run_retries:
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false
"""

application = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The customer-experience warehouse: land exports, build marts, publish releases.",
)
# Rich assumes 80 columns where there is no terminal and would cut the tables. The stream is named,
# because dbt's own output is sent elsewhere while it runs.
console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 140)


class CannotStart(Exception):
    """What keeps a command from doing anything, in one line."""


def main() -> None:
    """Run a command; what keeps it from starting is one line on stderr, not a traceback."""
    os.umask(0o077)
    try:
        application()
    except (
        CannotStart,
        DemoFailed,
        DemoRefused,
        KeyMissing,
        LockError,
        ManifestError,
        ReleaseError,
        SettingsError,
    ) as error:
        print(f"cx: {error}", file=sys.stderr)
        sys.exit(CANNOT_START)


@application.command()
def demo(
    customers: Annotated[int, typer.Option(min=50, help="How many customers.")] = CUSTOMERS,
    months: Annotated[int, typer.Option(min=3, max=120, help="How many months.")] = MONTHS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = SEED,
    sources: Annotated[
        str,
        typer.Option(
            help="Whose exports to write, separated by commas, or `all`. Where several chosen "
            "sources can hold customers, cases, responses or courses, each record is in exactly "
            "one of them, in turn; what none can hold isn't written."
        ),
    ] = ",".join(DEFAULT_SOURCES),
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing where deliveries lie already.")
    ] = False,
) -> None:
    """Write a demo company's deliveries into the landing folder."""
    home = Home.from_environment().create()
    if _has_deliveries(home):
        if if_empty:
            return
        raise CannotStart(
            f"{home.landing}: holds deliveries already, and a demo company doesn't belong among "
            "them. Set CX_HOME to another folder."
        )
    named = [name.strip() for name in sources.split(",") if name.strip()]
    write_and_tell(home, customers, months, seed, named)


@application.command()
def run(
    demo_if_empty: Annotated[
        bool,
        typer.Option(
            "--demo-if-empty", help="Write a demo company's deliveries if there are none."
        ),
    ] = False,
) -> None:
    """Land what is new, build and test the marts, publish a release."""
    home = Home.from_environment().create()
    with run_lock(home.path) as lock, ExitStack() as stack:
        is_for_demo = demo_if_empty and not _has_deliveries(home)
        if is_for_demo or landing_workers.much_is_new(home):
            stack.enter_context(landing_workers.starting_early(lock))
        with being_written() if is_for_demo else nullcontext():
            _prepare(home)
            refresh = stack.enter_context(_refresh_job(home))
        _refuse_to_start_without_input(home)
        settings = load_settings(home)
        key = pseudonyms.load_key(home.key_file)
        before = releases.current_release(home.path)
        started = time.monotonic()
        with landing_workers.landing_early(home, settings, key, lock):
            succeeded = _execute(refresh, home)
        took = time.monotonic() - started
    _show_accounts(home)
    _show_refusals(home)
    _show_unread(home)
    current = releases.current_release(home.path)
    if not succeeded:
        standing = f"release {current.seq} stays" if current else "there is no release yet"
        console.print(f"[red]The run failed after {took:.0f} s; nothing was published, {standing}.")
        _tell(alerts.run_failed(home, None))
        raise typer.Exit(FAILED)
    assert current is not None
    headlines.show(home, console)
    fresh = before is None or before.seq != current.seq
    console.print(
        f"Release {current.seq} {'published' if fresh else 'unchanged'}, as of {current.as_of}, "
        f"after {took:.0f} s.\nBI tools read: {home.warehouse / 'current.duckdb'}",
        soft_wrap=True,
    )
    if settings.as_of:
        console.print(f"CX_AS_OF is set: nothing dated after {settings.as_of} is in it.")
    if current.is_degraded:
        console.print(
            "[red]Older deliveries were used for: " + ", ".join(current.stale_exports),
            soft_wrap=True,
        )
        _tell(alerts.published_from_older_deliveries(home, current))
        raise typer.Exit(DEGRADED)


@application.command()
def status() -> None:
    """Show what has landed, what was rejected or refused and why, changed columns, the release."""
    home = Home.from_environment()
    _show_accounts(home, by_reason=True)
    _show_refusals(home)
    _show_unread(home)
    _show_header_changes(home)
    current = releases.current_release(home.path)
    if current is None:
        console.print("Nothing is published yet.")
    else:
        console.print(
            f"Release {current.seq}, as of {current.as_of}, "
            f"published {current.published_at:%Y-%m-%d %H:%M} UTC"
            + (
                f", [red]older deliveries for {', '.join(current.stale_exports)}[/]"
                * current.is_degraded
            )
        )


@application.command("releases")
def list_releases() -> None:
    """List the releases that are kept, newest first."""
    home = Home.from_environment()
    found = releases.list_releases(home.path)
    damaged = releases.damaged_releases(home.path)
    if not found and not damaged:
        raise CannotStart(f"{home.warehouse}: no release yet. Make one with: cx run")
    table = Table("release", "as of", "published (UTC)", "marts", "rows", "", box=None)
    for release in found:
        table.add_row(
            str(release.seq),
            str(release.as_of),
            f"{release.published_at:%Y-%m-%d %H:%M}",
            str(len(release.tables)),
            f"{sum(facts.rows for facts in release.tables.values()):,}",
            ("current " if release.is_current else "")
            + ("older deliveries: " + ", ".join(release.stale_exports)) * release.is_degraded,
        )
    console.print(table)
    for path in damaged:
        console.print(
            f"[red]damaged:[/] {path} can't be read. Go back with cx rollback, then delete it.",
            soft_wrap=True,
        )


@application.command()
def rollback(
    seq: Annotated[
        int | None, typer.Argument(help="Which release; the one before the current by default.")
    ] = None,
) -> None:
    """Make an earlier release the current one."""
    home = Home.from_environment()
    with run_lock(home.path) as lock:
        release = releases.rollback(home.path, lock, seq)
    console.print(f"BI tools now read release {release.seq}, as of {release.as_of}.")


@application.command()
def prepare() -> None:
    """Make what Dagster needs to load: its home folder and dbt's manifest."""
    home = Home.from_environment().create()
    _prepare(home)


def _has_deliveries(home: Home) -> bool:
    return any(landing.delivered_days(home, export.source) for export in all_exports())


def _refuse_to_start_without_input(home: Home) -> None:
    load_settings(home)
    pseudonyms.load_key(home.key_file)
    if not _has_deliveries(home):
        strays = ", ".join(landing.unread(home))
        raise CannotStart(
            f"{home.landing}: no delivery{strays and f', but {strays}'}. Put exports into "
            "<source>/<YYYY-MM-DD>/ there, or write a demo company's with: cx demo"
        )


def _prepare(home: Home) -> None:
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    settings = home.dagster / "dagster.yaml"
    if not settings.exists():
        settings.write_text(_DAGSTER_SETTINGS, "utf-8")
    prepare_manifest(CHECKOUT / "dbt_project", home, load_settings(home))


def _tell(text: str) -> None:
    """Post an alert if a webhook is set; the command's outcome is what it is either way."""
    webhook = alert_webhook()
    if webhook is None:
        return
    try:
        alerts.send(webhook, text)
    except alerts.AlertNotSent as error:
        print(f"cx: nobody was told: {error}", file=sys.stderr)


@contextmanager
def _refresh_job(home: Home) -> Iterator[Callable[[], "ExecuteInProcessResult"]]:
    """What runs the job `refresh`, with all that it needs loaded or about to be."""
    with loading():
        import dagster as dg

        from pipelines.definitions import definitions
        from pipelines.defs.selection import with_work
    dbt_process.start_early()
    job = definitions.resolve_job_def("refresh")
    with dg.DagsterInstance.get() as instance:
        yield lambda: job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            asset_selection=with_work(home, job.asset_layer.executable_asset_keys),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


def _execute(refresh: "Callable[[], ExecuteInProcessResult]", home: Home) -> bool:
    logging.getLogger("cx.progress").addHandler(_ProgressLines())
    logging.getLogger("cx.progress").setLevel(logging.INFO)
    log = home.warehouse / "dbt.log"
    with log.open("w") as dbt_output, redirect_stdout(dbt_output):
        result = refresh()
    for event in result.get_step_failure_events() if not result.success else ():
        error = event.step_failure_data.error
        cause = error.cause if error and error.cause else error
        console.print(
            f"[red]failed[/] {event.step_key}: " + escape(cause.message.strip() if cause else ""),
            soft_wrap=True,
        )
        if event.step_key == "dbt_models":
            console.print(f"All that dbt said: {log}", soft_wrap=True)
    return bool(result.success)


class _ProgressLines(logging.Handler):
    """Prints what steps say of themselves, each line with the seconds since the start."""

    def __init__(self) -> None:
        super().__init__()
        self._started = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        console.print(
            f"{time.monotonic() - self._started:6.1f} s  {record.getMessage()}",
            markup=False,
            soft_wrap=True,
        )


def _show_refusals(home: Home) -> None:
    for refusal in lake.refusals(home):
        console.print(
            f"[red]refused[/] {refusal.source}/{refusal.export} {refusal.delivered_on}: "
            + escape(refusal.message),
            soft_wrap=True,
        )


def _show_unread(home: Home) -> None:
    if unread := landing.unread(home):
        console.print(
            "not read, as no export has such files or they are in no <source>/<YYYY-MM-DD>/: "
            + escape(", ".join(unread)),
            soft_wrap=True,
        )


def _show_header_changes(home: Home) -> None:
    settings = load_settings(home)
    for export in all_exports():
        change = newest_header_change(home, export, settings.source(export.source))
        if change and change.is_change:
            console.print(
                f"[yellow]columns[/] {export.source}/{export.name} {change.newest.delivered_on}, "
                + escape(str(change)),
                soft_wrap=True,
            )


def _show_accounts(home: Home, *, by_reason: bool = False) -> None:
    totals: dict[str, list[int]] = {}
    reasons: dict[tuple[str, str], int] = {}
    newest: dict[str, str] = {}
    for account in lake.accounts(home):
        name = f"{account.source}/{account.export}"
        row = totals.setdefault(name, [0] * 6)
        excluded = sum(account.excluded.values())
        for position, count in enumerate(
            (1, account.read, account.accepted, account.rejected, account.duplicates, excluded)
        ):
            row[position] += count
        newest[name] = max(newest.get(name, ""), account.delivered_on)
        for reason, rows in account.reasons.items():
            reasons[name, reason] = reasons.get((name, reason), 0) + rows
        for rule, rows in account.excluded.items():
            reasons[name, f"(excluded) {rule}"] = (
                reasons.get((name, f"(excluded) {rule}"), 0) + rows
            )
    if not totals:
        console.print(f"{home.lake}: nothing has landed yet.")
        return
    table = Table(
        "export",
        "newest",
        *("deliveries", "read", "accepted", "rejected", "duplicates", "excluded"),
        box=None,
    )
    for column in table.columns[2:]:
        column.justify = "right"
    for name, counts in totals.items():
        table.add_row(name, newest[name], *(f"{count:,}" for count in counts))
    console.print(table)
    if reasons:
        why = Table("why rows are not in the lake", "", "rows", box=None)
        why.columns[2].justify = "right"
        shown = sorted(reasons.items(), key=lambda each: (each[0][0], -each[1]))
        for (name, reason), rows in shown if by_reason else _largest(shown):
            why.add_row(name, reason, f"{rows:,}")
        console.print(why)
        if not by_reason:
            console.print(f"The rows themselves: {home.rejected} (all reasons: cx status)")


def _largest(reasons: list[tuple[tuple[str, str], int]]) -> list[tuple[tuple[str, str], int]]:
    return sorted(reasons, key=lambda each: -each[1])[:8]
