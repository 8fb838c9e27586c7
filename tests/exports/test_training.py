"""Cornerstone's transcripts and Moodle's completions: the samples by hand, and what is refused."""

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest

from pipelines.exports.files import FileRefused
from tests.conftest import SAMPLES, TestWarehouse

TRANSCRIPT = "cornerstone/training_transcript"
TRANSCRIPT_FILE = "Training Transcript.csv"
COMPLETION = "moodle/course_completion"
COMPLETION_FILE = "completion-CX101.csv"
HEADER = (
    "User ID,User Email,Training Title,Training Object ID,Transcript Status,"
    "Transcript Registration Date,Transcript Completed Date\n"
)


def declare(warehouse: TestWarehouse, source: str, settings: str) -> None:
    (warehouse.home.path / "sources.toml").write_text(f"[{source}]\n{settings}\n")


def month_first(warehouse: TestWarehouse) -> None:
    declare(warehouse, "cornerstone", 'date_order = "month_first"')


def code_of(warehouse: TestWarehouse, export: str, name: str, content: str) -> str:
    warehouse.deliver(export.split("/")[0], name, content)
    with pytest.raises(FileRefused) as refused:
        warehouse.land(export)
    return refused.value.code


def lake_bytes(warehouse: TestWarehouse) -> bytes:
    return b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))


def test_a_transcript_lands_with_its_days_and_without_names(warehouse: TestWarehouse) -> None:
    month_first(warehouse)
    warehouse.deliver("cornerstone", TRANSCRIPT_FILE, SAMPLES / "cornerstone" / TRANSCRIPT_FILE)
    account = warehouse.land(TRANSCRIPT)
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (3, 3, 0, 0)
    assert (account.unknown_columns, account.absent_columns) == ((), ())
    completed, running, withdrawn = warehouse.rows(TRANSCRIPT).rows(named=True)
    assert completed["completed_on"] == date(2024, 11, 12)
    assert completed["registered_on"] == date(2024, 11, 2)
    assert (completed["user_id"], completed["manager_id"]) == ("E-0017", "E-0003")
    assert completed["training_title"] == "Empathy basics"
    assert completed["training_object_id"] == withdrawn["training_object_id"]
    assert running["training_title"] == "Coaching for leaders"
    assert [each["status"] for each in (completed, running, withdrawn)] == [
        "Completed",
        "In Progress",
        "Withdrawn",
    ]
    assert running["completed_on"] is withdrawn["completed_on"] is None
    for name in (b"Ruiz", b"Cole", b"Park", b"example.com"):
        assert name not in lake_bytes(warehouse)


def test_a_reports_header_may_stand_far_below_its_titles(warehouse: TestWarehouse) -> None:
    month_first(warehouse)
    titles = ["Training Transcript,,,,,,", "Run by: Ana Ruiz", ""]
    titles += [f"Filter {number},User ID,is not empty" for number in range(1, 18)]
    rows = [
        "E-1,ana@example.com,Empathy basics,b7,Completed,11/2/2024,11/12/2024 3:04 PM",
        "E-2,cy@example.com,Empathy basics,b7,Completed,11/2/2024,11/31/2024",
    ]
    declare(warehouse, "cornerstone", 'date_order = "month_first"\nbad_row_limit = 0.5')
    text = "\n".join([*titles, HEADER.strip(), *rows])
    assert text.splitlines()[20] == HEADER.strip()
    warehouse.deliver("cornerstone", TRANSCRIPT_FILE, text)
    account = warehouse.land(TRANSCRIPT)
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (2, 1, 1)
    assert account.files[0].header[0] == "User ID"
    assert warehouse.rows(TRANSCRIPT)["completed_on"].to_list() == [date(2024, 11, 12)]
    assert warehouse.reasons(TRANSCRIPT) == [(23, "completed_on", "not_a_date")]
    assert b"Ruiz" not in lake_bytes(warehouse)


def test_a_custom_reports_labels_say_whose_field_it_is(warehouse: TestWarehouse) -> None:
    month_first(warehouse)
    header = (
        "User - User ID,User - User Full Name,User - User Email,Training - Training Title,"
        "Training - Training Object ID,Transcript - Transcript Status,"
        "Transcript - Transcript Completed Date"
    )
    row = "E-1,Ana Ruiz,ana@example.com,Empathy basics,b7,Completed,11/12/2024"
    warehouse.deliver("cornerstone", "custom transcript report.csv", f"{header}\n{row}\n")
    account = warehouse.land(TRANSCRIPT)
    assert account is not None
    assert account.unknown_columns == ()
    assert account.absent_columns == ("manager_id", "registered_on")
    assert warehouse.rows(TRANSCRIPT)["completed_on"].to_list() == [date(2024, 11, 12)]


