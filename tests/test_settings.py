"""Settings: what is taken, what is refused, and that every variable is written down."""

import re
from datetime import date
from pathlib import Path

import pytest

from pipelines.settings import CHECKOUT, Home, SettingsError, load_settings


def settings_from(path: Path, text: str, environment: dict[str, str] | None = None) -> object:
    (path / "sources.toml").write_text(text)
    return load_settings(Home(path), environment or {})


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(Home(tmp_path), {})
    assert settings.reporting_currency == "USD"
    assert settings.as_of is None
    assert settings.first_delivery == date(2020, 1, 1)


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        ("reporting_currency = 'dollars'", "reporting_currency"),
        ("yearly_discount_rate = 10", "yearly_discount_rate"),
        ("[qualtrics]\ntime_zone = 'Denver'", "time_zone"),
        ("[qualtrics]\ntime_zone = 'america/denver'", "time_zone"),
        ("[qualtrics]\ntime_zone = 'localtime'", "time_zone"),
        ("[qualtrics]\nbad_row_limit = 2", "bad_row_limit"),
        ("[salesforce]\ndate_order = 'year_first'", "date_order"),
        ("qualtrics = 1", "qualtrics"),
        ("[qualtrics", "TOML"),
    ],
)
def test_a_setting_that_cannot_be_right_is_named_with_its_file(
    tmp_path: Path, text: str, culprit: str
) -> None:
    with pytest.raises(SettingsError, match=culprit) as error:
        settings_from(tmp_path, text)
    assert "sources.toml" in str(error.value)


def test_a_date_in_the_environment_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"CX_AS_OF is '31\.10\.2026'"):
        settings_from(tmp_path, "", {"CX_AS_OF": "31.10.2026"})


def test_a_home_whose_path_would_be_taken_for_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="a comma can't be part of it"):
        load_settings(Home(tmp_path / "here,there"), {})


def test_dbt_reads_nothing_of_a_home_while_it_parses() -> None:
    project = (CHECKOUT / "dbt_project" / "dbt_project.yml").read_text()
    assert "env_var" not in project  # it would parse all models anew in each other home


def test_every_variable_that_is_read_stands_in_the_example_file() -> None:
    used = set()
    for pattern in ("pipelines/**/*.py", "dbt_project/**/*.sql", "dbt_project/*.yml", "Makefile"):
        for path in CHECKOUT.glob(pattern):
            if "target" not in path.parts:
                used |= set(re.findall(r"\b(?:CX|DAGSTER)_[A-Z_]*[A-Z]\b", path.read_text()))
    written = set(re.findall(r"^(\w+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    assert used == written
