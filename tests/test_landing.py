"""What becomes of every row and every file of a delivery."""

import codecs
import gzip
import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import lake, landing
from pipelines.contracts.contract import export_named
from pipelines.exports import text
from pipelines.exports.files import FileRefused
from pipelines.exports.reading import Rows
from pipelines.exports.shopify import _lines
from tests.conftest import DAY, SAMPLES, TestWarehouse

QUESTIONS = "source,survey,question_id,metric,scale_min,scale_max,top_boxes,higher_is_better\n"

IMPORTS = [
    "startDate",
    "endDate",
    "status",
    "progress",
    "finished",
    "recordedDate",
    "_recordId",
    "recipientEmail",
    "externalDataReference",
    "distributionChannel",
    "QID1_NPS_GROUP",
    "QID1",
    "QID2",
]


def qualtrics(
    rows: Iterable[dict[str, str]],
    imports: Sequence[str] = IMPORTS,
    zone: str | None = "America/Denver",
) -> str:
    """A Qualtrics export with three header rows; absent cells take a good row's."""
    good = {
        "startDate": "2025-01-16 02:10:05",
        "endDate": "2025-01-16 02:11:40",
        "status": "0",
        "progress": "100",
        "finished": "1",
        "recordedDate": "2025-01-16 02:11:41",
        "recipientEmail": "maya.okafor@example.com",
        "distributionChannel": "email",
        "QID1": "9",
    }
    lines = [",".join(imports), ",".join(f"Text of {each}" for each in imports)]
    dated = {"timeZone": zone} if zone else {}
    cells = [json.dumps({"ImportId": each} | (dated if "Date" in each else {})) for each in imports]
    lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
    for number, row in enumerate(rows):
        full = {**good, "_recordId": f"R_{number:04}", **row}
        lines.append(",".join(full.get(each, "") for each in imports))
    return "\n".join(lines) + "\n"


def padded(*rows: dict[str, str], good: int = 200) -> list[dict[str, str]]:
    """The given rows behind so many good ones that they stay under the limit of bad rows."""
    return [{} for _ in range(good)] + list(rows)