def test_taking_a_training_again_is_another_row(warehouse: TestWarehouse) -> None:
    month_first(warehouse)
    rows = [
        "E-1,ana@example.com,Empathy basics,b7,Completed,1/2/2024,1/12/2024",
        "E-1,ana@example.com,Empathy basics,b7,Completed,11/2/2024,11/12/2024",
        "E-1,ana@example.com,Empathy basics,b7,Registered,11/20/2024,",
        "E-1,ana@example.com,Empathy basics,b7,Registered,11/20/2024,",
    ]
    warehouse.deliver("cornerstone", TRANSCRIPT_FILE, HEADER + "\n".join(rows))
    account = warehouse.land(TRANSCRIPT)
    assert account is not None
    assert (account.read, account.accepted, account.duplicates, account.conflicts) == (4, 3, 1, 0)


def test_days_are_in_the_declared_order(warehouse: TestWarehouse) -> None:
    declare(warehouse, "cornerstone", 'date_order = "day_first"')
    row = "E-1,ana@example.com,Empathy basics,b7,Completed,3/2/24,31/12/2024\n"
    warehouse.deliver("cornerstone", TRANSCRIPT_FILE, HEADER + row)
    warehouse.land(TRANSCRIPT)
    landed = warehouse.rows(TRANSCRIPT)
    assert landed["registered_on"].to_list() == [date(2024, 2, 3)]
    assert landed["completed_on"].to_list() == [date(2024, 12, 31)]


@pytest.mark.parametrize(
    "cell",
    ["2/1/24", "2/1/2024", "2/1/24 3:04 PM", "2/1/2024 3:04:05 PM", "02/01/24 15:04", "2024-02-01"],
)
def test_a_day_is_the_same_in_each_spelling(warehouse: TestWarehouse, cell: str) -> None:
    month_first(warehouse)
    row = f"E-1,ana@example.com,Empathy basics,b7,Completed,,{cell}\n"
    warehouse.deliver("cornerstone", TRANSCRIPT_FILE, HEADER + row)
    warehouse.land(TRANSCRIPT)
    assert warehouse.rows(TRANSCRIPT)["completed_on"].to_list() == [date(2024, 2, 1)]


def test_an_order_of_days_that_is_not_declared_is_not_guessed(warehouse: TestWarehouse) -> None:
    warehouse.deliver("cornerstone", TRANSCRIPT_FILE, SAMPLES / "cornerstone" / TRANSCRIPT_FILE)
    with pytest.raises(FileRefused, match=r'date_order = "month_first" or.*\[cornerstone\]'):
        warehouse.land(TRANSCRIPT)


def test_what_is_completed_has_a_day(warehouse: TestWarehouse) -> None:
    declare(warehouse, "cornerstone", 'date_order = "month_first"\nbad_row_limit = 0.5')
    rows = [
        "E-1,ana@example.com,Empathy basics,b7,Completed,1/2/2024,",
        "E-2,cy@example.com,Empathy basics,b7,In Progress,1/2/2024,",
    ]
    warehouse.deliver("cornerstone", TRANSCRIPT_FILE, HEADER + "\n".join(rows))
    warehouse.land(TRANSCRIPT)
    assert warehouse.reasons(TRANSCRIPT) == [(2, "", "completed_on_some_day")]


def test_a_report_without_a_header_is_refused(warehouse: TestWarehouse) -> None:
    month_first(warehouse)
    rows = "E-1,ana@example.com,Empathy basics,b7,Completed,1/2/2024,1/12/2024\n" * 3
    assert code_of(warehouse, TRANSCRIPT, TRANSCRIPT_FILE, rows) == "unknown_header"
    titles = "Training Transcript\n" * 200
    assert code_of(warehouse, TRANSCRIPT, TRANSCRIPT_FILE, titles + HEADER) == "unknown_header"


def test_a_header_that_lacks_a_column_is_told_which(warehouse: TestWarehouse) -> None:
    month_first(warehouse)
    header = HEADER.replace("Transcript Completed Date", "Fecha de finalización")
    warehouse.deliver("cornerstone", TRANSCRIPT_FILE, "Report\n" + header)
    with pytest.raises(FileRefused, match="'Transcript Completed Date' is missing"):
        warehouse.land(TRANSCRIPT)
    declare(
        warehouse,
        "cornerstone",
        '[cornerstone.labels.training_transcript]\ncompleted_on = "Fecha de finalización"',
    )
    account = warehouse.land(TRANSCRIPT)
    assert account is not None
    assert account.read == 0


def test_completions_land_in_utc_without_names(warehouse: TestWarehouse) -> None:
    declare(warehouse, "moodle", 'time_zone = "Europe/Madrid"\ndate_order = "day_first"')
    warehouse.deliver("moodle", COMPLETION_FILE, SAMPLES / "moodle" / COMPLETION_FILE)
    account = warehouse.land(COMPLETION)
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (2, 2, 0, 0)
    assert account.unknown_columns == ()
    completed, running = warehouse.rows(COMPLETION).rows(named=True)
    assert (completed["user_id"], completed["course"]) == ("17", "CX101")
    # The twelfth of November, when Madrid is an hour ahead.
    assert completed["completed_at"] == datetime(2024, 11, 12, 9, 5, tzinfo=UTC)
    assert (running["user_id"], running["completed_at"]) == ("3", None)
    for name in (b"Ruiz", b"Cole", b"example.com", b"achieved"):
        assert name not in lake_bytes(warehouse)


