"""Landing many deliveries in other processes: the same outcomes, and nothing outlives the run."""

import multiprocessing
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_START_TAG, PARTITION_NAME_TAG

from pipelines import lake
from pipelines.contracts.contract import all_exports, export_named
from pipelines.defs.resources import lands_everything
from pipelines.defs.selection import with_work
from pipelines.exports.files import FileRefused
from pipelines.landing import Landed
from pipelines.landing_workers import (
    MANY,
    LandingFault,
    LandingWorkers,
    much_is_new,
    starting_early,
)
from pipelines.run_lock import AlreadyRunning, run_lock
from pipelines.settings import Home, load_settings
from tests.conftest import KEY, TestWarehouse

USERS = "salesforce/user"
DAYS = [date(2024, 1, 1) + timedelta(days=number) for number in range(MANY + 4)]
HEADER = "Id,Name,Email,IsActive,CreatedDate,LastModifiedDate,SystemModstamp\r\n"


def user(number: int) -> str:
    moment = "2024-01-01 00:00:00"
    return f"005000000000{number:03d}AAA,A B,a{number}@b.example,1,{moment},{moment},{moment}\r\n"


def deliver(warehouse: TestWarehouse, refused: date | None = None) -> None:
    for number, day in enumerate(DAYS):
        header = HEADER.replace("Id,", "Key,") if day == refused else HEADER
        users = "".join(map(user, range(number + 1)))
        warehouse.deliver("salesforce", "User.csv", header + users, day)


def test_other_processes_land_what_this_one_would(tmp_path: Path) -> None:
    warehouse, beside = TestWarehouse(tmp_path / "many"), TestWarehouse(tmp_path / "one_by_one")
    refused = DAYS[-2]
    for each in (warehouse, beside):
        deliver(each, refused)
    export, settings = export_named(USERS), load_settings(warehouse.home, {})
    with run_lock(warehouse.home.path) as lock:
        workers = LandingWorkers(warehouse.home, settings, KEY, lock)
        outcomes = dict(workers.land_all(export, DAYS))
        assert multiprocessing.active_children()
        again = dict(workers.land_all(export, DAYS))
        workers.close()
    assert not multiprocessing.active_children()
    assert list(outcomes) == DAYS
    for number, day in enumerate(DAYS):
        outcome = outcomes[day]
        if day == refused:
            assert isinstance(outcome, FileRefused)
            assert outcome.code == "missing_column"
            with pytest.raises(FileRefused) as alone:
                beside.land(USERS, day)
            assert str(outcome) == str(alone.value)
            assert outcome.__dict__ == alone.value.__dict__
            continue
        assert isinstance(outcome, Landed)
        assert outcome.is_new
        assert outcome.account.accepted == number + 1
        beside.land(USERS, day)
        assert warehouse.rows(USERS, day).equals(beside.rows(USERS, day))
        unchanged = again[day]
        assert isinstance(unchanged, Landed)
        assert not unchanged.is_new


def test_a_fault_of_ours_is_told_without_what_a_library_said(tmp_path: Path) -> None:
    warehouse = TestWarehouse(tmp_path)
    deliver(warehouse)
    in_the_way = warehouse.home.lake / "salesforce" / "user" / f"delivered_on={DAYS[-1]}"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("not a folder")
    with run_lock(warehouse.home.path) as lock:
        workers = LandingWorkers(warehouse.home, load_settings(warehouse.home, {}), KEY, lock)
        with pytest.raises(LandingFault, match=f"{USERS} {DAYS[-1]}: ") as fault:
            list(workers.land_all(export_named(USERS), DAYS))
        workers.close()
    assert "Error in " in str(fault.value)
    assert str(tmp_path) not in str(fault.value)