class TestRows:
    def test_a_score_of_eleven_is_rejected_with_its_reason_its_file_and_its_row(
        self, warehouse: TestWarehouse
    ) -> None:
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(padded({"QID1": "11"})))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.read, account.accepted, account.rejected) == (201, 200, 1)
        # three header rows and 200 good ones before it
        assert warehouse.reasons("qualtrics/responses") == [(204, "QID1", "out_of_range")]
        row = warehouse.rejected("qualtrics/responses").row(0, named=True)
        assert row["source_file"] == "Survey.csv"
        assert json.loads(row["raw"])["QID1"] == "11"
        assert "R_0200" not in warehouse.rows("qualtrics/responses")["response_id"]

    def test_a_file_that_turns_out_to_be_latin_1_late_lands_whole_and_once(
        self, warehouse: TestWarehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(text, "LOOKED_THROUGH_BYTES", 1 << 20)
        rows = [{} for _ in range(20_000)] + [{"QID1": "11"}, {"QID2": '"trop cher, désolé"'}]
        content = qualtrics(rows).encode("latin-1")
        assert len(content) > 2 << 20
        warehouse.deliver("qualtrics", "Survey.csv", content)
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.read, account.accepted, account.rejected) == (20_002, 20_001, 1)
        (file,) = account.files
        assert (file.encoding, file.sha256) == ("latin-1", hashlib.sha256(content).hexdigest())
        answers = warehouse.rows("qualtrics/responses")["answers"][-1].to_list()
        assert {"question_id": "QID2", "value": "trop cher, désolé"} in answers

    @pytest.mark.parametrize(
        ("cells", "column", "code"),
        [
            ({"QID1": "6.5"}, "QID1", "not_a_whole_number"),
            ({"QID1": "-1"}, "QID1", "out_of_range"),
            ({"startDate": "2025-02-30 10:00:00"}, "start_date", "not_a_timestamp"),
            # the clocks in Denver went from 02:00 to 03:00
            ({"startDate": "2024-03-10 02:30:00"}, "start_date", "not_a_timestamp"),
            ({"startDate": ""}, "start_date", "missing"),
            ({"_recordId": ""}, "response_id", "missing"),
            ({"_recordId": "4711"}, "response_id", "wrong_form"),
            ({"finished": "perhaps"}, "finished", "not_a_boolean"),
            ({"status": "-1"}, "status", "out_of_range"),
            ({"endDate": "2025-01-16 02:10:04"}, "", "ended_after_it_started"),
        ],
    )
    def test_a_bad_cell_sets_its_row_aside_for_one_reason(
        self, warehouse: TestWarehouse, cells: dict[str, str], column: str, code: str
    ) -> None:
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(padded(cells)))
        warehouse.land("qualtrics/responses")
        assert warehouse.reasons("qualtrics/responses") == [(204, column, code)]

    def test_a_declared_question_is_held_to_its_scale(self, warehouse: TestWarehouse) -> None:
        warehouse.deliver(
            "reference",
            "survey_questions.csv",
            QUESTIONS + "qualtrics,Survey,QID2,csat,1,5,4;5,true\n",
        )
        warehouse.land("reference/survey_questions")
        warehouse.deliver(
            "qualtrics", "Survey.csv", qualtrics(padded({"QID2": "6"}, {"QID2": "5"}))
        )
        warehouse.land("qualtrics/responses")
        assert warehouse.reasons("qualtrics/responses") == [(204, "QID2", "out_of_range")]

    def test_an_answer_given_as_a_label_counts_where_the_label_is_declared(
        self, warehouse: TestWarehouse
    ) -> None:
        header = QUESTIONS.strip() + ",choices\n"
        warehouse.deliver(
            "reference",
            "survey_questions.csv",
            header + "qualtrics,Survey,QID2,csat,1,5,,true,Very good=5;Good=4\n",
        )
        warehouse.land("reference/survey_questions")
        rows = padded({"QID2": "Good"}, {"QID2": "So-so"})
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows))
        warehouse.land("qualtrics/responses")
        assert warehouse.reasons("qualtrics/responses") == [(205, "QID2", "not_a_whole_number")]

    def test_a_score_that_was_seen_and_not_answered_is_none(self, warehouse: TestWarehouse) -> None:
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([{"QID1": "-99"}, {"QID1": "0"}]))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.accepted, account.rejected) == (2, 0)
        said = warehouse.rows("qualtrics/responses")["answers"].to_list()
        assert said == [[], [{"question_id": "QID1", "value": "0"}]]

    def test_answers_are_those_cells_that_say_something_in_the_files_order(
        self, warehouse: TestWarehouse
    ) -> None:
        cells = [("9", "4"), ("9 ", ""), (" 8", "-99"), ("", " 9"), ("", "")]
        rows = [{"QID1": first, "QID2": second} for first, second in cells]
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows))
        warehouse.land("qualtrics/responses")
        landed = warehouse.rows("qualtrics/responses").sort("response_id")
        assert [
            [(each["question_id"], each["value"]) for each in answers]
            for answers in landed["answers"].to_list()
        ] == [
            [("QID1", "9"), ("QID2", "4")],
            [("QID1", "9")],
            [("QID1", "8")],
            [("QID2", "9")],
            [],
        ]

    def test_previews_tests_spam_and_synthetic_answers_are_left_out_by_name(
        self, warehouse: TestWarehouse
    ) -> None:
        rows = [
            {"status": status, "QID1": "11"} for status in ("1", "2", "8", "9", "256", "17")
        ] + [{"status": "16"}, {"distributionChannel": "preview"}]
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        # 9 = 8 + 1 is a spam preview, 17 = 16 + 1 an offline preview: the first rule names them
        assert account.excluded == {"preview": 4, "spam": 1, "synthetic": 1, "test": 1}
        assert (account.accepted, account.rejected) == (1, 0)

    def test_a_row_of_the_wrong_width_is_kept_as_text(self, warehouse: TestWarehouse) -> None:
        text = qualtrics(padded()) + "2025-01-16 02:10:05,short\n"
        warehouse.deliver("qualtrics", "Survey.csv", text)
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert account.reasons == {"wrong_width": 1}
        assert "short" in warehouse.rejected("qualtrics/responses")["raw"][0]

    def test_permuted_headers_swap_no_cell(self, warehouse: TestWarehouse) -> None:
        cells = {"QID1": "3", "QID2": "5", "progress": "45", "externalDataReference": "x1"}
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([cells]))
        warehouse.land("qualtrics/responses")
        straight = warehouse.rows("qualtrics/responses").drop("answers", "questions")
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([cells], IMPORTS[::-1]))
        warehouse.land("qualtrics/responses")
        turned = warehouse.rows("qualtrics/responses")
        assert turned.drop("answers", "questions").equals(straight)
        assert sorted((each["question_id"], each["value"]) for each in turned["answers"][0]) == [
            ("QID1", "3"),
            ("QID2", "5"),
        ]

    def test_an_unknown_column_is_kept_and_reported(self, warehouse: TestWarehouse) -> None:
        columns = [*IMPORTS, "Loyalty Tier"]
        rows = [{"Loyalty Tier": "gold"}, {}]
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows, columns))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert account.unknown_columns == ("Loyalty Tier",)
        assert warehouse.rows("qualtrics/responses")["extras"].to_list() == [
            '{"Loyalty Tier":"gold"}',
            None,
        ]

    @pytest.mark.parametrize(
        ("header", "cells", "extras"),
        [
            ("Id,IsActive,", "true,", None),
            ("Id,IsActive,,", "true,,", None),
            ("Id, ,IsActive,", ",true, ", None),
            ("Id,,IsActive,,", ",true,x,", {"": "x"}),
            ("Id,,IsActive,,", "y,true,,x", {"": "y; x"}),
            ("Id,,IsActive,,", "me@example.com,true,,x", None),
            ("Id,,Tier,IsActive,", ",gold,true,", {"Tier": "gold"}),
        ],
    )
    def test_columns_without_a_label_count_only_where_something_stands_in_them(
        self, warehouse: TestWarehouse, header: str, cells: str, extras: dict[str, str] | None
    ) -> None:
        warehouse.deliver("salesforce", "User.csv", f"{header}\n005000000000001,{cells}\n")
        account = warehouse.land("salesforce/user")
        assert account is not None
        assert account.accepted == 1
        assert account.unknown_columns == (("",) if "x" in cells else tuple(extras or ()))
        found = warehouse.rows("salesforce/user")["extras"][0]
        assert (found and json.loads(found)) == extras

    def test_an_unknown_column_with_personal_data_never_reaches_the_lake(
        self, warehouse: TestWarehouse
    ) -> None:
        columns = [*IMPORTS, "Second Email", "Remark"]
        rows = [{"Second Email": "other@example.com", "Remark": "write to me@example.com"}]
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows, columns))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert account.sealed_columns == ("Second Email",)
        path = lake.lake_file(warehouse.home, export_named("qualtrics/responses"), DAY)
        frame = pl.read_parquet(path, hive_partitioning=False)
        assert frame["extras"][0] is None
        assert "@" not in frame.write_json()

    def test_labels_and_values_of_other_languages_and_forms_are_personal_too(
        self, warehouse: TestWarehouse
    ) -> None:
        personal = ("Contact Name", "Nachname", "Téléphone", "Postal Code")
        columns = [*IMPORTS, *personal, "Product Name", "Note"]
        rows = [dict.fromkeys((*personal, "Product Name"), "x") | {"Note": "tel:+49 30 1234567"}]
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows, columns))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert account.sealed_columns == personal
        assert account.unknown_columns == ("Product Name", "Note")
        (extras,) = warehouse.rows("qualtrics/responses")["extras"]
        assert json.loads(extras) == {"Product Name": "x", "Note": None}

    def test_a_guarded_cell_loses_its_apostrophe_and_a_name_keeps_it(
        self, warehouse: TestWarehouse
    ) -> None:
        rows = [{"externalDataReference": "'0038a"}, {"externalDataReference": "'tis"}]
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows))
        warehouse.land("qualtrics/responses")
        references = warehouse.rows("qualtrics/responses")["external_data_reference"]
        assert references.to_list() == ["0038a", "'tis"]


