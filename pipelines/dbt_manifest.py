"""dbt's manifest, from which Dagster learns the models: made before the definitions are loaded.

Not at import: several processes load the definitions at once, and they would race.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from pipelines.settings import CHECKOUT, Home, Settings, SettingsError, load_settings

_SOURCES = ("*.yml", "models/**/*", "macros/**/*", "seeds/**/*", "tests/**/*")


class ManifestError(Exception):
    """dbt can't parse its project; the message holds dbt's own words."""


def prepare_manifest(project: Path, home: Home, settings: Settings) -> Path:
    """Parse the dbt project unless its manifest is newer than all its files.

    With the variables and the environment of a build, so that the first one need not parse again.

    Raises:
        ManifestError: dbt can't parse it.
    """
    manifest = project / "target" / "manifest.json"
    if manifest.exists() and manifest.stat().st_mtime >= _newest_change(project):
        return manifest
    outcome = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            "parse",
            "--project-dir",
            str(project),
            "--profiles-dir",
            str(project),
            *dbt_variables(settings),
        ],
        env={**os.environ, "CX_HOME": str(home.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        raise ManifestError(f"{project}: dbt can't parse the project.\n{outcome.stdout.strip()}")
    return manifest


def dbt_variables(settings: Settings) -> list[str]:
    """The argument that gives dbt its variables.

    Only typed values, because dbt pastes them into SQL as they are. And only what stays from run
    to run, because dbt parses the whole project anew when one has changed.
    """
    variables = {
        "reporting_currency": settings.reporting_currency,
        "yearly_discount_rate": settings.yearly_discount_rate,
    }
    return ["--vars", json.dumps(variables)]


def _newest_change(project: Path) -> float:
    return max(
        path.stat().st_mtime
        for pattern in _SOURCES
        for path in project.glob(pattern)
        if path.is_file()
    )


def _prepare_here() -> None:
    home = Home.from_environment()
    try:
        prepare_manifest(CHECKOUT / "dbt_project", home, load_settings(home))
    except (ManifestError, SettingsError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _prepare_here()
