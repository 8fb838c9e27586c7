"""How an export becomes an asset: `landed(contract)`, one line per export.

Belongs here: what Dagster shows of a landed export. Does not belong here: landing itself
(`pipelines/landing.py`).
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import dagster as dg
import pandera.polars as pa
import polars as pl
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION

from pipelines import lake, landing
from pipelines.contracts.contract import Export, export_of
from pipelines.defs.resources import Warehouse
from pipelines.defs.selection import key_of
from pipelines.exports.files import FileRefused
from pipelines.headers import HeaderChange, header_change
from pipelines.lake import Account
from pipelines.landing_workers import LandingFault, Outcome
from pipelines.settings import Home, SourceSettings, first_delivery

DELIVERY_DAYS = dg.DailyPartitionsDefinition(
    start_date=first_delivery().isoformat(), end_offset=1, timezone="UTC"
)

progress = logging.getLogger("cx.progress")

_TAKEN = "every_delivery_was_taken"
_ACCOUNTED = "every_row_is_accounted_for"
_HEADER = "header_is_as_it_was"
_CLEAN = "no_row_was_rejected"


# Backfill policies are marked as beta; a test holds the behaviour that is relied on here.
warnings.filterwarnings("ignore", category=dg.BetaWarning, message=".*`backfill_policy`.*")


def landed(
    contract: type[pa.DataFrameModel], *, rests_on: Sequence[type[pa.DataFrameModel]] = ()
) -> dg.AssetsDefinition:
    """The asset of an export: its deliveries, validated, in the lake.

    What decides whether a row is valid, such as the declared questions, is named in `rests_on`
    and landed first in the same step. It can't be a Dagster dependency: a partitioned asset with
    a partitioned parent can't run without a partition (1.13), which the nightly run needs.

    A run for chosen partitions lands those days. A run without partitions lands every delivery
    that is new, changed or gone: the nightly case, in which nobody should have to say which.
    """
    export = export_of(contract)
    key = key_of(export)

    @dg.asset(
        key=key,
        partitions_def=DELIVERY_DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="landing",
        kinds={"csv", "pandera", "parquet"},
        owners=["team:data-engineering"],
        description=f"{export.grain}\n\n{export.delivery.capitalize()} deliveries of "
        f"`{'`, `'.join(export.files)}`.",
        metadata=_definition_metadata(export),
        tags={"source": export.source, "delivery": export.delivery},
        check_specs=[
            dg.AssetCheckSpec(_TAKEN, asset=key, description="No delivery stands refused."),
            dg.AssetCheckSpec(
                _ACCOUNTED,
                asset=key,
                description="Read = accepted + rejected + duplicates + excluded, each delivery.",
            ),
            dg.AssetCheckSpec(
                _CLEAN,
                asset=key,
                description="No row broke the contract; warns, as rows are set aside.",
            ),
            dg.AssetCheckSpec(
                _HEADER,
                asset=key,
                description="The newest delivery has the columns of the one before, in any order; "
                "warns, and is an error where the contract requires what is gone.",
            ),
        ],
    )
    def asset(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[Any]:
        yield from _land_days(context, warehouse, export, [export_of(each) for each in rests_on])

    return asset


def _definition_metadata(export: Export) -> dict[str, Any]:
    return {
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(
                    name,
                    _shown(kind),
                    description=", ".join(export.rules[name].labels)
                    if name in export.rules
                    else "made by the reader",
                    constraints=dg.TableColumnConstraints(
                        nullable=bool(export.schema.columns[name].nullable),
                        unique=export.key == (name,),
                    ),
                )
                for name, kind in export.column_types.items()
            ]
        ),
        "key": ", ".join(export.key),
        "contract": f"{export.contract.__module__}.{export.contract.__name__}",
    }


def _shown(kind: pl.DataType) -> str:
    """A column's type in few words."""
    if isinstance(kind, pl.Datetime):
        return "timestamp (UTC)"
    if isinstance(kind, pl.Decimal):
        return f"decimal({kind.precision}, {kind.scale})"
    return "list" if isinstance(kind, pl.List) else str(kind).lower()


def _land_days(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    export: Export,
    rests_on: Sequence[Export],
) -> Iterator[Any]:
    home, settings = warehouse.home, warehouse.settings()
    key = key_of(export)
    if context.has_partition_key or context.has_partition_key_range:
        chosen = {date.fromisoformat(each) for each in context.partition_keys}
    else:
        chosen = None
    shown = context.instance.get_materialized_partitions(key)
    newly: list[Account] = []
    for other in rests_on:  # what stands refused there, its own step tells
        list(_land_all(warehouse, other, None))
    for day, outcome in _land_all(warehouse, export, chosen):
        if isinstance(outcome, FileRefused):
            progress.error("REFUSED %s/%s %s: %s", export.source, export.name, day, outcome)
            context.log.error(f"{day}: {outcome}")
            continue
        if outcome is not None and (outcome.is_new or day.isoformat() not in shown):
            newly.append(outcome.account)
            yield dg.AssetMaterialization(
                key, partition=day.isoformat(), metadata=_metadata(home, export, outcome.account)
            )
    _report(export, newly)
    yield from _checks(home, export, settings.source(export.source), key)
    # Without this mark Dagster would log the same event for every day of the run's range,
    # delivered or not, and it would hide the day's own counts.
    yield dg.MaterializeResult(
        asset_key=key, metadata={SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION: True}
    )


