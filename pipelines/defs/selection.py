"""What a run of the whole job has work for: no company has every vendor's exports.

Belongs here: which assets are chosen when nobody has chosen any. Does not belong here: when runs
start (`schedules.py`, `sensors.py`).
"""

from collections.abc import Iterable

import dagster as dg

from pipelines import landing
from pipelines.contracts.contract import Export, all_exports
from pipelines.settings import Home


def key_of(export: Export) -> dg.AssetKey:
    """The key of an export's asset."""
    return dg.AssetKey([export.source, export.name])


def delivered(home: Home) -> set[dg.AssetKey]:
    """The exports whose source has delivered, or of which something lies in the lake still."""
    return {key_of(export) for export in all_exports() if landing.days_of(home, export)}


def with_work(home: Home, assets: Iterable[dg.AssetKey]) -> list[dg.AssetKey]:
    """Those of the assets that are no exports of a source which has never delivered.

    Such an export would be a step with four checks, all of which say that there is nothing.
    """
    idle = {key_of(export) for export in all_exports()} - delivered(home)
    return sorted(set(assets) - idle)
