"""Where the dbt project lies.

It stands apart from `dbt.py`, so that the manifest can be prepared before that module is loaded.
"""

from dagster_dbt import DbtProject

from pipelines.settings import CHECKOUT

PROJECT = DbtProject(
    project_dir=CHECKOUT / "dbt_project",
    profiles_dir=CHECKOUT / "dbt_project",
    packaged_project_dir=None,
)
