"""Builds: the DuckDB files that dbt writes, each in a folder of its own, and what is known of them.

Belongs here: where a build lies, with what arguments dbt makes it, whether it may be published.
Does not belong here: the models (`dbt_project/`), publishing (`releases.py`).
"""

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines import lake
from pipelines.contracts.contract import all_exports
from pipelines.dbt_manifest import dbt_variables
from pipelines.releases import Description
from pipelines.settings import BUILD_FILE, Home, Settings


class BuildError(Exception):
    """Why there is no build, or none that may be published; the message names the fix."""


@dataclass(frozen=True)
class Build:
    """One DuckDB file that dbt wrote.

    Attributes:
        run_id: the run that made it.
        as_of: ISO date whose knowledge it holds.
        stale_exports: exports with a refused delivery, for which older ones were used.
        is_complete: whether every model was built and every test passed in this run.
    """

    run_id: str
    as_of: str
    stale_exports: tuple[str, ...]
    is_complete: bool = False


def build_path(home: Home, run_id: str) -> Path:
    """Where the build of a run lies; no path is used twice."""
    return home.builds / run_id / BUILD_FILE


def dbt_arguments(settings: Settings) -> list[str]:
    """The arguments of `dbt build` for a whole build, without unit tests.

    And without dbt's own record of it: Dagster keeps the events, the manifest is known.
    """
    return [
        "build",
        *("--exclude-resource-type", "unit_test"),
        *("--no-write-json", "--log-level-file", "none"),
        *dbt_variables(settings),
    ]


@dataclass(frozen=True)
class Idle:
    """What a build has no work for: staging of exports that never landed.

    Attributes:
        models: dbt's ids; their SQL stands within that of the models that read them, so that
            these need no table.
        tests: the names of the tests of nothing else.
    """

    models: tuple[str, ...]
    tests: tuple[str, ...]


def idle(manifest: Mapping[str, Any], home: Home) -> Idle:
    """What a build of the whole lake has no work for; no company has every vendor's exports."""
    landed = {
        (export.source, export.name) for export in all_exports() if lake.landed_days(home, export)
    }
    unfed = {
        source_id
        for source_id, source in manifest["sources"].items()
        if (source["source_name"], source["name"]) not in landed
    }
    staging = _staging(manifest)
    models: set[str] = set()
    while new := {
        node_id
        for node_id, node in staging.items()
        if (inputs := node["depends_on"]["nodes"])
        and node_id not in models
        and models.union(unfed).issuperset(inputs)
    }:
        models |= new
    return _idle(manifest, models)


def missing(manifest: Mapping[str, Any], build: Path, chosen: Collection[str]) -> Idle:
    """What a build of chosen models goes without: staging that an earlier build had no work for.

    Args:
        manifest: dbt's.
        build: the file of the earlier build, whose other models stay.
        chosen: names of the models that are built.
    """
    with duckdb.connect(str(build), read_only=True) as connection:
        there = {
            name
            for (name,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'staging'"
            ).fetchall()
        }
    passed_over = there.union(chosen)
    return _idle(
        manifest,
        {
            node_id
            for node_id, node in _staging(manifest).items()
            if node["name"] not in passed_over
        },
    )


def _staging(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The models of the layer that reads the lake, by dbt's id."""
    return {
        node_id: node
        for node_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] == "staging"
    }


def _idle(manifest: Mapping[str, Any], models: set[str]) -> Idle:
    tests = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (inputs := node["depends_on"]["nodes"])
        and models.issuperset(inputs)
    }
    return Idle(tuple(sorted(models)), tuple(sorted(tests)))


def dbt_environment(home: Home, build: Build) -> dict[str, str]:
    """What dbt reads from the environment."""
    return {
        "CX_HOME": str(home.path),
        "CX_BUILD": str(build_path(home, build.run_id).parent),
        "CX_AS_OF": build.as_of,
    }


def start_build(home: Home, settings: Settings, run_id: str) -> Build:
    """What a build of the present lake will hold.

    Raises:
        BuildError: the lake is empty.
    """
    as_of = settings.as_of or lake.newest_delivery(home)
    if as_of is None:
        raise BuildError(
            f"{home.lake}: nothing has landed, so there is nothing to build. Put exports into "
            f"{home.landing}/<source>/<YYYY-MM-DD>/, or write a demo company's with: cx demo"
        )
    # Of what is newer than all that landed, most of all, older deliveries have to do.
    stale = {
        f"{refusal.source}/{refusal.export}"
        for refusal in lake.refusals(home)
        if settings.as_of is None or refusal.delivered_on <= settings.as_of.isoformat()
    }
    build_path(home, run_id).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Build(run_id, as_of.isoformat(), tuple(sorted(stale)))


def record_build(home: Home, build: Build) -> None:
    """Keep what is known of a build beside it."""
    path = build_path(home, build.run_id).with_suffix(".json")
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(build)), "utf-8")
    os.replace(temporary, path)


def publishable_build(home: Home, run_id: str) -> Build:
    """The build of this run, else the newest complete one.

    Raises:
        BuildError: no build is complete, or this run's is not.
    """
    own = _read_build(build_path(home, run_id).with_suffix(".json"))
    if own is not None:
        if not own.is_complete:
            raise BuildError(
                f"{build_path(home, run_id)}: not every model was built and tested in this run, "
                "so nothing is published. Run the whole job `refresh`."
            )
        return own
    newest_first = sorted(
        home.builds.glob("*/build.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True
    )
    for path in newest_first:
        build = _read_build(path)
        if build is not None and build.is_complete and path.with_suffix(".duckdb").exists():
            return build
    raise BuildError(f"{home.builds}: holds no complete build. Run the whole job `refresh`.")


def newest_build(home: Home, *, besides: str) -> Path | None:
    """The newest build's file other than that of the run `besides`; None when there is none."""
    files = [
        path for path in home.builds.glob(f"*/{BUILD_FILE}") if path != build_path(home, besides)
    ]
    return max(files, key=lambda path: path.stat().st_mtime_ns, default=None)


def marts_in(manifest: Mapping[str, Any]) -> dict[str, Description]:
    """The marts, which are what a release holds, by name, and what is said of them."""
    marts = {
        node["name"]: Description(
            node["description"].strip() or None,
            {
                column["name"]: column["description"].strip()
                for column in node["columns"].values()
                if column["description"].strip()
            },
        )
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
    return dict(sorted(marts.items()))


def _read_build(path: Path) -> Build | None:
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Build(**{**content, "stale_exports": tuple(content["stale_exports"])})
