"""Tells dbt where this build and its lake lie; named in `dbt_project/profiles.yml`.

The project can't say it: dbt parses the whole of it anew when a value of the environment that it or
the profile reads is not the last run's. No two builds share a path, and homes share the checkout.
"""

from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from pipelines.settings import Home, build_file, build_is_read_only


class Plugin(BasePlugin):
    """Opens this build's file in place of the one that the profile names."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Called by dbt-duckdb right before it opens the file."""
        config["file_search_path"] = str(Home.from_environment().path)
        path = build_file().absolute()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        creds.path = str(path)
        if build_is_read_only():
            config["access_mode"] = "READ_ONLY"
