"""Builds for tests: DuckDB files as dbt would leave them."""

from collections.abc import Mapping
from pathlib import Path

import duckdb


def write_build(path: Path, marts: Mapping[str, str], schema: str = "marts") -> Path:
    """Write a build as dbt would, each mart from a query."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create schema {schema}")
        for mart, query in marts.items():
            connection.execute(f"create table {schema}.{mart} as {query}")
    return path