class TestDuplicates:
    def test_the_copy_that_was_modified_last_wins_wherever_it_stands(
        self, warehouse: TestWarehouse
    ) -> None:
        late = {"_recordId": "R_x", "recordedDate": "2025-01-20 00:00:00", "QID1": "10"}
        early = {"_recordId": "R_x", "recordedDate": "2025-01-19 00:00:00", "QID1": "1"}
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([late, {}, early]))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.read, account.accepted, account.duplicates) == (3, 2, 1)
        assert account.conflicts == 0
        kept = warehouse.rows("qualtrics/responses").filter(response_id="R_x")
        assert kept["answers"][0][0]["value"] == "10"

    def test_among_equals_the_last_in_file_order_wins_and_is_told_as_a_conflict(
        self, warehouse: TestWarehouse
    ) -> None:
        rows = [{"_recordId": "R_x", "progress": "10"}, {"_recordId": "R_x", "progress": "90"}]
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.duplicates, account.conflicts) == (1, 1)
        assert warehouse.rows("qualtrics/responses")["progress"].to_list() == [90]

    def test_a_copy_with_another_answer_is_a_conflict(self, warehouse: TestWarehouse) -> None:
        rows = [{"_recordId": "R_x", "QID1": "3"}, {"_recordId": "R_x", "QID1": "9"}]
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.duplicates, account.conflicts) == (1, 1)
        assert warehouse.rows("qualtrics/responses")["answers"][0][0]["value"] == "9"

    def test_a_copy_whose_columns_stand_in_another_order_is_no_conflict(
        self, warehouse: TestWarehouse
    ) -> None:
        for folder, imports in (("one", IMPORTS), ("other", IMPORTS[::-1])):
            content = qualtrics([{"QID2": "5"}], imports)
            warehouse.deliver("qualtrics", f"{folder}/Survey.csv", content)
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.read, account.duplicates, account.conflicts) == (2, 1, 0)

    def test_a_rejected_copy_does_not_displace_a_good_one(self, warehouse: TestWarehouse) -> None:
        rows = [*padded(), {"_recordId": "R_x"}, {"_recordId": "R_x", "QID1": "11"}]
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.accepted, account.rejected, account.duplicates) == (201, 1, 0)


rows_of_responses = st.lists(
    st.fixed_dictionaries(
        {
            "_recordId": st.integers(0, 8).map(lambda number: f"R_{number}"),
            "QID1": st.integers(0, 10).map(str),
        }
    ),
    min_size=1,
    max_size=12,
)


EXAMPLES = itertools.count()


