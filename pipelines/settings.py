"""Where things lie and what the files can't tell: environment variables and `sources.toml`.

Belongs here: every environment variable the code reads, every path below `CX_HOME`. Does not
belong here: what is done with them.
"""

import os
import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent


BUILD_FILE = "build.duckdb"
"""What dbt writes, in a folder for each build. DuckDB names the database after the file, and dbt
knows its models by that name, so it is the same in every build."""


DATE_ORDERS = ("month_first", "day_first")


class SettingsError(Exception):
    """A setting that is missing or can't be right; the message names it and the fix."""


@dataclass(frozen=True)
class Home:
    """The folder that holds everything the warehouse keeps (`CX_HOME`).

    Attributes:
        path: the folder itself.
    """

    path: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Home":
        """`$CX_HOME`, or `data/` in the checkout."""
        return cls(Path(environment.get("CX_HOME") or CHECKOUT / "data").expanduser().absolute())

    @property
    def landing(self) -> Path:
        """What the vendors wrote, byte for byte: `<source>/<YYYY-MM-DD>/…`."""
        return self.path / "landing"

    @property
    def lake(self) -> Path:
        """Accepted rows as Parquet."""
        return self.path / "lake"

    @property
    def rejected(self) -> Path:
        """Rejected rows as Parquet: the quarantine."""
        return self.path / "rejected"

    @property
    def warehouse(self) -> Path:
        """Builds, releases and the link to the current one."""
        return self.path / "warehouse"

    @property
    def builds(self) -> Path:
        """A folder for each build."""
        return self.warehouse / "builds"

    @property
    def dagster(self) -> Path:
        """Dagster's own files, unless `DAGSTER_HOME` says otherwise."""
        return Path(os.environ.get("DAGSTER_HOME") or self.path / "dagster")

    @property
    def demo(self) -> Path:
        """The demo company's planted truth."""
        return self.path / "demo"

    @property
    def key_file(self) -> Path:
        """The key of the pseudonyms where the environment holds none."""
        return self.path / "pseudonym.key"

    def create(self) -> "Home":
        """Make the folders, for this user alone; an existing folder keeps its mode."""
        for folder in (self.path, self.landing, self.lake, self.rejected, self.warehouse):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.dagster.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self


@dataclass(frozen=True)
class SourceSettings:
    """What `sources.toml` says of one source.

    Attributes:
        time_zone: IANA name of the zone of date-times that state none; None when not declared.
        date_order: `month_first` or `day_first`, of dates that are written in a user's locale.
        labels: further header cells by export and column.
        bad_row_limit: share of rejected rows that refuses an export; None for the contract's own.
    """

    time_zone: str | None = None
    date_order: str | None = None
    labels: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None
    bad_row_limit: float | None = None


@dataclass(frozen=True)
class Settings:
    """What the files can't tell, from `$CX_HOME/sources.toml`.

    Attributes:
        reporting_currency: ISO code that every amount in the marts is in.
        yearly_discount_rate: rate at which future margin is discounted, e.g. 0.10.
        as_of: the build ignores everything dated later (`CX_AS_OF`); None: the newest delivery.
        first_delivery: the first day that can hold a delivery (`CX_FIRST_DELIVERY`).
        sources: by source name.
    """

    reporting_currency: str
    yearly_discount_rate: float
    as_of: date | None
    first_delivery: date
    sources: Mapping[str, SourceSettings]

    def source(self, name: str) -> SourceSettings:
        """The settings of one source; defaults where the file says nothing."""
        return self.sources.get(name, SourceSettings())


def first_delivery(environment: Mapping[str, str] = os.environ) -> date:
    """The first day that can hold a delivery: `CX_FIRST_DELIVERY`, or 2020-01-01."""
    return _date("CX_FIRST_DELIVERY", environment.get("CX_FIRST_DELIVERY") or "2020-01-01")


def alert_webhook(environment: Mapping[str, str] = os.environ) -> str | None:
    """Where alerts are posted (`CX_ALERT_WEBHOOK`), None when nobody is to be told.

    Raises:
        SettingsError: it is no address of the web.
    """
    webhook = environment.get("CX_ALERT_WEBHOOK", "").strip()
    if webhook and not webhook.startswith(("https://", "http://")):
        raise SettingsError("CX_ALERT_WEBHOOK is no address. Give one that begins with https://.")
    return webhook or None


