"""The job that does everything, and when it runs by itself."""

import dagster as dg

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Land every new or changed delivery, build and test the models, publish.",
)

nightly = dg.ScheduleDefinition(
    name="nightly",
    job=refresh,
    cron_schedule="0 4 * * *",
    execution_timezone="UTC",
    description="Every night at 04:00 UTC, whether or not the sensor has seen a delivery.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