class TestLaws:
    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(rows_of_responses, st.randoms(use_true_random=False), st.integers(1, 3))
    def test_order_splits_repetition_and_names_of_files_change_no_row(
        self,
        make_warehouse: Callable[[str], TestWarehouse],
        rows: list[dict[str, str]],
        random: object,
        parts: int,
    ) -> None:
        example = next(EXAMPLES)  # not `id(rows)`, which another example may have had
        for second, row in enumerate(rows):  # each version has its own modification time
            row["recordedDate"] = f"2025-01-20 00:00:{second:02}"
        one = make_warehouse(f"one{example}")
        one.deliver("qualtrics", "Survey.csv", qualtrics(rows))
        one.land("qualtrics/responses")

        shuffled = list(rows)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        other = make_warehouse(f"other{example}")
        for part in range(parts):
            text = qualtrics(shuffled[part::parts])
            other.deliver("qualtrics", f"{chr(122 - part)} renamed.csv", text)
            other.deliver("qualtrics", f"copy of {part}.csv", text)
        account = other.land("qualtrics/responses")
        assert account is not None
        assert account.is_balanced
        assert account.read == 2 * len(rows)
        content = ["response_id", "recorded_date", "answers"]
        assert (
            other.rows("qualtrics/responses").select(content).sort("response_id").to_dicts()
            == one.rows("qualtrics/responses").select(content).sort("response_id").to_dicts()
        )

    def test_a_second_landing_changes_nothing(self, warehouse: TestWarehouse) -> None:
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(padded({"QID1": "11"})))
        first = warehouse.land("qualtrics/responses")
        path = lake.lake_file(warehouse.home, export_named("qualtrics/responses"), DAY)
        written = path.stat().st_mtime_ns
        assert warehouse.land("qualtrics/responses") == first
        assert path.stat().st_mtime_ns == written

    def test_a_corrected_file_of_the_same_name_replaces_the_delivery(
        self, warehouse: TestWarehouse
    ) -> None:
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([{"QID1": "1"}]))
        warehouse.land("qualtrics/responses")
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([{"QID1": "7"}]))
        warehouse.land("qualtrics/responses")
        assert warehouse.rows("qualtrics/responses")["answers"][0][0]["value"] == "7"

    def test_a_delivery_that_is_taken_away_leaves_the_lake(self, warehouse: TestWarehouse) -> None:
        file = warehouse.deliver("qualtrics", "Survey.csv", qualtrics([{}]))
        warehouse.land("qualtrics/responses")
        file.unlink()
        assert warehouse.land("qualtrics/responses") is None
        assert lake.landed_days(warehouse.home, export_named("qualtrics/responses")) == []