def overdue_after_hours(environment: Mapping[str, str] = os.environ) -> float:
    """Hours without a successful run after which somebody is told (`CX_OVERDUE_AFTER_HOURS`).

    Raises:
        SettingsError: it is no positive number.
    """
    text = environment.get("CX_OVERDUE_AFTER_HOURS") or "26"
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours < float("inf"):
        raise SettingsError(f"CX_OVERDUE_AFTER_HOURS is {text!r}. Give hours such as 26.")
    return hours


def build_file(environment: Mapping[str, str] = os.environ) -> Path:
    """What dbt writes: in the folder `CX_BUILD`, or in that of the builds by hand."""
    folder = environment.get("CX_BUILD")
    return Path(folder or Home.from_environment(environment).builds / "by_hand") / BUILD_FILE


def build_is_read_only(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether dbt's connection may only read that file (`CX_READ_ONLY`), beside other readers."""
    return bool(environment.get("CX_READ_ONLY"))


def load_settings(home: Home, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read `$CX_HOME/sources.toml` and the environment.

    Raises:
        SettingsError: the file can't be parsed, or a value can't be right.
    """
    if "," in str(home.path):  # DuckDB would take it for two folders to look in
        raise SettingsError(f"CX_HOME={home.path}: a comma can't be part of it. Rename the folder.")
    path = home.path / "sources.toml"
    try:
        content = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML ({error}). Mend the line it names.") from None
    currency = content.pop("reporting_currency", "USD")
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isupper()):
        raise SettingsError(
            f"{path}: reporting_currency is {currency!r}. Give an ISO code such as 'USD'."
        )
    discount = content.pop("yearly_discount_rate", 0.10)
    if not isinstance(discount, int | float) or not 0 <= discount < 1:
        raise SettingsError(
            f"{path}: yearly_discount_rate is {discount!r}. Give a share such as 0.10."
        )
    as_of = environment.get("CX_AS_OF")
    return Settings(
        currency,
        float(discount),
        _date("CX_AS_OF", as_of) if as_of else None,
        first_delivery(environment),
        {name: _source(path, name, table) for name, table in content.items()},
    )


def _date(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}. Give a date as YYYY-MM-DD.") from None


def _source(path: Path, name: str, table: Any) -> SourceSettings:
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {name!r} is no known setting. Sources are tables: [{name}].")
    zone = table.get("time_zone")
    if zone is not None:
        require_zone(zone, f"{path}: [{name}] time_zone")
    order = table.get("date_order")
    if order not in (None, *DATE_ORDERS):
        raise SettingsError(
            f"{path}: [{name}] date_order is {order!r}. Give one of {', '.join(DATE_ORDERS)}."
        )
    limit = table.get("bad_row_limit")
    if limit is not None and not (isinstance(limit, int | float) and 0 <= limit <= 1):
        raise SettingsError(f"{path}: [{name}] bad_row_limit is {limit!r}. Give a share, 0 to 1.")
    labels = {
        export: {
            column: (each,) if isinstance(each, str) else tuple(each) for column, each in of.items()
        }
        for export, of in table.get("labels", {}).items()
    }
    return SourceSettings(zone, order, labels, limit)


def require_zone(name: object, where: str) -> str:
    """The name of a time zone, checked against the zone database.

    Raises:
        SettingsError: no zone of that name; `where` says whose it is.
    """
    if not isinstance(name, str) or time_zone_named(name) != name:
        raise SettingsError(f"{where} is {name!r}. Give an IANA name such as 'America/Denver'.")
    return name


def time_zone_named(name: str) -> str | None:
    """A time zone's name as the zone database spells it, whatever its case; None for no zone's."""
    return _time_zones().get(name.casefold())


@cache
def _time_zones() -> Mapping[str, str]:
    """The names in the zone database by their casefold; looking for them takes long."""
    # These two are in its folder and name no zone of a place.
    names = zoneinfo.available_timezones() - {"localtime", "Factory"}
    return {name.casefold(): name for name in names}
