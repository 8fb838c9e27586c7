"""How a contract is written: its columns, its vendor labels, and what kind of delivery it takes.

Belongs here: the vocabulary that every contract module uses. Does not belong here: any vendor's
column (its own module), how files are read (`exports/`), what happens to rows (`landing.py`).
"""

import importlib
import pkgutil
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import Annotated, Any, Literal

# A contract's checks are copies, made with its class: what they do in polars is known by then.
import pandera.backends.polars.builtin_checks  # noqa: F401
import pandera.polars as pa
import polars as pl

Timestamp = Annotated[pl.Datetime, "us", "UTC"]
"""An instant, UTC, microseconds."""

Money = Annotated[pl.Decimal, 18, 4]
"""An amount in major units of the currency that stands beside it."""

Rate = Annotated[pl.Decimal, 18, 8]
"""A dimensionless factor: an exchange rate, a margin."""

Answers = pl.List(pl.Struct({"question_id": pl.String, "value": pl.String}))
"""What a response says, in the survey's order; landing makes it of the question columns."""

Personal = Literal["email", "emails", "email_if_address", "name"]
"""How a direct identifier is sealed: an address, a cell with several of them (which stay parted by
`;`), a cell that may hold one or an id, a name."""


@dataclass(frozen=True)
class ColumnRule:
    """What the contract says of one column beyond pandera's type and checks.

    Attributes:
        labels: the vendor's header cells that mean this column, the usual one first.
        required: whether a file without the column is refused.
        personal: how the value is sealed before it reaches the lake; None for ordinary data.
        salesforce_id: 15-character ids are widened to their 18-character form.
    """

    labels: tuple[str, ...]
    required: bool = True
    personal: Personal | None = None
    salesforce_id: bool = False


def column(
    *labels: str,
    required: bool = True,
    nullable: bool = True,
    personal: Personal | None = None,
    salesforce_id: bool = False,
    **checks: Any,
) -> Any:
    """Declare a column: the vendor's labels for it, and pandera's checks of its value.

    Args:
        *labels: header cells that mean this column, matched after `fold`.
        required: False when files without the column are normal; it is then all NULL.
        nullable: False when an empty cell rejects the row.
        personal: how a direct identifier is sealed.
        salesforce_id: widen 15-character ids to 18.
        **checks: what `pandera.polars.Field` takes: ge, le, isin, str_matches, …
    """
    rule = ColumnRule(labels, required, personal, salesforce_id)
    return pa.Field(nullable=nullable, metadata={"rule": rule}, **checks)


def labels(text: str) -> tuple[str, ...]:
    """Header cells from a readable list: separated by commas, over as many lines as it takes."""
    return tuple(label.strip() for label in text.split(",") if label.strip())


@dataclass(frozen=True, eq=False)
class Export:
    """What a source calls one kind of file, and how its deliveries are to be understood.

    There is one of each.

    Attributes:
        source: the vendor system.
        name: the export's name within the source.
        files: glob patterns of the file names, matched without regard to case.
        key: the columns that identify a row within a delivery.
        modified: the record's own modification time; the latest wins among copies of a key.
        delivery: `full` when a delivery holds every record (absence means deletion), else `window`.
        reader: the module in `pipelines/exports` that understands the file's shape.
        timestamp_formats: the formats of date-times, tried in order.
        date_formats: those of dates, of which a time of day is left out.
        zone: `UTC`, `offset` (in each value) or `file` (from the file's header or the settings).
        nulls: cells that mean "nothing" beside the empty one.
        known: labels that are read on purpose and not kept, so that they are no news.
        excluded: rules by which whole rows are left out and counted, in order of precedence.
        bad_row_limit: the share of rejected rows above which the whole export is refused.
        contract: the pandera class.
    """

    source: str
    name: str
    files: tuple[str, ...]
    key: tuple[str, ...]
    modified: str | None
    delivery: Literal["full", "window"]
    reader: str
    timestamp_formats: tuple[str, ...]
    date_formats: tuple[str, ...]
    zone: Literal["UTC", "offset", "file"]
    nulls: tuple[str, ...]
    known: tuple[str, ...]
    excluded: Mapping[str, pl.Expr]
    bad_row_limit: float
    contract: type[pa.DataFrameModel] = field(repr=False)

    @property
    def grain(self) -> str:
        """The first line of the contract's docstring: "One row per …"."""
        return (self.contract.__doc__ or "").strip().splitlines()[0]

    @cached_property
    def schema(self) -> pa.DataFrameSchema:
        """The pandera schema, in the contract's order of columns."""
        return self.contract.to_schema()

    @cached_property
    def rules(self) -> dict[str, ColumnRule]:
        """The column rules by column name; columns that a reader makes have none."""
        return {
            name: column.metadata["rule"]
            for name, column in self.schema.columns.items()
            if column.metadata and "rule" in column.metadata
        }

    @cached_property
    def column_types(self) -> dict[str, pl.DataType]:
        """Polars types by column name, as validated and as stored in the lake."""
        return {name: column.dtype.type for name, column in self.schema.columns.items()}

    @property
    def is_survey(self) -> bool:
        """Whether its rows are responses, whose answers are held to the declared questions."""
        return "answers" in self.column_types


def export(
    source: str,
    name: str,
    *,
    files: tuple[str, ...],
    key: tuple[str, ...],
    delivery: Literal["full", "window"],
    modified: str | None = None,
    reader: str = "table",
    timestamp_formats: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S",),
    date_formats: tuple[str, ...] = ("%Y-%m-%d",),
    zone: Literal["UTC", "offset", "file"] = "UTC",
    nulls: tuple[str, ...] = (),
    known: tuple[str, ...] = (),
    excluded: Mapping[str, pl.Expr] | None = None,
    bad_row_limit: float = 0.02,
) -> Callable[[type[pa.DataFrameModel]], type[pa.DataFrameModel]]:
    """Declare that the decorated pandera class is the contract of an export; see `Export`."""

    def declare(contract: type[pa.DataFrameModel]) -> type[pa.DataFrameModel]:
        contract.__export__ = Export(  # type: ignore[attr-defined]
            source,
            name,
            files,
            key,
            modified,
            delivery,
            reader,
            timestamp_formats,
            date_formats,
            zone,
            nulls,
            known,
            excluded or {},
            bad_row_limit,
            contract,
        )
        return contract

    return declare


def export_of(contract: type[pa.DataFrameModel]) -> Export:
    """The declaration of a contract class."""
    declared: Export = contract.__export__  # type: ignore[attr-defined]
    return declared


@cache
def all_exports() -> tuple[Export, ...]:
    """Every export declared in `pipelines.contracts`, in order of source and name."""
    package = importlib.import_module("pipelines.contracts")
    return tuple(sorted(_declared(package), key=lambda export: (export.source, export.name)))


def export_named(name: str) -> Export:
    """The export called `<source>/<export>`."""
    return next(each for each in all_exports() if f"{each.source}/{each.name}" == name)


def _declared(package: Any) -> Iterator[Export]:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            declared = value.__dict__.get("__export__") if isinstance(value, type) else None
            if declared is not None and value.__module__ == module.__name__:
                yield declared


_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "})


@lru_cache(maxsize=10_000)
def fold(label: str) -> str:
    """A header cell as it is compared: case, spaces, quotes, a trailing `*` or ` (UTC)` set aside.

    >>> fold(" Created date (UTC) ")
    'created date'
    """
    text = unicodedata.normalize("NFKC", label.translate(_QUOTES)).casefold()
    text = re.sub(r"\s+", " ", text).strip().rstrip("*").strip()
    return text.removesuffix("(utc)").strip()