class TestFiles:
    def test_header_only_is_normal(self, warehouse: TestWarehouse) -> None:
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([]))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.read, account.accepted) == (0, 0)
        assert warehouse.rows("qualtrics/responses").height == 0

    @pytest.mark.parametrize(
        ("content", "code", "culprit"),
        [
            (qualtrics([{}]).replace("startDate", "begin"), "missing_column", "startDate"),
            (qualtrics([{}], [*IMPORTS, "endDate"]), "equal_headers", "enddate"),
            ("", "empty_file", "Survey.csv"),
            (qualtrics([{}], zone=None), "no_time_zone", "time_zone"),
            (qualtrics([{}], zone="Mars/Olympus"), "unknown_time_zone", "Mars/Olympus"),
            ("a,b\n1,2\n", "missing_header_rows", "Survey.csv"),
            ("a,b\n1,2\n3,4\n", "unknown_header", "row 3"),
        ],
    )
    def test_a_file_of_the_wrong_shape_is_refused_naming_file_culprit_and_fix(
        self, warehouse: TestWarehouse, content: str, code: str, culprit: str
    ) -> None:
        warehouse.deliver("qualtrics", "Survey.csv", content)
        with pytest.raises(FileRefused) as refused:
            warehouse.land("qualtrics/responses")
        assert refused.value.code == code
        assert "Survey.csv" in str(refused.value)
        assert culprit in str(refused.value)
        remembered = lake.refusals(warehouse.home)
        assert [(each.export, each.code) for each in remembered] == [("responses", code)]

    @pytest.mark.parametrize(
        ("export", "name", "content", "code"),
        [
            # no header, and a row in which an address stands twice
            (
                "salesforce/user",
                "User.csv",
                "005000000000001,ann@example.com,Ann@example.com,true\n",
                "missing_column",
            ),
            (
                "salesforce/user",
                "User.csv",
                "Id,IsActive,ann@example.com,Ann@example.com\n",
                "equal_headers",
            ),
            (
                "qualtrics/responses",
                "Survey.csv",
                qualtrics([{}], [*IMPORTS, "ann@example.com", "Ann@example.com"]),
                "equal_headers",
            ),
            (
                "shopify/orders",
                "orders_export.csv",
                "#1001,ann@example.com,Ann@example.com\n",
                "unknown_header",
            ),
        ],
    )
    def test_a_label_that_may_be_a_cell_is_not_told_of(
        self, warehouse: TestWarehouse, export: str, name: str, content: str, code: str
    ) -> None:
        warehouse.deliver(export.partition("/")[0], name, content)
        with pytest.raises(FileRefused) as refused:
            warehouse.land(export)
        assert refused.value.code == code
        assert "example.com" not in str(refused.value).casefold()
        (path,) = warehouse.home.path.glob("**/*refused*.json")
        assert "example.com" not in path.read_text().casefold()

    def test_the_settings_give_the_zone_that_the_file_lacks(self, warehouse: TestWarehouse) -> None:
        (warehouse.home.path / "sources.toml").write_text(
            '[qualtrics]\ntime_zone = "Pacific/Auckland"\n'
        )
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([{}], zone=None))
        warehouse.land("qualtrics/responses")
        assert warehouse.rows("qualtrics/responses")["start_date"][0] == datetime(
            2025, 1, 15, 13, 10, 5, tzinfo=UTC
        )

    def test_too_many_bad_rows_refuse_the_export_but_can_be_looked_at(
        self, warehouse: TestWarehouse
    ) -> None:
        bad = [{"QID1": "11"}] * 3
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics(padded(*bad, good=97)))
        with pytest.raises(FileRefused, match=r"3 of 100 rows .* more than 2\.0%.*QID1"):
            warehouse.land("qualtrics/responses")
        assert warehouse.rejected("qualtrics/responses").height == 3
        assert lake.landed_days(warehouse.home, export_named("qualtrics/responses")) == []

    def test_a_refused_redelivery_leaves_the_last_good_one_in_the_lake(
        self, warehouse: TestWarehouse
    ) -> None:
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([{}]))
        warehouse.land("qualtrics/responses")
        warehouse.deliver("qualtrics", "Survey.csv", "a,b\n")
        with pytest.raises(FileRefused):
            warehouse.land("qualtrics/responses")
        assert warehouse.rows("qualtrics/responses").height == 1
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([{}, {}]))
        warehouse.land("qualtrics/responses")
        assert lake.refusals(warehouse.home) == []
        assert warehouse.rows("qualtrics/responses").height == 2

    @pytest.mark.parametrize("linked", ["the files' folder", "the delivery"])
    def test_a_folder_that_cant_be_read_takes_nothing_out_of_the_lake(
        self, warehouse: TestWarehouse, linked: str
    ) -> None:
        file = warehouse.deliver("qualtrics", "surveys/Survey.csv", qualtrics([{}]))
        warehouse.land("qualtrics/responses")
        folder = file.parent if linked == "the files' folder" else file.parents[1]
        elsewhere = folder.rename(warehouse.home.path / "elsewhere")
        folder.symlink_to(elsewhere)
        with pytest.raises(FileRefused, match=rf"^{folder.name}/: it is a link"):
            warehouse.land("qualtrics/responses")
        assert warehouse.rows("qualtrics/responses").height == 1
        assert [refusal.code for refusal in lake.refusals(warehouse.home)] == ["link"]

    def test_a_refused_delivery_that_is_taken_away_is_looked_at_once_more(
        self, warehouse: TestWarehouse
    ) -> None:
        export = export_named("qualtrics/responses")
        file = warehouse.deliver("qualtrics", "Survey.csv", "a,b\n")
        with pytest.raises(FileRefused):
            warehouse.land("qualtrics/responses")
        file.unlink()
        file.parent.rmdir()
        assert landing.days_of(warehouse.home, export) == [DAY]
        assert warehouse.land("qualtrics/responses") is None
        assert lake.refusals(warehouse.home) == []
        assert landing.days_of(warehouse.home, export) == []

    def test_a_truncated_archive_refuses_its_exports_and_no_others(
        self, warehouse: TestWarehouse
    ) -> None:
        archive = (SAMPLES / "salesforce" / "WE_00D8a000000XyZ1EAK_1.ZIP").read_bytes()
        warehouse.deliver("salesforce", "WE_1.ZIP", archive[: len(archive) // 2])
        warehouse.deliver("qualtrics", "Survey.csv", qualtrics([{}]))
        with pytest.raises(FileRefused, match=r"WE_1\.ZIP"):
            warehouse.land("salesforce/case")
        assert warehouse.land("qualtrics/responses") is not None

    def test_a_member_of_an_archive_and_the_bare_file_land_alike(
        self, make_warehouse: Callable[[str], TestWarehouse]
    ) -> None:
        bare, packed = make_warehouse("bare"), make_warehouse("packed")
        content = (SAMPLES / "salesforce" / "Case.csv").read_bytes()
        bare.deliver("salesforce", "Case.csv", content)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("Case.csv", content)
        packed.deliver("salesforce", "WE_1.ZIP", buffer.getvalue())
        bare.land("salesforce/case")
        packed.land("salesforce/case")
        assert (
            packed.rows("salesforce/case")
            .drop("source_file")
            .equals(bare.rows("salesforce/case").drop("source_file"))
        )
        assert packed.rows("salesforce/case")["source_file"][0] == "WE_1.ZIP/Case.csv"

    @pytest.mark.parametrize("packing", ["bare", "gzip", "zip"])
    @pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
    def test_utf_16_is_read_in_whatever_it_is_packed(
        self, warehouse: TestWarehouse, packing: str, mark: bytes
    ) -> None:
        codec = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
        content = mark + qualtrics([{"QID2": "désolé 😀"}, {}]).encode(codec)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("Survey.csv", content)
        name, packed = {
            "bare": ("Survey.csv", content),
            "gzip": ("Survey.csv.gz", gzip.compress(content)),
            "zip": ("Survey.zip", buffer.getvalue()),
        }[packing]
        warehouse.deliver("qualtrics", name, packed)
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.read, account.accepted) == (2, 2)
        assert account.files[0].encoding == codec
        answers = warehouse.rows("qualtrics/responses")["answers"][0].to_list()
        assert {"question_id": "QID2", "value": "désolé 😀"} in answers


class TestSamples:
    """The vendors' samples, with counts worked out by hand from the files."""

    @pytest.mark.parametrize(
        ("source", "export", "file", "read", "accepted", "excluded"),
        [
            ("salesforce", "account", "WE_00D8a000000XyZ1EAK_1.ZIP", 2, 2, {}),
            ("salesforce", "contact", "WE_00D8a000000XyZ1EAK_1.ZIP", 3, 3, {}),
            ("salesforce", "user", "WE_00D8a000000XyZ1EAK_1.ZIP", 2, 2, {}),
            ("salesforce", "case", "WE_00D8a000000XyZ1EAK_1.ZIP", 4, 4, {}),
            ("salesforce", "case_history", "WE_00D8a000000XyZ1EAK_1.ZIP", 3, 3, {}),
            ("salesforce", "case_comment", "WE_00D8a000000XyZ1EAK_1.ZIP", 0, 0, {}),
            ("salesforce", "email_message", "EmailMessage.csv", 4, 4, {}),
            ("shopify", "orders", "orders_export_1.csv", 4, 4, {}),
            ("stripe", "payments", "unified_payments.csv", 4, 4, {}),
            ("stripe", "subscriptions", "subscriptions.csv", 3, 3, {}),
            ("delighted", "responses", "delighted-responses-2025-02-10.csv", 4, 4, {}),
            ("zendesk", "tickets", "export-2025-02-10-0904-tickets.json", 3, 3, {}),
            (
                "typeform",
                "responses",
                "responses-KoPTjofd-01JKQ8ZP6R7W3T2X-T1GGTIDL.csv",
                3,
                2,
                {"partial": 1},
            ),
            (
                "qualtrics",
                "responses",
                "Support+CSAT+and+NPS_February+10%2C+2025_02.15.csv",
                5,
                3,
                {"preview": 1, "spam": 1},
            ),
        ],
    )
    def test_each_lands_with_its_counts(
        self,
        warehouse: TestWarehouse,
        source: str,
        export: str,
        file: str,
        read: int,
        accepted: int,
        excluded: dict[str, int],
    ) -> None:
        warehouse.deliver(source, file, SAMPLES / source / file)
        account = warehouse.land(f"{source}/{export}")
        assert account is not None
        assert (account.read, account.accepted, account.excluded) == (read, accepted, excluded)
        assert (account.rejected, account.duplicates) == (0, 0)

    def test_salesforce_cells_mean_what_they_say(self, warehouse: TestWarehouse) -> None:
        warehouse.deliver("salesforce", "Case.csv", SAMPLES / "salesforce" / "Case.csv")
        warehouse.land("salesforce/case")
        cases = warehouse.rows("salesforce/case")
        assert cases["subject"][2] == "¿Dónde está mi factura?"  # Latin-1
        assert cases["contact_id"][2] is None  # 000000000000000AAA
        assert cases["is_deleted"].to_list() == [False, False, False, True]
        assert cases["created_date"][0] == datetime(2025, 1, 14, 9, 12, 33, tzinfo=UTC)
        assert json.loads(cases["extras"][0]) == {"CSAT_Score__c": "4", "Region__c": "LATAM"}

    def test_an_email_keeps_its_case_and_its_times_and_nothing_of_what_was_said(
        self, warehouse: TestWarehouse
    ) -> None:
        path = SAMPLES / "salesforce" / "EmailMessage.csv"
        warehouse.deliver("salesforce", path.name, path)
        account = warehouse.land("salesforce/email_message")
        emails = warehouse.rows("salesforce/email_message")
        assert emails["incoming"].to_list() == [True, False, False, False]
        assert emails["status"].to_list() == ["2", "3", "3", "5"]
        assert emails["is_bounced"].to_list() == [False, False, False, False]
        assert emails["parent_id"].null_count() == 1  # the renewal is no case
        assert emails["message_date"][1] == datetime(2025, 1, 14, 10, 14, 59, tzinfo=UTC)
        assert emails["message_date"][3] is None
        assert emails["is_deleted"].to_list() == [False, False, False, True]
        # Every column is known, and no cell but those that are declared went into the lake.
        assert account is not None
        assert (account.unknown_columns, account.sealed_columns) == ((), ())
        assert emails["extras"].null_count() == 4
        told = emails.write_json()
        assert not [word for word in ("example", "charge", "Ruiz", "RE:", "CAHj") if word in told]

    def test_a_comment_keeps_who_wrote_it_for_whom_and_not_what_it_says(
        self, warehouse: TestWarehouse
    ) -> None:
        header = (SAMPLES / "salesforce" / "CaseComment.csv").read_text()
        agent, when = "0058a00000MNWtZAAX", "2025-01-14 10:01:00"
        case, later = "5008a00001CsE0aAAF", "2025-01-14 11:00:00"
        rows = [
            ("00a8a00000Cc00aAAB", "", case, "1", "We call 0555.\nSoon", agent, when, later, "0"),
            ("00a8a00000Cc00bAAB", "", case, "0", "He is angry", agent, when, when, "1"),
            ("00a8a00000Cc00cAAB", "", "000000000000000AAA", "1", "Lost", agent, when, when, "0"),
            *((f"00a8a00000Dd{at:03}AAB", "", case, "1", "", agent, when, when, "0")
              for at in range(50)),
        ]  # fmt: skip
        lines = [
            '"' + '","'.join((*cells[:7], cells[7], cells[7], agent, cells[8])) + '"\n'
            for cells in rows
        ]
        warehouse.deliver("salesforce", "CaseComment.csv", header + "".join(lines))
        account = warehouse.land("salesforce/case_comment")
        assert account is not None
        assert (account.read, account.accepted, account.rejected) == (53, 52, 1)
        assert warehouse.reasons("salesforce/case_comment") == [(4, "parent_id", "missing")]
        comments = warehouse.rows("salesforce/case_comment").head(2)
        assert comments["is_published"].to_list() == [True, False]
        assert comments["is_deleted"].to_list() == [False, True]
        assert comments["created_by_id"].to_list() == [agent, agent]
        assert comments["created_date"][0] == datetime(2025, 1, 14, 10, 1, tzinfo=UTC)
        assert comments["system_modstamp"][0] == datetime(2025, 1, 14, 11, tzinfo=UTC)
        assert "angry" not in comments.write_json()

    def test_shopify_lines_carry_their_order_and_nothing_else(
        self, warehouse: TestWarehouse
    ) -> None:
        name = "orders_export_1.csv"
        warehouse.deliver("shopify", name, SAMPLES / "shopify" / name)
        warehouse.land("shopify/orders")
        lines = warehouse.rows("shopify/orders")
        assert lines["line_number"].to_list() == [1, 2, 1, 1]
        assert lines["subtotal"].to_list() == [Decimal(59), Decimal(59), Decimal(25), Decimal(40)]
        assert lines["paid_at"].null_count() == 1  # the voided order's: the next one's isn't taken
        assert lines["created_at"][3] == datetime(2025, 1, 2, 12, 59, tzinfo=UTC)

    def test_no_address_reaches_the_lake(self, warehouse: TestWarehouse) -> None:
        for source in ("salesforce", "qualtrics", "shopify", "stripe"):
            for path in (SAMPLES / source).glob("*"):
                if path.suffix.casefold() in (".zip", ".csv") and "report" not in path.name:
                    warehouse.deliver(source, path.name, path)
        for name in ("contact", "user", "case"):
            warehouse.land(f"salesforce/{name}")
        for name in ("qualtrics/responses", "shopify/orders", "stripe/payments"):
            warehouse.land(name)
            assert "example.com" not in warehouse.rows(name).write_json()
        shared = {
            warehouse.rows("qualtrics/responses")["recipient_email_pseudonym"][0],
            warehouse.rows("shopify/orders")["email_pseudonym"][3],
            warehouse.rows("stripe/payments")["customer_email_pseudonym"][0],
            warehouse.rows("salesforce/contact")["email_pseudonym"][0],
        }
        assert len(shared) == 1  # the same person has the same pseudonym everywhere


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.integers(1, 5))
@settings(deadline=None)
def test_orders_that_cross_a_batch_keep_their_lines(sizes: list[int], batch: int) -> None:
    names, ids, first = [], [], []
    for order, size in enumerate(sizes):
        for line in range(size):
            names.append(f"#{order}")
            ids.append(f"{order}" if line == 0 else None)
            first.append(line + 1)
    frame = pl.DataFrame({"Name": names, "Id": ids}, schema={"Name": pl.String, "Id": pl.String})
    batches = [
        Rows(frame.slice(at, batch), pl.Series(range(at, min(at + batch, len(names)))), [])
        for at in range(0, len(names), batch)
    ]
    lines = pl.concat([rows.frame for rows in _lines(iter(batches), "Name", ["Id"], ["Id"])])
    assert lines["line_number"].to_list() == first
    assert lines["Id"].to_list() == [name[1:] for name in names]


