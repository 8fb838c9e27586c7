"""One warehouse through its days: reruns, redeliveries, refusals, failures, going back."""

import csv
import io
import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import BUILD_FILE
from tests.end_to_end.conftest import (
    CX,
    NEWEST,
    Small,
    content,
    cx,
    environment_of,
)
from tests.webhook import listening

PARSED_ANEW = "Unable to do partial parsing"


@pytest.fixture(scope="module")
def home(small: Small) -> Path:
    return small.home


def info(home: Path) -> tuple[int, bool, object]:
    link = home / "warehouse" / "current.duckdb"
    with duckdb.connect(str(link.resolve()), read_only=True) as connection:
        row = connection.execute(
            "select seq, is_degraded, stale_exports from release_info"
        ).fetchone()
    assert row is not None
    return row


def test_a_rerun_with_nothing_new_changes_nothing(home: Path) -> None:
    before, link = info(home), os.readlink(home / "warehouse" / "current.duckdb")
    ran = cx(home, "run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "unchanged" in ran.stdout
    assert PARSED_ANEW not in (home / "warehouse" / "dbt.log").read_text()
    assert info(home) == before
    assert os.readlink(home / "warehouse" / "current.duckdb") == link


def test_renamed_split_reordered_and_repeated_files_change_no_mart(
    home: Path, small: Small
) -> None:
    surveys = home / "landing" / "qualtrics" / NEWEST
    for path in list(surveys.glob("*.csv")):
        path.rename(path.with_name(f"renamed {path.name[:9]}.csv"))
    orders = (home / "landing" / "shopify").glob("*/orders_export_1.csv")
    _split(max(orders, key=os.path.getsize))
    payments = home / "landing" / "stripe" / NEWEST / "unified_payments.csv"
    shutil.copy(payments, payments.with_name("unified_payments (1).csv"))
    accounts = next((home / "landing" / "salesforce" / NEWEST).glob("WE_*"))
    accounts.rename(accounts.with_name("WE_00D8a000000XyZ1EAK_7.ZIP"))
    ran = cx(home, "run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert content(home) == small.content


def _split(path: Path) -> None:
    """Cut an order export between two orders and let the later part's name come first."""
    rows = list(csv.reader(io.StringIO(path.read_text())))
    middle = len(rows) // 2
    while rows[middle][0] == rows[middle - 1][0]:
        middle += 1
    for name, part in (
        ("orders_export_2.csv", rows[1:middle]),
        ("orders_export_1.csv", rows[middle:]),
    ):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([rows[0], *part])
        path.with_name(name).write_text(text.getvalue())


def test_a_refused_delivery_is_told_and_the_rest_is_published_and_marked(
    home: Path, small: Small
) -> None:
    broken = next((home / "landing" / "qualtrics" / NEWEST).glob("renamed Relation*"))
    good = broken.read_bytes()
    broken.write_bytes(good.replace(b"startDate", b"beginning"))
    (home / "landing" / "stripe" / NEWEST / "unified_payments (1).csv").unlink()
    with listening() as webhook:
        ran = cx(home, "run", CX_ALERT_WEBHOOK=webhook.address)
    broken.write_bytes(good)
    assert ran.returncode == 3
    (told,) = webhook.texts
    assert "from older deliveries of qualtrics/responses" in told
    assert f"{broken.name}: the required column 'startDate' is missing" in told
    assert f"qualtrics/responses {NEWEST}" in ran.stdout
    assert "the required column 'startDate' is missing" in ran.stdout
    assert broken.name in ran.stdout
    assert "[qualtrics.labels.responses]" in ran.stdout  # brackets are not taken for colours
    assert info(home)[1:] == (True, ["qualtrics/responses"])
    assert content(home)["survey_responses"] == small.content["survey_responses"]
    assert "refused" in cx(home, "status").stdout


def test_a_repaired_delivery_is_taken_and_a_subscription_with_a_bad_cell_has_not_ended(
    home: Path, small: Small
) -> None:
    file = home / "landing" / "stripe" / NEWEST / "subscriptions.csv"
    settings = home / "sources.toml"
    good, kept, before = file.read_text(), settings.read_text(), subscribers(home)
    rows = list(csv.DictReader(io.StringIO(good)))
    active = next(row for row in rows if row["Status"] == "active")
    active["Amount"] = "abc"
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    file.write_text(text.getvalue())
    settings.write_text(f"{kept}\n[stripe]\nbad_row_limit = 0.2\n")  # one of a few dozen
    ran = cx(home, "run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert info(home)[1:] == (False, [])
    assert "amount: not_a_number" in cx(home, "status").stdout
    assert subscribers(home) == before
    file.write_text(good)
    settings.write_text(kept)
    assert cx(home, "run").returncode == 0
    assert content(home) == small.content


def subscribers(home: Path) -> int:
    link = home / "warehouse" / "current.duckdb"
    with duckdb.connect(str(link.resolve()), read_only=True) as connection:
        row = connection.execute(
            "select count(*) from customer_months where is_subscriber and month = '2026-10-01'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_failed_test_of_the_data_publishes_nothing(home: Path) -> None:
    before, link = info(home), os.readlink(home / "warehouse" / "current.duckdb")
    settings = home / "sources.toml"
    kept = settings.read_text()
    settings.write_text(kept.replace('"USD"', '"CHF"'))  # nobody has delivered a rate for francs
    ran = cx(home, "run")
    settings.write_text(kept)
    assert ran.returncode == 1
    assert "exchange_rate" in ran.stdout
    assert "nothing was published" in ran.stdout
    assert PARSED_ANEW in (home / "warehouse" / "dbt.log").read_text()  # settings are parsed
    assert info(home) == before
    assert os.readlink(home / "warehouse" / "current.duckdb") == link


def test_going_back_and_forth(home: Path) -> None:
    newest = info(home)[0]
    assert cx(home, "rollback").returncode == 0
    assert info(home)[0] < newest
    listed = cx(home, "releases").stdout
    assert str(newest) in listed
    assert "current" in listed
    assert cx(home, "rollback", str(newest)).returncode == 0
    assert info(home)[0] == newest


def test_a_past_state_is_what_was_known_then(home: Path, earlier: Small) -> None:
    """Building as of an earlier day equals a warehouse that never got the later deliveries."""
    ran = cx(home, "run", CX_AS_OF="2026-09-30")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert content(home) == earlier.content


def test_a_model_can_be_built_by_itself_without_staging_that_nobody_delivers(home: Path) -> None:
    def newest_build() -> Path:
        builds = (home / "warehouse" / "builds").glob(f"*/{BUILD_FILE}")
        return max(builds, key=os.path.getmtime)

    earlier = newest_build()
    done = subprocess.run(
        [
            *(Path(CX).with_name("dagster"), "asset", "materialize", "-m", "pipelines.definitions"),
            *("--select", 'key:"intermediate/int_cases"'),
        ],
        env={**environment_of(home), "DAGSTER_HOME": str(home / "dagster")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert newest_build() != earlier
    found = []
    for path in (earlier, newest_build()):
        with duckdb.connect(str(path), read_only=True) as build:
            found += build.execute(
                "select count(*), bit_xor(hash(each)), (select count(*) from duckdb_tables() "
                "where table_name = 'stg_zendesk__tickets') from intermediate.int_cases as each"
            ).fetchall()
    assert found[0] == found[1]
    cases, _, zendesk = found[0]
    assert cases > 0
    assert zendesk == 0


def test_an_export_that_nobody_delivers_gives_empty_marts_and_no_error(tmp_path: Path) -> None:
    day = tmp_path / "landing" / "shopify" / "2025-02-10"
    day.mkdir(parents=True)
    sample = Path(__file__).parents[1] / "exports" / "shopify" / "orders_export_1.csv"
    shutil.copy(sample, day)
    margins = tmp_path / "landing" / "reference" / "2025-02-10"
    margins.mkdir(parents=True)
    (margins / "margins.csv").write_text("segment,product,margin,from\n,,0.4,2020-01-01\n")
    (margins / "exchange_rates.csv").write_text("date,from,to,rate\n2020-01-01,EUR,USD,1.1\n")
    ran = subprocess.run(
        [CX, "run"],
        env={**environment_of(tmp_path), "CX_PSEUDONYM_KEY": "a key for tests, 32 characters.."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    counts = {name: facts[0] for name, facts in content(tmp_path).items()}
    assert counts["survey_responses"] == counts["retention_monthly"] == 0
    assert counts["customers"] == 3
