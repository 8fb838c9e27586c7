"""The code location: everything in `defs/`, and nothing else."""

import dagster as dg

from pipelines import defs
from pipelines.defs.alerts import failed_runs, overdue, stale_releases
from pipelines.defs.resources import Dbt, Warehouse
from pipelines.defs.schedules import nightly, refresh
from pipelines.defs.sensors import deliveries

definitions = dg.Definitions(
    assets=dg.load_assets_from_package_module(defs),
    jobs=[refresh],
    schedules=[nightly],
    sensors=[deliveries, failed_runs, stale_releases, overdue],
    resources={"warehouse": Warehouse(), "dbt": Dbt()},
    executor=dg.in_process_executor,
)
