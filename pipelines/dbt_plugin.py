"""Tells dbt where this build lies; named in `dbt_project/profiles.yml`.

The profile can't say it: dbt parses the whole project anew when the profile is not the last run's,
and no two builds share a path.
"""

from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from pipelines.settings import build_file


class Plugin(BasePlugin):
    """Opens this build's file in place of the one that the profile names."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Called by dbt-duckdb right before it opens the file."""
        path = build_file().absolute()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        creds.path = str(path)
