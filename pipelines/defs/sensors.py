"""What makes runs start by themselves: deliveries that have settled."""

from datetime import UTC, datetime

import dagster as dg

from pipelines import watch
from pipelines.defs.schedules import all_assets, refresh
from pipelines.defs.selection import with_work
from pipelines.settings import Home

SETTLED_AFTER_SECONDS = 60


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs `refresh` once for each state of the landing folder that has settled: a new "
    "delivery, a corrected file, a delivery taken away.",
)
def deliveries(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run when landing holds something new that nobody is writing any more."""
    home = Home.from_environment()
    state = watch.landing_state(home)
    if not state.files:
        return dg.SkipReason(f"{state.folder}: no delivery")
    if context.cursor == state.fingerprint:
        return dg.SkipReason("nothing has changed since the last run that was asked for")
    age = datetime.now(UTC).timestamp() - state.newest_change
    if age < SETTLED_AFTER_SECONDS:
        return dg.SkipReason(f"the newest file changed {age:.0f} s ago: waiting until it settles")
    context.update_cursor(state.fingerprint)
    # No run key: it would be deduplicated for ever, and a delivery that was taken away and put
    # back must run again. The cursor alone keeps one state from running twice.
    return dg.RunRequest(
        asset_selection=with_work(home, all_assets(context)),
        tags={"landing_state": state.fingerprint[:16]},
    )