def test_a_killed_run_leaves_no_process_and_no_lock(tmp_path: Path) -> None:
    warehouse = TestWarehouse(tmp_path)
    deliver(warehouse)
    run = subprocess.Popen(
        [sys.executable, "-m", "tests.test_landing_workers", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "landed by 2 processes\n"
    with pytest.raises(AlreadyRunning), run_lock(warehouse.home.path):
        pass
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    until = time.monotonic() + 60
    while not is_free(warehouse.home):  # the processes hold the lock for as long as they live
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_process_that_was_killed_is_told_and_the_next_export_lands(tmp_path: Path) -> None:
    warehouse = TestWarehouse(tmp_path)
    deliver(warehouse)
    with run_lock(warehouse.home.path) as lock:
        workers = LandingWorkers(warehouse.home, load_settings(warehouse.home, {}), KEY, lock)
        outcomes = workers.land_all(export_named(USERS), DAYS)
        for _ in range(3):  # the third is from another process
            next(outcomes)
        for process in multiprocessing.active_children():
            process.kill()
        with pytest.raises(LandingFault, match="has been killed"):
            list(workers.land_all(export_named(USERS), DAYS))
        landed = dict(workers.land_all(export_named(USERS), DAYS))
        workers.close()
    assert all(isinstance(landed[day], Landed) for day in DAYS)


def is_free(home: Home) -> bool:
    try:
        with run_lock(home.path):
            return True
    except AlreadyRunning:
        return False


def test_processes_start_early_for_deliveries_of_which_nothing_has_landed(tmp_path: Path) -> None:
    warehouse = TestWarehouse(tmp_path)
    assert not much_is_new(warehouse.home)
    deliver(warehouse)
    assert much_is_new(warehouse.home)
    settings = load_settings(warehouse.home, {})
    with run_lock(warehouse.home.path) as lock:
        with starting_early(lock):
            early = multiprocessing.active_children()
            workers = LandingWorkers(warehouse.home, settings, KEY, lock)
            workers.expect_everything()
            assert multiprocessing.active_children() == early
            assert len(early) == 2
            list(workers.land_all(export_named(USERS), DAYS))
            workers.close()
        again = LandingWorkers(warehouse.home, settings, KEY, lock)
        again.expect_everything()
        assert not multiprocessing.active_children()
        again.close()
    assert not much_is_new(warehouse.home)


def test_processes_that_no_run_took_over_end(tmp_path: Path) -> None:
    with run_lock(tmp_path) as lock:
        with starting_early(lock):
            assert len(multiprocessing.active_children()) == 2
        assert not multiprocessing.active_children()


def test_what_a_run_will_land_anyway_lands_before_its_turn(tmp_path: Path) -> None:
    warehouse = TestWarehouse(tmp_path)
    refused, survey = DAYS[3], export_named("qualtrics/responses")
    deliver(warehouse, refused)
    warehouse.deliver("qualtrics", "answers.csv", "nothing of Qualtrics\r\n", DAYS[0])
    users = export_named(USERS)
    with run_lock(warehouse.home.path) as lock:
        workers = LandingWorkers(warehouse.home, load_settings(warehouse.home, {}), KEY, lock)
        workers.expect_everything()
        for export in sorted(all_exports(), key=lambda each: (each.source, each.name)):
            if (export.source, export.name) < ("salesforce", "user"):
                assert not any(dict(workers.land_all(export, [])).values())
        until = time.monotonic() + 60
        while len(lake.landed_days(warehouse.home, users)) < len(DAYS) - 1:
            assert time.monotonic() < until
            time.sleep(0.05)
        outcomes = dict(workers.land_all(users, DAYS))
        workers.close()
    assert list(outcomes) == DAYS
    assert isinstance(outcomes.pop(refused), FileRefused)
    for outcome in outcomes.values():
        assert isinstance(outcome, Landed)
        assert outcome.is_new
    # Answers wait for their turn: the questions that say what is valid may land in this run.
    assert not lake.read_refusal(warehouse.home, survey, DAYS[0])


def test_chosen_days_are_landed_alone(tmp_path: Path) -> None:
    warehouse = TestWarehouse(tmp_path)
    deliver(warehouse)
    users = export_named(USERS)
    with run_lock(warehouse.home.path) as lock:
        workers = LandingWorkers(warehouse.home, load_settings(warehouse.home, {}), KEY, lock)
        list(workers.land_all(export_named("salesforce/account"), DAYS))
        list(workers.land_all(users, DAYS[:3]))
        workers.close()
    assert lake.landed_days(warehouse.home, users) == DAYS[:3]


def test_only_a_run_of_the_whole_job_lands_exports_before_their_turn(
    tmp_path: Path, definitions: dg.Definitions
) -> None:
    warehouse = TestWarehouse(tmp_path)
    deliver(warehouse)
    home, users = warehouse.home, dg.AssetKey(["salesforce", "user"])
    assert lands_everything(dg.DagsterRun(job_name="refresh"), home)
    assert not lands_everything(None, home)
    for part in (
        dg.DagsterRun(job_name="__ASSET_JOB"),
        dg.DagsterRun(job_name="refresh", asset_selection=frozenset({users})),
        dg.DagsterRun(job_name="refresh", step_keys_to_execute=["warehouse__release"]),
        dg.DagsterRun(job_name="refresh", tags={PARTITION_NAME_TAG: "2024-01-01"}),
        dg.DagsterRun(job_name="refresh", tags={ASSET_PARTITION_RANGE_START_TAG: "2024-01-01"}),
    ):
        assert not lands_everything(part, home)
    refresh = definitions.resolve_job_def("refresh").asset_layer.executable_asset_keys
    chosen = frozenset(with_work(home, refresh))
    assert users in chosen
    assert dg.AssetKey(["zendesk", "tickets"]) in refresh - chosen
    assert lands_everything(dg.DagsterRun(job_name="refresh", asset_selection=chosen), home)


if __name__ == "__main__":
    home = TestWarehouse(Path(sys.argv[1])).home
    with run_lock(home.path) as held:
        landing_workers = LandingWorkers(home, load_settings(home, {}), KEY, held)
        list(landing_workers.land_all(export_named(USERS), DAYS))
        print(f"landed by {len(multiprocessing.active_children())} processes", flush=True)
        time.sleep(600)
