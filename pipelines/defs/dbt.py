"""The dbt models and their tests, as assets and checks; one fresh DuckDB file per run."""

import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from pipelines import builds
from pipelines.defs.dbt_project import PROJECT, manifest
from pipelines.defs.resources import Dbt, Warehouse

progress = logging.getLogger("cx.progress")


@dbt_assets(manifest=PROJECT.manifest_path, project=PROJECT, name="dbt_models")
def dbt_models(context: dg.AssetExecutionContext, dbt: Dbt, warehouse: Warehouse) -> Iterator[Any]:
    """Build the models from the lake and test them; a failed test fails the run."""
    home, settings = warehouse.home, warehouse.settings()
    build = builds.start_build(home, settings, context.run_id)
    path = builds.build_path(home, build.run_id)
    if context.is_subset and (earlier := builds.newest_build(home, besides=build.run_id)):
        shutil.copyfile(earlier, path)  # the models that weren't chosen are as they were
        chosen = {key.path[-1] for key in context.selected_asset_keys}
        idle = builds.missing(manifest(), path, chosen)
    else:
        idle = builds.idle(manifest(), home)
    progress.info("building the models, as of %s", build.as_of)
    built = passed = warned = 0
    invocation = dbt.run(
        [*builds.dbt_arguments(settings), *(("--exclude", *idle.tests) if idle.tests else ())],
        builds.dbt_environment(home, build),
        context,
        home,
        idle.models,
    )
    for event in invocation.stream():
        if isinstance(event, dg.AssetCheckResult):
            passed += event.passed
            warned += not event.passed
        else:
            built += 1
            if built % 10 == 0:
                progress.info("  %d models", built)
        yield event
    progress.info("built %d models: %d tests passed, %d warned", built, passed, warned)
    builds.record_build(home, replace(build, is_complete=not context.is_subset))
