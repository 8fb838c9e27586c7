"""Where the dbt project lies.

It stands apart from `dbt.py`, so that the manifest can be prepared before that module is loaded.
"""

from collections.abc import Mapping
from typing import Any

from dagster_dbt import DbtProject
from dagster_dbt.dbt_manifest import validate_manifest

from pipelines.settings import CHECKOUT

PROJECT = DbtProject(
    project_dir=CHECKOUT / "dbt_project",
    profiles_dir=CHECKOUT / "dbt_project",
    packaged_project_dir=None,
)


def manifest() -> Mapping[str, Any]:
    """What dbt knows of the project, as the assets were made of it; Dagster reads it once."""
    return validate_manifest(PROJECT.manifest_path)