def test_a_line_without_its_order_is_set_aside(warehouse: TestWarehouse) -> None:
    lines = (SAMPLES / "shopify" / "orders_export_1.csv").read_text().splitlines()
    orphan = lines[2].replace("#1003", "#2000")
    orders = [lines[3].replace("6097580687413", str(7_000_000_000_000 + n)) for n in range(60)]
    warehouse.deliver("shopify", "orders_export_1.csv", "\n".join([lines[0], *orders, orphan]))
    warehouse.land("shopify/orders")
    assert warehouse.reasons("shopify/orders") == [(62, "", "orphan_line")]


def test_an_order_without_its_name_is_told_to_lack_it(warehouse: TestWarehouse) -> None:
    lines = (SAMPLES / "shopify" / "orders_export_1.csv").read_text().splitlines()
    orders = [lines[3].replace("6097580687413", str(7_000_000_000_000 + n)) for n in range(60)]
    nameless = lines[3].replace("#1002", "", 1).replace("6097580687413", "8000000000000")
    warehouse.deliver("shopify", "orders_export_1.csv", "\n".join([lines[0], *orders, nameless]))
    warehouse.land("shopify/orders")
    assert warehouse.reasons("shopify/orders") == [(62, "name", "missing")]


def test_days_are_read_from_folder_names_alone(warehouse: TestWarehouse) -> None:
    for name in ("2025-02-10", "2025-01-31", "notes", "2025-02-30", "20250211", "2025-W07-3"):
        (warehouse.home.landing / "stripe" / name).mkdir(parents=True)
    assert landing.delivered_days(warehouse.home, "stripe") == [
        date(2025, 1, 31),
        date(2025, 2, 10),
    ]