def test_each_course_has_a_file_and_activities_of_the_same_name_do_no_harm(
    warehouse: TestWarehouse,
) -> None:
    declare(warehouse, "moodle", 'time_zone = "UTC"\ndate_order = "month_first"')
    header = (
        "ID,Name,Email address,Quiz,Quiz - Fecha,Quiz,Quiz - Fecha,Manual grade,Course complete\n"
    )
    row = '17,Ana Ruiz,ana@example.com,Completed,"12/11/24, 09:30",Not completed,,7,"{}"\n'
    warehouse.deliver("moodle", "completion-CX101.csv", header + row.format("12/11/24, 10:05"))
    warehouse.deliver("moodle", "completion-CX 102 (1).csv", header + row.format("1/2/2025, 10:05"))
    account = warehouse.land(COMPLETION)
    assert account is not None
    assert (account.accepted, account.duplicates) == (2, 0)
    assert account.unknown_columns == ("Manual grade",)
    landed = warehouse.rows(COMPLETION).sort("course")
    assert landed["course"].to_list() == ["CX 102", "CX101"]
    assert landed["completed_at"].to_list() == [
        datetime(2025, 1, 2, 10, 5, tzinfo=UTC),
        datetime(2024, 12, 11, 10, 5, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("settings", "code"),
    [('time_zone = "UTC"', "no_date_order"), ('date_order = "day_first"', "no_time_zone")],
)
def test_neither_zone_nor_order_of_completions_is_guessed(
    warehouse: TestWarehouse, settings: str, code: str
) -> None:
    declare(warehouse, "moodle", settings)
    text = (SAMPLES / "moodle" / COMPLETION_FILE).read_text()
    assert code_of(warehouse, COMPLETION, COMPLETION_FILE, text) == code


def test_a_file_that_does_not_say_its_course_is_refused(warehouse: TestWarehouse) -> None:
    declare(warehouse, "moodle", 'time_zone = "UTC"\ndate_order = "day_first"')
    text = (SAMPLES / "moodle" / COMPLETION_FILE).read_text()
    assert code_of(warehouse, COMPLETION, "completion-.csv", text) == "no_course"


def test_the_list_of_employees_lands_without_names(warehouse: TestWarehouse) -> None:
    declare(warehouse, "hr", "bad_row_limit = 0.5")
    text = (SAMPLES / "hr" / "employees.csv").read_text()
    with_locale = text.replace("15/06/2024", "2024-06-15")
    warehouse.deliver("hr", "employees.csv", with_locale)
    account = warehouse.land("hr/employees")
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (7, 4, 2, 1)
    assert warehouse.reasons("hr/employees") == [
        (4, "", "left_after_coming"),
        (8, "started_on", "missing"),
    ]
    landed = warehouse.rows("hr/employees")
    assert landed["employee_id"].to_list() == ["E-0001", "E-0002", "E-0009", "E-0010"]
    assert landed["ended_on"].to_list() == [None, date(2024, 11, 30), None, None]
    assert landed["email_pseudonym"].null_count() == 0
    for name in (b"Ruiz", b"Cole", b"example.com"):
        assert name not in lake_bytes(warehouse)


def test_a_day_of_an_employee_in_somebodys_locale_asks_for_the_order(
    warehouse: TestWarehouse,
) -> None:
    text = (SAMPLES / "hr" / "employees.csv").read_text()
    assert code_of(warehouse, "hr/employees", "employees.csv", text) == "no_date_order"


def test_a_workbook_with_titles_gives_the_same_rows(warehouse: TestWarehouse) -> None:
    month_first(warehouse)
    workbook = openpyxl.Workbook()
    for row in (
        ["Training Transcript"],
        ["Run by", "Ana Ruiz"],
        [],
        HEADER.strip().split(","),
        ["E-1", "a@b.example", "Empathy", "T-1", "Completed", "11/2/2024", datetime(2024, 12, 11)],
    ):
        workbook.active.append(row)
    content = io.BytesIO()
    workbook.save(content)
    warehouse.deliver("cornerstone", TRANSCRIPT_FILE.replace("csv", "xlsx"), content.getvalue())
    account = warehouse.land(TRANSCRIPT)
    assert account is not None
    assert (account.read, account.accepted) == (1, 1)
    (row,) = warehouse.rows(TRANSCRIPT).rows(named=True)
    assert (row["registered_on"], row["completed_on"]) == (date(2024, 11, 2), date(2024, 12, 11))
    assert row["source_row"] == 5
