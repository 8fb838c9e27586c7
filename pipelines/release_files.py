"""What publishing and its audit share: opening a build or a release, and naming things in SQL.

Belongs here: a DuckDB file attached read-only, the check that a build has the marts to publish,
quoting, the base of the errors.
Does not belong here: what is searched for (`audit.py`), what is written and where (`releases.py`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

OWN_TABLES = ("release_info", "release_tables")
"""What a release says of itself; no mart can be called so."""


class ReleaseError(Exception):
    """Something about a build or a release is wrong; names the file and the fix."""


@contextmanager
def reading(
    path: Path, alias: str, *, spill: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own with the file attached read-only under `alias`.

    Raises:
        ReleaseError: There is no such file, or it can't be opened.
    """
    if not path.is_file():
        raise ReleaseError(f"{path}: there is no such file")
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            # DuckDB's own default for a database in memory is the working directory.
            "temp_directory": str(spill or f"{path}.tmp"),
        },
    )
    try:
        try:
            connection.execute(f"attach {literal(str(path))} as {alias} (read_only)")
        except duckdb.Error as error:
            raise ReleaseError(f"{path}: can't be opened, {first_line(error)}") from None
        yield connection
    finally:
        connection.close()


def require_marts(
    connection: duckdb.DuckDBPyConnection, build: Path, schema: str, marts: Sequence[str]
) -> None:
    """Refuse a list of marts that the build attached as `build` can't meet with tables.

    Raises:
        ReleaseError: The list is empty, names a mart twice, or one that isn't there as a table.
    """
    if not marts:
        raise ReleaseError(f"{build}: the list of marts to publish is empty")
    twice = sorted({mart for mart in marts if list(marts).count(mart) > 1})
    if twice or set(marts) & set(OWN_TABLES):
        raise ReleaseError(
            f"{build}: the list of marts names {', '.join(twice or OWN_TABLES)} "
            f"{'twice' if twice else 'which are tables of the release itself'}"
        )
    kinds = dict(
        connection.execute(
            "select table_name, table_type from information_schema.tables "
            f"where table_catalog = 'build' and table_schema = {literal(schema)}"
        ).fetchall()
    )
    missing = [mart for mart in marts if mart not in kinds]
    if missing:
        raise ReleaseError(
            f"{build}: no mart {', '.join(missing)} in schema {schema}; "
            "was dbt run in full, and is that its name in the list of marts?"
        )
    views = [mart for mart in marts if kinds[mart] != "BASE TABLE"]
    if views:
        raise ReleaseError(
            f"{build}: {', '.join(views)} must be a table, since a view is empty without its "
            "sources; set materialized: table"
        )


def quoted(identifier: str) -> str:
    """A name as SQL reads it, whatever is in it."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A literal; parameters would make DuckDB import numpy and pandas, 1.5 s in a fresh process."""
    return "'" + value.replace("'", "''") + "'"


def first_line(error: Exception) -> str:
    """What DuckDB says is wrong, without the statement that it repeats after it."""
    return str(error).partition("\n")[0]
