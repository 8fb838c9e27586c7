"""Who isn't looking is told what failed, once, and never what a cell held."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines import alerts, lake, releases
from pipelines.contracts.contract import export_named
from pipelines.defs.alerts import failed_runs, overdue, stale_releases
from pipelines.exports.files import FileRefused
from pipelines.run_lock import run_lock
from pipelines.settings import SettingsError, alert_webhook, overdue_after_hours
from tests.build_files import write_build
from tests.conftest import TestWarehouse
from tests.webhook import Webhook, listening


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with listening() as hook:
        monkeypatch.setenv("CX_ALERT_WEBHOOK", hook.address)
        yield hook


@pytest.fixture
def home(warehouse: TestWarehouse, monkeypatch: pytest.MonkeyPatch) -> TestWarehouse:
    monkeypatch.setenv("CX_HOME", str(warehouse.home.path))
    return warehouse


def publish(home: TestWarehouse, *, stale: list[str]) -> None:
    build = write_build(home.home.builds / "a" / "build.duckdb", {"customers": "select 1 as n"})
    with run_lock(home.home.path) as lock:
        releases.publish(
            home.home.path,
            build,
            marts=["customers"],
            lock=lock,
            as_of=date(2025, 2, 10),
            run_id="a",
            published_at=datetime(2025, 2, 11, tzinfo=UTC),
            stale_exports=stale,
        )


@dg.op
def landing_step() -> None:
    raise dg.Failure("a fault of the pipeline, not of the files")


@dg.op
def dbt_step() -> None:
    raise ValueError("could not convert 'maya.okafor@example.com'")


@dg.op
def fine_step() -> None:
    """Do nothing."""


@dg.job(name="refresh")
def failing() -> None:
    landing_step()
    dbt_step()


@dg.job(name="refresh")
def succeeding() -> None:
    fine_step()


def outcome(sensor: dg.SensorDefinition, job: dg.JobDefinition) -> object:
    """What a sensor on runs says of a run that has just ended."""
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        ending = instance.all_logs(
            result.run_id,
            of_type=dg.DagsterEventType.RUN_SUCCESS
            if result.success
            else dg.DagsterEventType.RUN_FAILURE,
        )[0].get_dagster_event()
        context = dg.build_run_status_sensor_context(
            sensor_name=sensor.name,
            dagster_event=ending,
            dagster_instance=instance,
            dagster_run=result.dagster_run,
        )
        return sensor(context if result.success else context.for_run_failure())


def test_a_failed_run_is_told_with_its_steps_and_without_what_a_library_quotes(
    home: TestWarehouse, webhook: Webhook
) -> None:
    publish(home, stale=[])
    outcome(failed_runs, failing)
    (text,) = webhook.texts
    assert "failed; release 1, as of 2025-02-10, stays" in text
    assert "- landing_step: a fault of the pipeline, not of the files" in text
    assert "- dbt_step: ValueError" in text
    assert "maya" not in text


def test_a_release_made_of_older_deliveries_is_told_with_the_refusal(
    home: TestWarehouse, webhook: Webhook
) -> None:
    home.deliver("stripe", "unified_payments.csv", "id,Amount\nch_1,2\n")
    with pytest.raises(FileRefused):
        home.land("stripe/payments")
    publish(home, stale=["stripe/payments"])
    outcome(stale_releases, succeeding)
    (text,) = webhook.texts
    assert "release 1, as of 2025-02-10, is published, but from older deliveries of" in text
    assert "- stripe/payments 2025-02-10: unified_payments.csv" in text
    assert lake.read_refusal(home.home, export_named("stripe/payments"), date(2025, 2, 10))


def test_a_release_made_of_the_newest_deliveries_is_no_alert(
    home: TestWarehouse, webhook: Webhook
) -> None:
    publish(home, stale=[])
    assert isinstance(outcome(stale_releases, succeeding), dg.SkipReason)
    assert webhook.texts == []


def test_that_nothing_ran_for_too_long_is_told_once(
    home: TestWarehouse, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance)
        assert "yet" in str(overdue(context))
        succeeding.execute_in_process(instance=instance)
        assert "ago" in str(overdue(context))
        monkeypatch.setenv("CX_OVERDUE_AFTER_HOURS", "0.000000001")
        overdue(context)
        overdue(context)
        assert len(webhook.texts) == 1
        assert "no run has succeeded for" in webhook.texts[0]
        succeeding.execute_in_process(instance=instance)
        overdue(context)
        assert len(webhook.texts) == 2


def test_without_a_webhook_nobody_is_told(
    home: TestWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CX_ALERT_WEBHOOK", raising=False)
    for sensor, job in ((failed_runs, failing), (stale_releases, succeeding)):
        assert "CX_ALERT_WEBHOOK is not set" in str(outcome(sensor, job))


def test_a_webhook_that_fails_is_an_error_that_keeps_its_address() -> None:
    with listening(status=500) as webhook:
        with pytest.raises(alerts.AlertNotSent, match="answered 500"):
            alerts.send(webhook.address, "text")
        address = webhook.address
    with pytest.raises(alerts.AlertNotSent) as error:
        alerts.send(address, "text")
    assert address not in str(error.value)


def test_settings_that_cant_be_right_are_refused() -> None:
    assert alert_webhook({}) is None
    with pytest.raises(SettingsError, match="CX_ALERT_WEBHOOK"):
        alert_webhook({"CX_ALERT_WEBHOOK": "ops@example.com"})
    assert overdue_after_hours({}) == 26
    for wrong in ("-1", "0", "soon", "inf", "nan"):
        with pytest.raises(SettingsError, match="CX_OVERDUE_AFTER_HOURS"):
            overdue_after_hours({"CX_OVERDUE_AFTER_HOURS": wrong})


def test_many_refusals_are_counted_not_listed(home: TestWarehouse, tmp_path: Path) -> None:
    for day in range(1, 13):
        home.deliver("stripe", "unified_payments.csv", "id\nch_1\n", date(2025, 2, day))
        with pytest.raises(FileRefused):
            home.land("stripe/payments", date(2025, 2, day))
    text = alerts.run_failed(home.home, None)
    assert text.count("- stripe/payments") == 10
    assert text.endswith("- and 2 more: cx status")
