"""The lake and the quarantine: where an export's rows lie, in which columns, and their account.

Belongs here: paths, schemas and the account kept with each file. Does not belong here: what makes
a row acceptable (`contracts/`), how it gets here (`landing.py`).
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts.contract import Export, all_exports
from pipelines.settings import Home

EMPTY_DELIVERY = date(1970, 1, 1)
"""Where the typed empty file of each export lies, so that a source nobody uses gives no error."""

LINEAGE = {"extras": pl.String, "source_file": pl.String, "source_row": pl.Int64}
"""What every lake row carries beside its contract's columns."""

REJECTED_SCHEMA = pa.schema(
    [
        ("source_file", pa.string()),
        ("source_row", pa.int64()),
        ("record_key", pa.string()),
        (
            "reasons",
            pa.list_(
                pa.struct(
                    [("column", pa.string()), ("code", pa.string()), ("explanation", pa.string())]
                )
            ),
        ),
        ("raw", pa.string()),
    ]
)
"""One row per rejected row: the row as it came, where it stood, and every reason.

`record_key` is the row's key where the export has a single-column one and the cell could be read:
a record whose row was set aside is not a record that is gone.
"""

_ACCOUNT = b"cx.account"
_REFUSAL = "refused.json"


@dataclass(frozen=True)
class FileAccount:
    """What one file of a delivery held.

    Attributes:
        name: path within the delivery, archive member included.
        size: bytes, decompressed.
        modified_ns: modification time as landed.
        sha256: of the decompressed bytes.
        rows: data rows read, counted by the reader.
        encoding: as it was decoded.
        header: the header's cells.
    """

    name: str
    size: int
    modified_ns: int
    sha256: str
    rows: int = 0
    encoding: str = ""
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """Where every row of one delivery of one export went.

    read = accepted + rejected + duplicates + Σ excluded, always.

    Attributes:
        source: the vendor system.
        export: the kind of file.
        delivered_on: ISO date of the delivery.
        recipe: identifies code, contract and settings that made the file.
        read: data rows in the files.
        accepted: rows in the lake.
        rejected: rows in quarantine.
        duplicates: earlier copies of a key within the delivery.
        conflicts: those among the duplicates that said something else at the same time.
        excluded: rows left out, by rule.
        reasons: rejected rows by `column: code`; a row with two reasons counts in both.
        unknown_columns: header cells that the contract doesn't know (kept in `extras`).
        absent_columns: optional columns of the contract that no file had.
        sealed_columns: unknown columns that seemed to hold personal data and were not kept.
        files: the files.
    """

    source: str
    export: str
    delivered_on: str
    recipe: str
    read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    conflicts: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    unknown_columns: tuple[str, ...] = ()
    absent_columns: tuple[str, ...] = ()
    sealed_columns: tuple[str, ...] = ()
    files: tuple[FileAccount, ...] = ()

    @property
    def is_balanced(self) -> bool:
        """Whether every row read is in exactly one place."""
        placed = self.accepted + self.rejected + self.duplicates + sum(self.excluded.values())
        return self.read == placed

    def to_json(self) -> str:
        """As kept in the Parquet file's metadata."""
        return json.dumps({**vars(self), "files": [vars(file) for file in self.files]})

    @classmethod
    def from_json(cls, text: str | bytes) -> "Account":
        """The account that `to_json` wrote."""
        content = json.loads(text)
        files = tuple(
            FileAccount(**{**file, "header": tuple(file["header"])})
            for file in content.pop("files")
        )
        for name in ("unknown_columns", "absent_columns", "sealed_columns"):
            content[name] = tuple(content[name])
        return cls(**content, files=files)


@dataclass(frozen=True)
class Refusal:
    """Why a delivery of an export was refused as a whole.

    Attributes:
        source: the vendor system.
        export: the kind of file.
        delivered_on: ISO date of the delivery.
        recipe: identifies code, contract and settings that refused it.
        code: short name of the reason.
        message: file, culprit and fix in one line.
        files: the files as they were then.
    """

    source: str
    export: str
    delivered_on: str
    recipe: str
    code: str
    message: str
    files: tuple[FileAccount, ...] = ()


def lake_file(home: Home, export: Export, day: date) -> Path:
    """Where the accepted rows of a delivery lie."""
    return _file(home.lake, export, day)


def rejected_file(home: Home, export: Export, day: date) -> Path:
    """Where the rejected rows of a delivery lie."""
    return _file(home.rejected, export, day)