def _land_all(
    warehouse: Warehouse, export: Export, chosen: set[date] | None
) -> Iterator[tuple[date, Outcome]]:
    """Land the chosen deliveries; a fault of ours fails the step."""
    days = landing.days_of(warehouse.home, export)
    if chosen is not None:
        days = [day for day in days if day in chosen]
    try:
        yield from warehouse.workers().land_all(export, days)
    except LandingFault as fault:
        raise dg.Failure(str(fault)) from None


def _metadata(home: Home, export: Export, account: Account) -> dict[str, Any]:
    day = date.fromisoformat(account.delivered_on)
    metadata: dict[str, Any] = {
        "dagster/row_count": account.accepted,
        "read": account.read,
        "accepted": account.accepted,
        "rejected": account.rejected,
        "duplicates": account.duplicates,
        "excluded": sum(account.excluded.values()),
        "rejected_share": account.rejected / account.read if account.read else 0.0,
        "bytes": sum(file.size for file in account.files),
        "delivered_on": account.delivered_on,
        "files": dg.MetadataValue.md(
            "\n".join(f"- `{file.name}`: {file.rows:,} rows" for file in account.files)
        ),
        "lake_file": dg.MetadataValue.path(lake.lake_file(home, export, day)),
    }
    if account.rejected:
        metadata["why_rejected"] = _table("reason", account.reasons)
        metadata["quarantine_file"] = dg.MetadataValue.path(lake.rejected_file(home, export, day))
    if account.excluded:
        metadata["why_excluded"] = _table("rule", account.excluded)
    if account.unknown_columns:
        metadata["unknown_columns"] = ", ".join(
            label or "(without a label)" for label in account.unknown_columns
        )
    return metadata


def _table(first: str, counts: dict[str, int]) -> dg.MarkdownMetadataValue:
    lines = [f"| {first} | rows |", "|---|---:|"]
    lines += [f"| {name} | {rows:,} |" for name, rows in counts.items()]
    return dg.MetadataValue.md("\n".join(lines))


def _checks(
    home: Home, export: Export, settings: SourceSettings, key: dg.AssetKey
) -> Iterator[dg.AssetCheckResult]:
    """What the lake holds now, over all its deliveries: the checks tell the state, not the run."""
    days = lake.landed_days(home, export)
    accounts = [account for day in days if (account := lake.read_account(home, export, day))]
    refused = [
        refusal
        for refusal in lake.refusals(home)
        if (refusal.source, refusal.export) == (export.source, export.name)
    ]
    yield dg.AssetCheckResult(
        passed=not refused,
        asset_key=key,
        check_name=_TAKEN,
        description="; ".join(f"{each.delivered_on}: {each.message}" for each in refused) or None,
        metadata={"refused_deliveries": len(refused), "landed_deliveries": len(accounts)},
    )
    unbalanced = [account.delivered_on for account in accounts if not account.is_balanced]
    yield dg.AssetCheckResult(
        passed=not unbalanced,
        asset_key=key,
        check_name=_ACCOUNTED,
        metadata={
            "read": sum(account.read for account in accounts),
            "accepted": sum(account.accepted for account in accounts),
            "rejected": sum(account.rejected for account in accounts),
            "duplicates": sum(account.duplicates for account in accounts),
            "excluded": sum(sum(account.excluded.values()) for account in accounts),
            "unbalanced_deliveries": ", ".join(unbalanced) or "none",
        },
    )
    newest = accounts[-1] if accounts else None
    yield dg.AssetCheckResult(
        passed=newest is None or newest.rejected == 0,
        asset_key=key,
        check_name=_CLEAN,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Newest delivery: {newest.rejected:,} of {newest.read:,} rows in quarantine."
        if newest
        else "Nothing has been delivered.",
        metadata={"why_rejected": _table("reason", newest.reasons)} if newest else {},
    )
    yield _header_check(header_change(export, settings, accounts, refused), key)


def _header_check(change: HeaderChange | None, key: dg.AssetKey) -> dg.AssetCheckResult:
    """Whether the newest delivery has the columns of the one before; lost ones may stop it."""
    if change is None:
        return dg.AssetCheckResult(
            passed=True,
            asset_key=key,
            check_name=_HEADER,
            severity=dg.AssetCheckSeverity.WARN,
            description="There is no earlier delivery to compare with.",
        )
    return dg.AssetCheckResult(
        passed=not change.is_change,
        asset_key=key,
        check_name=_HEADER,
        severity=dg.AssetCheckSeverity.ERROR if change.required else dg.AssetCheckSeverity.WARN,
        description=f"{change.newest.delivered_on}, columns {change}",
        metadata={
            "added": ", ".join(change.added) or "none",
            "gone": ", ".join(change.gone) or "none",
            "gone_but_required": ", ".join(change.required) or "none",
            "files": ", ".join(change.newest.files),
            "files_before": ", ".join(change.earlier.files),
            "fingerprint": change.newest.fingerprint,
            "fingerprint_before": change.earlier.fingerprint,
        },
    )


def _report(export: Export, newly: list[Account]) -> None:
    """One line in the terminal for what this step did."""
    if not newly:
        return
    read = sum(account.read for account in newly)
    rejected = sum(account.rejected for account in newly)
    duplicates = sum(account.duplicates for account in newly)
    excluded = sum(sum(account.excluded.values()) for account in newly)
    progress.info(
        "%-28s %3d %s %12s rows read%s",
        f"{export.source}/{export.name}",
        len(newly),
        "delivery " if len(newly) == 1 else "deliveries",
        f"{read:,}",
        "".join(
            f", {count:,} {word}"
            for word, count in (
                ("rejected", rejected),
                ("duplicates", duplicates),
                ("excluded", excluded),
            )
            if count
        ),
    )
