"""The release that BI reads: the last asset, made from this run's build and nothing else."""

import logging
from datetime import UTC, date, datetime

import dagster as dg

from pipelines import builds, landing, releases
from pipelines.defs.dbt import dbt_models
from pipelines.defs.dbt_project import manifest
from pipelines.defs.resources import Warehouse

progress = logging.getLogger("cx.progress")


def _marts() -> list[dg.AssetKey]:
    return sorted(key for key in dbt_models.keys if key.path[0] == "marts")


@dg.asset(
    key=["warehouse", "release"],
    deps=_marts(),
    group_name="publishing",
    kinds={"duckdb"},
    owners=["team:data-engineering"],
    description="The DuckDB file that BI tools read: the marts, audited, read-only.\n\n"
    "`warehouse/current.duckdb` points to it. It moves only after every model was built, every "
    "test passed, the audit found no personal data and the copy equalled the build.",
    check_specs=[
        dg.AssetCheckSpec(
            "made_from_fresh_deliveries",
            asset=["warehouse", "release"],
            description="No export had to fall back on older deliveries.",
        ),
        dg.AssetCheckSpec(
            "every_file_was_read",
            asset=["warehouse", "release"],
            description="Nothing lies in the landing folder that no export reads; warns, as it "
            "may be none of ours.",
        ),
    ],
)
def release(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Publish this run's build."""
    home = warehouse.home
    build = builds.publishable_build(home, context.run_id)
    marts = builds.marts_in(manifest())
    published = releases.publish(
        home.path,
        builds.build_path(home, build.run_id),
        marts=list(marts),
        descriptions=marts,
        lock=warehouse.lock,
        as_of=date.fromisoformat(build.as_of),
        run_id=build.run_id,
        published_at=datetime.now(UTC),
        stale_exports=build.stale_exports,
    )
    releases.prune_builds(home.path, keep_last=2, keep=builds.build_path(home, build.run_id))
    progress.info(
        "%s release %d, as of %s: %s",
        "published" if published.is_new else "unchanged:",
        published.seq,
        published.as_of,
        published.path,
    )
    return dg.MaterializeResult(
        metadata={
            "release": published.seq,
            "as_of": str(published.as_of),
            "is_new": published.is_new,
            "is_degraded": published.is_degraded,
            "stale_exports": ", ".join(published.stale_exports) or "none",
            "dagster/row_count": sum(table.rows for table in published.tables.values()),
            "bytes": published.bytes,
            "path": dg.MetadataValue.path(published.path),
            "tables": dg.MetadataValue.md(
                "| mart | rows |\n|---|---:|\n"
                + "\n".join(
                    f"| {name} | {table.rows:,} |" for name, table in published.tables.items()
                )
            ),
        },
        check_results=[
            dg.AssetCheckResult(
                passed=not published.is_degraded,
                check_name="made_from_fresh_deliveries",
                description="Older deliveries were used for: " + ", ".join(published.stale_exports)
                if published.is_degraded
                else None,
            ),
            _files_check(landing.unread(home)),
        ],
    )


def _files_check(unread: list[str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not unread,
        check_name="every_file_was_read",
        severity=dg.AssetCheckSeverity.WARN,
        description="No export has such files, or they are in no `<source>/<YYYY-MM-DD>/`."
        if unread
        else None,
        metadata={
            "unread_files": len(unread),
            "which": dg.MetadataValue.md("\n".join(f"- `{name}`" for name in unread) or "none"),
        },
    )