def test_whatever_nothing_reads_is_named(warehouse: TestWarehouse) -> None:
    root = warehouse.home.landing
    warehouse.deliver("stripe", "subscriptions.csv", "id\n")
    warehouse.deliver("stripe", "more/notes.txt", "of no export")
    for stray in ("stripe/20250211/subscriptions.csv", "stripe/notes.txt", "Stripe/2025-02-10/a"):
        (root / stray).parent.mkdir(parents=True, exist_ok=True)
        (root / stray).write_text("id\n")
    (root / "a\nb").mkdir()
    (root / "stripe" / "2025-02-12").symlink_to(root / "stripe" / "2025-02-10")
    (root / ".DS_Store").write_text("nobody's")
    assert landing.unread(warehouse.home) == [
        "Stripe/",
        "a�b/",
        "stripe/2025-02-10/more/notes.txt",
        "stripe/2025-02-12/",
        "stripe/20250211/",
        "stripe/notes.txt",
    ]


def test_a_rejected_row_still_tells_that_its_record_is_there(warehouse: TestWarehouse) -> None:
    """Otherwise dbt would take a subscription with one bad cell for one that has gone."""
    rows = padded({"_recordId": "R_bad", "QID1": "11"}, {"_recordId": "", "QID1": "11"})
    warehouse.deliver("qualtrics", "Survey.csv", qualtrics(rows))
    warehouse.land("qualtrics/responses")
    assert warehouse.rejected("qualtrics/responses")["record_key"].to_list() == ["R_bad", None]


