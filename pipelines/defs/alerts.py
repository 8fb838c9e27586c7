"""Sensors that tell somebody: a run failed, a release is made of old deliveries, nothing runs.

They do nothing until `CX_ALERT_WEBHOOK` is set. `cx run` tells its own outcome by itself.
"""

from datetime import UTC, datetime

import dagster as dg

from pipelines import alerts, releases
from pipelines.defs.schedules import refresh
from pipelines.settings import Home, alert_webhook, overdue_after_hours

_OFF = "CX_ALERT_WEBHOOK is not set: nobody is told"


@dg.run_failure_sensor(
    monitored_jobs=[refresh],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells that a run failed, at which steps, and what stays published.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    """Post a failed run to the webhook."""
    webhook = alert_webhook()
    if webhook is None:
        return dg.SkipReason(_OFF)
    reasons = [_reason(event) for event in context.get_step_failure_events()]
    reasons += _failed_checks(context.instance, context.dagster_run.run_id)
    home = Home.from_environment()
    alerts.send(webhook, alerts.run_failed(home, context.dagster_run.run_id, reasons))
    return None


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[refresh],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells that a run published, but from older deliveries of some exports, and why.",
)
def stale_releases(context: dg.RunStatusSensorContext) -> dg.SkipReason | None:
    """Post a degraded release to the webhook."""
    webhook = alert_webhook()
    if webhook is None:
        return dg.SkipReason(_OFF)
    home = Home.from_environment()
    current = releases.current_release(home.path)
    if current is None or not current.is_degraded:
        return dg.SkipReason("every export's newest delivery was used")
    alerts.send(webhook, alerts.published_from_older_deliveries(home, current))
    return None


@dg.sensor(
    minimum_interval_seconds=900,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells that no run has succeeded for longer than CX_OVERDUE_AFTER_HOURS.",
)
def overdue(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Post to the webhook, once until a run succeeds again, that nothing has run for too long."""
    webhook = alert_webhook()
    if webhook is None:
        return dg.SkipReason(_OFF)
    succeeded = dg.RunsFilter(job_name=refresh.name, statuses=[dg.DagsterRunStatus.SUCCESS])
    records = context.instance.get_run_records(succeeded, limit=1)
    if not records:
        return dg.SkipReason("no run has succeeded yet")
    (newest,) = records
    hours = (datetime.now(UTC).timestamp() - (newest.end_time or 0)) / 3600
    limit = overdue_after_hours()
    if hours <= limit:
        return dg.SkipReason(f"a run succeeded {hours:.1f} hours ago")
    run_id = newest.dagster_run.run_id
    if context.cursor != run_id:
        alerts.send(webhook, alerts.overdue(Home.from_environment(), hours, limit))
        context.update_cursor(run_id)
    return dg.SkipReason(f"told: no run has succeeded for {hours:.0f} hours")


def _reason(event: dg.DagsterEvent) -> str:
    """A step's failure in one line; a library's own message may quote a cell and stays here."""
    failure = event.step_failure_data
    error = failure.error.cause if failure.error and failure.error.cause else failure.error
    stated = failure.user_failure_data
    if stated is not None and stated.description:
        return f"{event.step_key}: {stated.description}"
    return f"{event.step_key}: {error.cls_name if error else 'failed'}"


def _failed_checks(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """The checks that stopped a run, dbt's tests among them, by name."""
    evaluations = [
        entry.get_dagster_event().asset_check_evaluation_data
        for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    ]
    return [
        f"{each.asset_key.to_user_string()}: check {each.check_name} failed"
        for each in evaluations
        if not each.passed and each.severity == dg.AssetCheckSeverity.ERROR
    ]