def _file(root: Path, export: Export, day: date) -> Path:
    folder = root / export.source / export.name / f"delivered_on={day.isoformat()}"
    return folder / f"{export.name}.parquet"


@cache
def lake_schema(export: Export) -> pa.Schema:
    """The Arrow schema of an export's lake files: the contract's columns, then `LINEAGE`."""
    empty = pl.DataFrame(schema={**export.column_types, **LINEAGE})
    fields = []
    for each in empty.to_arrow().schema:
        fields.append(pa.field(each.name, _portable(each.type)))
    return pa.schema(fields)


def _portable(kind: pa.DataType) -> pa.DataType:
    """The plain Arrow type that any Parquet reader maps to the expected SQL type."""
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_portable(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(each.name, _portable(each.type)) for each in kind])
    return kind


def write_empty_files(home: Home) -> None:
    """Make sure that each export has its typed empty files, in lake and quarantine."""
    for export in all_exports():
        _write_empty(lake_file(home, export, EMPTY_DELIVERY), lake_schema(export))
        _write_empty(rejected_file(home, export, EMPTY_DELIVERY), REJECTED_SCHEMA)


def _write_empty(path: Path, schema: pa.Schema) -> None:
    if path.exists() and pq.read_schema(path).equals(schema):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    pq.write_table(schema.empty_table(), temporary)
    os.replace(temporary, path)


def with_account(account: Account) -> dict[bytes, bytes]:
    """The Parquet key-value metadata that keeps an account with its file."""
    return {_ACCOUNT: account.to_json().encode()}


def read_account(home: Home, export: Export, day: date) -> Account | None:
    """The account of a landed delivery; None when there is no such file."""
    path = lake_file(home, export, day)
    try:
        metadata = pq.read_metadata(path).metadata
    except FileNotFoundError:
        return None
    return Account.from_json(metadata[_ACCOUNT]) if metadata and _ACCOUNT in metadata else None


def landed_days(home: Home, export: Export) -> list[date]:
    """The deliveries of an export in the lake, oldest first; the empty file's day left out."""
    return [
        day for day in _days_with(home, export, f"{export.name}.parquet") if day != EMPTY_DELIVERY
    ]


def refused_days(home: Home, export: Export) -> list[date]:
    """The deliveries of an export that stand refused, oldest first."""
    return _days_with(home, export, _REFUSAL)


def _days_with(home: Home, export: Export, name: str) -> list[date]:
    folder = home.lake / export.source / export.name
    return sorted(
        date.fromisoformat(path.parent.name.removeprefix("delivered_on="))
        for path in folder.glob(f"delivered_on=*/{name}")
    )


def accounts(home: Home) -> Iterator[Account]:
    """The account of every landed delivery, by export and day."""
    for export in all_exports():
        for day in landed_days(home, export):
            account = read_account(home, export, day)
            if account is not None:
                yield account


def newest_delivery(home: Home) -> date | None:
    """The date of the newest landed delivery of any export; None for an empty lake."""
    days = [days[-1] for export in all_exports() if (days := landed_days(home, export))]
    return max(days, default=None)


def write_refusal(home: Home, export: Export, day: date, refusal: Refusal) -> None:
    """Remember that a delivery was refused, beside where its rows would lie."""
    path = lake_file(home, export, day).with_name(_REFUSAL)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(refusal), indent=1), "utf-8")
    os.replace(temporary, path)


def clear_refusal(home: Home, export: Export, day: date) -> None:
    """Forget a refusal: the delivery has landed, or is gone."""
    lake_file(home, export, day).with_name(_REFUSAL).unlink(missing_ok=True)


def read_refusal(home: Home, export: Export, day: date) -> Refusal | None:
    """Why a delivery was refused; None when it wasn't."""
    try:
        content: dict[str, Any] = json.loads(
            lake_file(home, export, day).with_name(_REFUSAL).read_text("utf-8")
        )
    except FileNotFoundError:
        return None
    files = tuple(
        FileAccount(**{**file, "header": tuple(file["header"])}) for file in content.pop("files")
    )
    return Refusal(**content, files=files)


def refusals(home: Home) -> list[Refusal]:
    """Every delivery that stands refused, by export and day."""
    found = []
    for export in all_exports():
        for day in refused_days(home, export):
            refusal = read_refusal(home, export, day)
            if refusal is not None:
                found.append(refusal)
    return found
