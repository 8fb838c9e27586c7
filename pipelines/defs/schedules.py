"""The job that does everything, and when it runs by itself."""

from collections.abc import Iterable

import dagster as dg

from pipelines.defs.selection import with_work
from pipelines.settings import Home

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Land every new or changed delivery, build and test the models, publish.",
)


@dg.schedule(
    job=refresh,
    cron_schedule="0 4 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at 04:00 UTC, whether or not the sensor has seen a delivery.",
)
def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for a run of all that there is work for."""
    return dg.RunRequest(asset_selection=with_work(Home.from_environment(), all_assets(context)))


def all_assets(
    context: dg.ScheduleEvaluationContext | dg.SensorEvaluationContext,
) -> Iterable[dg.AssetKey]:
    """The assets of the job `refresh`."""
    assert context.repository_def is not None
    return context.repository_def.get_job(refresh.name).asset_layer.executable_asset_keys