class TestReferenceLists:
    def test_a_score_has_a_scale_and_a_direction_and_a_comment_has_none(
        self, warehouse: TestWarehouse
    ) -> None:
        rows = (
            "typeform,Form,Anything else?,comment,,,,\n"
            "typeform,Form,Likely?,nps,,10,,true\n"
            "typeform,Form,Satisfied?,csat,1,5,,\n"
            "typeform,Form,Why?,comment,1,5,,\n"
        )
        warehouse.deliver("reference", "survey_questions.csv", QUESTIONS + rows)
        with pytest.raises(FileRefused, match=r"3 of 4 rows break the contract"):
            warehouse.land("reference/survey_questions")
        assert warehouse.reasons("reference/survey_questions") == [
            (3, "", "scale_has_a_range"),
            (4, "", "scale_has_a_direction"),
            (5, "", "scale_has_a_range"),
        ]

    def test_a_comment_is_held_to_no_scale_and_names_no_survey(
        self, warehouse: TestWarehouse
    ) -> None:
        warehouse.deliver(
            "reference",
            "survey_questions.csv",
            QUESTIONS
            + "qualtrics,Support,QID2,csat,1,5,,true\n"
            + "qualtrics,Support,QID4,comment,,,,\n"
            + "qualtrics,Support,QID9,comment,,,,\n",
        )
        warehouse.land("reference/survey_questions")
        rows = padded({"QID4": "Too slow"})
        warehouse.deliver("qualtrics", "Renamed.csv", qualtrics(rows, [*IMPORTS, "QID4"]))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert account.rejected == 0
        assert warehouse.rows("qualtrics/responses")["survey"].unique().to_list() == ["Support"]

    def test_a_themes_word_has_its_star_at_the_end_and_a_letter_before_it(
        self, warehouse: TestWarehouse
    ) -> None:
        patterns = ["price", "log in*", "¿dónde?", "24", "*", "ex*pensive", "*pensive", "…", ""]
        rows = "".join(f"theme {at},en,{each}\n" for at, each in enumerate(patterns))
        rows += "price,English,price\n,en,cheap\nprice,,cher\n"
        warehouse.deliver("reference", "theme_dictionary.csv", "theme,language,pattern\n" + rows)
        with pytest.raises(FileRefused, match="7 of 12 rows break the contract"):
            warehouse.land("reference/theme_dictionary")
        assert warehouse.reasons("reference/theme_dictionary") == [
            (6, "pattern", "wrong_form"),
            (7, "pattern", "wrong_form"),
            (8, "pattern", "wrong_form"),
            (9, "pattern", "wrong_form"),
            (10, "pattern", "missing"),
            (11, "language", "wrong_form"),
            (12, "theme", "missing"),
        ]
