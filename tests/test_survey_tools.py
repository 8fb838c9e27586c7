"""What becomes of the files of each survey tool, beside what `test_landing.py` holds for all."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import polars as pl
import pytest

from pipelines.exports.files import FileRefused
from pipelines.exports.googleforms import _identified
from pipelines.exports.reading import Rows
from pipelines.lake import Account
from tests.conftest import SAMPLES, TestWarehouse

DECLARED = (
    "source,survey,question_id,metric,scale_min,scale_max,top_boxes,higher_is_better,choices\n"
)


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV file; cells are quoted where they must be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def declare(warehouse: TestWarehouse, *rows: str) -> None:
    """Land declared questions."""
    warehouse.deliver("reference", "survey_questions.csv", DECLARED + "\n".join(rows) + "\n")
    warehouse.land("reference/survey_questions")


def set_zone(warehouse: TestWarehouse, tool: str, zone: str) -> None:
    """Say in `sources.toml` in which zone a tool's times are."""
    (warehouse.home.path / "sources.toml").write_text(
        f'[{tool}]\ntime_zone = "{zone}"\ndate_order = "month_first"\n'
    )


def answers(warehouse: TestWarehouse, name: str) -> list[dict[str, str]]:
    """The answers of each accepted response, by question."""
    return [
        {each["question_id"]: each["value"] for each in response}
        for response in warehouse.rows(name)["answers"].to_list()
    ]


class TestQualtricsJson:
    NAME = "SV_abc123XYZ456def.json"
    CSV = "Support+CSAT+and+NPS_February+10%2C+2025_02.15.csv"

    def response(self, number: int, **values: object) -> dict[str, object]:
        instants = dict.fromkeys(("startDate", "endDate", "recordedDate"), "2025-01-16T09:10:05Z")
        good = instants | {"status": 0, "finished": 1, "QID1": 9, "QID1_NPS_GROUP": 3}
        return {"responseId": f"R_{number}", "values": good | values, "labels": {"QID1": "nine"}}

    def file(self, *responses: object) -> str:
        return json.dumps({"responses": responses})

    def test_the_sample_says_what_the_csv_says_of_the_same_response(
        self, make_warehouse: Callable[[str], TestWarehouse]
    ) -> None:
        found = []
        for name in (self.NAME, self.CSV):
            warehouse = make_warehouse(name)
            declare(warehouse, "qualtrics,Support,QID2,csat,1,5,,true,")
            warehouse.deliver("qualtrics", name, SAMPLES / "qualtrics" / name)
            account = warehouse.land("qualtrics/responses")
            assert account is not None
            found.append((account, warehouse.rows("qualtrics/responses")))
        (account, rows), (_, rows_of_csv) = found
        assert (account.read, account.accepted) == (1, 1)
        assert rows.filter(pl.col("response_id") == "R_2YPOQ602ER1jkf1").height == 1
        of_the_file = ("source_file", "source_row", "questions")
        same = rows_of_csv.filter(pl.col("response_id") == "R_2YPOQ602ER1jkf1")
        assert rows.drop(of_the_file).equals(same.drop(of_the_file))
        assert rows["survey"].to_list() == ["Support"]
        assert rows["start_date"][0] == datetime(2025, 1, 16, 9, 10, 5, tzinfo=UTC)
        assert rows["recorded_date"][0] == datetime(2025, 1, 16, 9, 11, 41, tzinfo=UTC)
        assert {"question_id": "QID4", "value": "1,3"} in rows["answers"][0].to_list()
        assert json.loads(rows["questions"][0])["QID1"] == {
            "text": None, "metric": "nps", "scale_min": 0, "scale_max": 10,
        }  # fmt: skip
        assert rows["extras"][0] == '{"Region":"LATAM"}'
        assert "Okafor" not in rows.write_json()
        assert "203.0.113" not in rows.write_json()

    def test_what_is_no_response_is_set_aside_and_a_test_left_out(
        self, warehouse: TestWarehouse
    ) -> None:
        (warehouse.home.path / "sources.toml").write_text("[qualtrics]\nbad_row_limit = 0.6\n")
        content = self.file(
            self.response(1),
            self.response(2, QID1=11),
            {"responseId": "R_3"},
            self.response(4, startDate="2025-01-16T09:10:05+01:00"),
            self.response(5, status=1),
            self.response(6, finished=0, QID1=-99),
            7,
        )
        warehouse.deliver("qualtrics", self.NAME, content)
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.read, account.accepted, account.rejected) == (7, 2, 4)
        assert account.excluded == {"preview": 1}
        assert warehouse.reasons("qualtrics/responses") == [
            (2, "QID1", "out_of_range"),
            (3, "", "unknown_shape"),
            (4, "start_date", "not_a_timestamp"),
            (7, "", "not_an_object"),
        ]
        rows = warehouse.rows("qualtrics/responses")
        assert rows["response_id"].to_list() == ["R_1", "R_6"]
        assert "QID1" not in answers(warehouse, "qualtrics/responses")[1]

    def test_no_responses_are_a_delivery_of_none(self, warehouse: TestWarehouse) -> None:
        warehouse.deliver("qualtrics", self.NAME, self.file())
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.read, account.accepted) == (0, 0)

    def test_a_file_that_breaks_off_is_refused(self, warehouse: TestWarehouse) -> None:
        warehouse.deliver("qualtrics", self.NAME, self.file(self.response(1))[:-3])
        with pytest.raises(FileRefused, match="breaks off at entry 1"):
            warehouse.land("qualtrics/responses")


class TestQualtricsOlderLayouts:
    """Files as Qualtrics wrote them before 2017, which people still keep."""

    LEGACY = (
        "V1,V2,V3,V4,V5,V6,V7,V8,V9,V10,Q1_NPS_GROUP,Q1,Q2,Effort,Region,LocationLatitude,\n"
        "ResponseID,ResponseSet,Name,ExternalDataReference,EmailAddress,IPAddress,Status,StartDate,"
        'EndDate,Finished,Group,Likely?,"Satisfied,\noverall?",How easy?,Region,LocationLatitude,\n'
    )
    ROWS = (
        "R_1,Default Response Set,Maya Okafor,0038a00003pQrSaAAK,me@example.com,203.0.113.9,0,"
        "2015-01-16 02:10:05,2015-01-16 02:11:40,1,3,9,4,6,LATAM,4.6097,\n"
        "R_2,Default Response Set,Anonymous,,,203.0.113.9,1,"
        "2015-01-16 02:10:05,2015-01-16 02:11:40,1,3,10,4,6,LATAM,4.6097,\n"
        "R_3,Default Response Set,Anonymous,,,203.0.113.9,0,"
        "2015-01-16 02:10:05,2015-01-16 02:11:40,0,,,,,,,\n"
    )

    @pytest.fixture(autouse=True)
    def zone(self, warehouse: TestWarehouse) -> None:
        (warehouse.home.path / "sources.toml").write_text(
            '[qualtrics]\ntime_zone = "America/Denver"\n'
        )

    def test_a_legacy_file_lands_with_two_header_rows(self, warehouse: TestWarehouse) -> None:
        declare(
            warehouse, "qualtrics,Old,Q2,csat,1,5,,true,", "qualtrics,Old,Effort,ces,1,7,,true,"
        )
        content = ("\ufeff" + self.LEGACY + self.ROWS).encode()
        warehouse.deliver("qualtrics", "Old.csv", content)
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.read, account.accepted, account.excluded) == (3, 2, {"preview": 1})
        assert (account.unknown_columns, account.sealed_columns) == (("Region",), ())
        assert answers(warehouse, "qualtrics/responses") == [
            {"Q1_NPS_GROUP": "3", "Q1": "9", "Q2": "4", "Effort": "6"}, {},
        ]  # fmt: skip
        row = warehouse.rows("qualtrics/responses").row(0, named=True)
        assert row["survey"] == "Old"
        assert json.loads(row["questions"])["Q1"] == {
            "text": "Likely?", "metric": "nps", "scale_min": 0, "scale_max": 10,
        }  # fmt: skip
        assert json.loads(row["questions"])["Q2"] == {"text": "Satisfied,\noverall?"}
        # 7 hours behind; it was recorded when it ended.
        assert row["start_date"] == datetime(2015, 1, 16, 9, 10, 5, tzinfo=UTC)
        assert row["end_date"] == datetime(2015, 1, 16, 9, 11, 40, tzinfo=UTC)
        assert row["recorded_date"] == row["end_date"]
        assert (row["status"], row["finished"]) == (0, True)
        assert row["external_data_reference"] == "0038a00003pQrSaAAK"
        assert len(row["recipient_email_pseudonym"]) == 32
        lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
        for told in (b"Okafor", b"example.com", b"203.0.113", b"4.6097"):
            assert told not in lake

    def test_a_legacy_file_counts_its_rows_behind_two_header_rows(
        self, warehouse: TestWarehouse
    ) -> None:
        (warehouse.home.path / "sources.toml").write_text(
            '[qualtrics]\ntime_zone = "America/Denver"\nbad_row_limit = 0.5\n'
        )
        text = self.LEGACY + self.ROWS.replace(",3,9,4,", ",3,11,4,")
        warehouse.deliver("qualtrics", "Old.csv", text)
        warehouse.land("qualtrics/responses")
        assert warehouse.reasons("qualtrics/responses") == [(3, "Q1", "out_of_range")]

    def test_a_legacy_file_without_responses_is_a_delivery_of_none(
        self, warehouse: TestWarehouse
    ) -> None:
        warehouse.deliver("qualtrics", "Old.csv", self.LEGACY)
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.read, account.accepted) == (0, 0)

    @pytest.mark.parametrize("stated", ["", ", 'timeZone': 'Pacific/Auckland'"])
    def test_the_third_header_row_may_be_written_as_python_writes_it(
        self, warehouse: TestWarehouse, stated: str
    ) -> None:
        imports = (
            "startDate", "endDate", "status", "finished", "recordedDate", "ResponseID",
            "panel-RecipientEmail", "panel-RecipientLastName", "ExternalDataReference",
            "QID1_NPS_GROUP", "QID1", "QID2-1",
        )  # fmt: skip
        third = [f"{{'ImportId': '{each}'{stated if 'Date' in each else ''}}}" for each in imports]
        moment = "2016-07-01 10:00:00"
        row = (moment, moment, "0", "1", moment, "R_1", "me@example.com", "Okafor", "x1", "3", "9")
        warehouse.deliver("qualtrics", "Beta.csv", as_csv(imports, [imports, third, (*row, "4")]))
        account = warehouse.land("qualtrics/responses")
        assert account is not None
        assert (account.accepted, account.unknown_columns) == (1, ())
        assert answers(warehouse, "qualtrics/responses") == [
            {"QID1_NPS_GROUP": "3", "QID1": "9", "QID2-1": "4"}
        ]
        landed = warehouse.rows("qualtrics/responses").row(0, named=True)
        # July: Denver is 6 hours behind, Auckland 12 ahead.
        expected = (
            datetime(2016, 6, 30, 22, tzinfo=UTC)
            if stated
            else datetime(2016, 7, 1, 16, tzinfo=UTC)
        )
        assert landed["end_date"] == expected
        assert len(landed["recipient_email_pseudonym"]) == 32
        assert landed["external_data_reference"] == "x1"


class TestDelighted:
    HEADER = ("Response ID", "Email", "Survey Type", "Score", "Comment", "Created At (UTC)")

    def file(self, *rows: tuple[str, str], header: Sequence[str] = HEADER, good: int = 100) -> str:
        """An export with good NPS rows before the given survey types and scores."""
        cells = [("nps", "9")] * good + list(rows)
        return as_csv(
            header,
            (
                (str(1000 + number), "", kind, score, "", "2025-01-16 09:11:40")
                for number, (kind, score) in enumerate(cells)
            ),
        )

    def test_the_sample_says_what_it_says(self, warehouse: TestWarehouse) -> None:
        name = "delighted-responses-2025-02-10.csv"
        warehouse.deliver("delighted", name, SAMPLES / "delighted" / name)
        warehouse.land("delighted/responses")
        rows = warehouse.rows("delighted/responses")
        assert rows["survey"].to_list() == ["nps", "csat", "nps", "ces"]
        assert answers(warehouse, "delighted/responses") == [
            {"score": "9", "comment": "Solved quickly"},
            {"score": "2"},
            {"score": "7", "comment": "ok, I guess"},
            {"score": "2", "comment": "Tuve que llamar tres veces"},
        ]
        assert rows["created_at"][0] == datetime(2025, 1, 16, 9, 11, 40, tzinfo=UTC)
        assert rows["external_reference"][3] == "0038a00003pQrSbAAK"
        assert rows["channel"].to_list() == ["Email", "Email", "Link", "Email"]
        assert json.loads(rows["questions"][3])["score"] == {
            "text": "ces score", "metric": "ces", "scale_min": 1, "scale_max": 5,
        }  # fmt: skip
        assert "Okafor" not in rows.write_json()

    def test_the_sample_of_the_api_says_what_the_csv_says_of_the_same_responses(
        self, make_warehouse: Callable[[str], TestWarehouse]
    ) -> None:
        found = []
        for name in ("survey_responses.json", "delighted-responses-2025-02-10.csv"):
            warehouse = make_warehouse(name)
            warehouse.deliver("delighted", name, SAMPLES / "delighted" / name)
            account = warehouse.land("delighted/responses")
            assert account is not None
            rows = warehouse.rows("delighted/responses")
            found.append((account, rows, answers(warehouse, "delighted/responses")))
        (account, rows, said), (_, rows_of_csv, said_in_csv) = found
        assert (account.read, account.accepted, account.rejected) == (2, 2, 0)
        # The second response has a person's id alone, so that nobody's address is known.
        same = [
            name for name in rows.columns if name not in ("source_file", "source_row", "extras")
        ]
        whole, other = rows.select(same).rows(named=True)
        csv_whole, csv_other = rows_of_csv.select(same).rows(named=True)[:2]
        assert whole == csv_whole
        sent = {"email_pseudonym": None, "external_reference": None, "channel": None}
        assert other == csv_other | sent
        assert said == said_in_csv[:2] == [
            {"score": "9", "comment": "Solved quickly"}, {"score": "2"},
        ]  # fmt: skip
        assert rows["updated_at"][0] == datetime(2025, 1, 16, 9, 12, 40, tzinfo=UTC)
        assert json.loads(rows["extras"][0]) == {
            "Region": "LATAM", "Which channels did you use?": "Email,Chat",
        }  # fmt: skip
        assert "Okafor" not in rows.write_json()
        assert "ben.cole" not in rows.write_json()

    def test_a_response_that_is_none_is_set_aside_by_its_place_in_the_list(
        self, warehouse: TestWarehouse
    ) -> None:
        def one(number: int, **fields: object) -> dict[str, object]:
            good = {"id": str(number), "survey_type": "nps", "score": 9, "created_at": 1737018700}
            return good | fields

        (warehouse.home.path / "sources.toml").write_text("[delighted]\nbad_row_limit = 0.5\n")
        properties = {"Email": "Work", "Customer ID": "0038a"}
        responses = [
            one(1, person_properties=properties, person={"id": "7", "email": "me@example.com"}),
            "no response",
            one(3, score=11),
            one(4, created_at="yesterday"),
            one(5, additional_answers=[{"value": 1}]),
            one(6, person_properties=["Email"]),
            one(7),
            one(8),
            one(9),
            one(10, score=None, comment="none"),
        ]
        warehouse.deliver("delighted", "d.json", json.dumps(responses))
        account = warehouse.land("delighted/responses")
        assert account is not None
        assert (account.read, account.accepted, account.rejected) == (10, 5, 5)
        assert warehouse.reasons("delighted/responses") == [
            (2, "", "not_an_object"),
            (3, "nps score", "out_of_range"),
            (4, "created_at", "not_a_timestamp"),
            (5, "", "unknown_shape"),
            (6, "", "unknown_shape"),
        ]
        rows = warehouse.rows("delighted/responses")
        assert rows["source_row"].to_list() == [1, 7, 8, 9, 10]
        assert len(rows["email_pseudonym"][0]) == 32
        assert rows["external_reference"][0] == "0038a"

    def test_no_responses_are_a_delivery_of_none(self, warehouse: TestWarehouse) -> None:
        warehouse.deliver("delighted", "d.json", "[]")
        account = warehouse.land("delighted/responses")
        assert account is not None
        assert (account.read, account.accepted) == (0, 0)

    def test_each_survey_type_is_held_to_its_own_scale(self, warehouse: TestWarehouse) -> None:
        rows = [("nps", "11"), ("csat", "6"), ("CSAT", "5"), ("csat", "0"), ("ces", "x")]
        # nobody has said what a star is worth, so that any number of them is as good
        text = self.file(*rows, ("nps", "0"), ("stars", "6"), ("enps", "10"), good=300)
        warehouse.deliver("delighted", "d.csv", text)
        warehouse.land("delighted/responses")
        assert warehouse.reasons("delighted/responses") == [
            (302, "nps score", "out_of_range"),
            (303, "csat score", "out_of_range"),
            (305, "csat score", "out_of_range"),
            (306, "ces score", "not_a_whole_number"),
        ]
        landed = warehouse.rows("delighted/responses")
        assert landed["survey"].to_list()[300:] == ["csat", "nps", "stars", "enps"]
        assert [each["score"] for each in answers(warehouse, "delighted/responses")[300:]] == [
            "5", "0", "6", "10",
        ]  # fmt: skip
        assert "metric" not in json.loads(landed["questions"][302])["score"]

    def test_a_declared_scale_counts_more_than_the_vendors(self, warehouse: TestWarehouse) -> None:
        declare(
            warehouse,
            "delighted,csat,score,csat,1,7,6;7,true,",
            "delighted,stars,score,csat,1,5,,true,",
        )
        text = self.file(("csat", "6"), ("stars", "6"))
        warehouse.deliver("delighted", "d.csv", text)
        warehouse.land("delighted/responses")
        assert warehouse.reasons("delighted/responses") == [(103, "stars score", "out_of_range")]

    def test_a_changed_answer_replaces_the_first_one(self, warehouse: TestWarehouse) -> None:
        header = (*self.HEADER, "Updated At (UTC)")
        changed = ("7", "", "nps", "2", "", "2025-01-16 09:11:40", "2025-01-17 10:00:00")
        first = ("7", "", "nps", "9", "", "2025-01-16 09:11:40", "")
        warehouse.deliver("delighted", "d.csv", as_csv(header, [changed, first]))
        account = warehouse.land("delighted/responses")
        assert account is not None
        assert (account.accepted, account.duplicates, account.conflicts) == (1, 1, 0)
        assert answers(warehouse, "delighted/responses") == [{"score": "2"}]

    def test_times_of_no_stated_zone_ask_for_it(self, warehouse: TestWarehouse) -> None:
        header = [label.replace(" (UTC)", "") for label in self.HEADER]
        warehouse.deliver("delighted", "d.csv", self.file(header=header))
        with pytest.raises(FileRefused, match=r"Set time_zone under \[delighted\]"):
            warehouse.land("delighted/responses")


class TestTypeform:
    HEADER = (
        "#", "How likely?", "Email", "Other", "Other", "What is your first name?", "customer_id",
        "Response Type", "Start Date (UTC)", "Submit Date (UTC)",
    )  # fmt: skip

    def row(self, **cells: str) -> dict[str, str]:
        good = {
            "How likely?": "9",
            "Response Type": "completed",
            "Start Date (UTC)": "2025-01-16 09:10:05",
            "Submit Date (UTC)": "2025-01-16 09:11:40",
        }
        return good | cells

    def file(self, *rows: dict[str, str], header: Sequence[str] = HEADER) -> str:
        return as_csv(
            header,
            (
                [({"#": f"token{number}"} | row).get(label, "") for label in header]
                for number, row in enumerate(rows)
            ),
        )

    def test_the_sample_says_what_it_says(self, warehouse: TestWarehouse) -> None:
        name = "responses-KoPTjofd-01JKQ8ZP6R7W3T2X-T1GGTIDL.csv"
        warehouse.deliver("typeform", name, SAMPLES / "typeform" / name)
        warehouse.land("typeform/responses")
        rows = warehouse.rows("typeform/responses")
        assert rows["survey"].to_list() == ["KoPTjofd"] * 2
        recommend = (
            "how likely are you to recommend {{field:6c1f0b2e-1111-4c5a-9f3e-aaaaaaaaaaaa}} "
            "to a friend?"
        )
        assert answers(warehouse, "typeform/responses") == [
            {
                recommend: "9",
                "what is the main reason for your score?": "Fast answer",
                "email": "Email",
                "chat": "Chat",
                "how satisfied are you with our support?": "4",
            },
            {
                recommend: "3",
                "what is the main reason for your score?": '"Access denied", still',
                "email": "Email",
                "other": "WhatsApp",
                "how satisfied are you with our support?": "2",
            },
        ]
        assert rows["submitted_at"][1] == datetime(2025, 1, 23, 12, 4, 10, tzinfo=UTC)
        assert rows["external_reference"].to_list() == ["0038a00003pQrSaAAK", "0038a00003pQrScAAK"]
        assert rows["email_pseudonym"].null_count() == 2  # the choice "Email" is no address

    def test_a_declared_text_finds_its_survey_and_is_held_to_its_scale(
        self, warehouse: TestWarehouse
    ) -> None:
        declare(warehouse, "typeform,Loyalty,HOW  likely? *,nps,0,10,,true,")
        rows = [self.row() for _ in range(100)]
        text = self.file(*rows, self.row(**{"How likely?": "11"}))
        warehouse.deliver("typeform", "responses-abc-1.csv", text)
        warehouse.land("typeform/responses")
        assert warehouse.rows("typeform/responses")["survey"].unique().to_list() == ["Loyalty"]
        assert warehouse.reasons("typeform/responses") == [(102, "HOW  likely? *", "out_of_range")]
        assert answers(warehouse, "typeform/responses")[0] == {"HOW  likely? *": "9"}

    def test_questions_of_one_text_are_told_apart_and_names_are_not_kept(
        self, warehouse: TestWarehouse
    ) -> None:
        header = list(self.HEADER)
        cells = ["t", "9", "me@example.com", "one", "two", "Maya", "'0038a", "completed"]
        dates = ["2025-01-16 09:10:05", "2025-01-16 09:11:40"]
        warehouse.deliver("typeform", "f.csv", as_csv(header, [[*cells, *dates]]))
        account = warehouse.land("typeform/responses")
        assert account is not None
        assert account.sealed_columns == ("What is your first name?",)
        assert answers(warehouse, "typeform/responses") == [
            {"how likely?": "9", "email": "[sealed]", "other": "one", "other__2": "two"}
        ]
        row = warehouse.rows("typeform/responses").row(0, named=True)
        assert row["external_reference"] == "0038a"
        assert len(row["email_pseudonym"]) == 32
        assert "Maya" not in str(row)

    def test_what_was_not_sent_is_left_out_by_name(self, warehouse: TestWarehouse) -> None:
        kinds = ("completed", "partial", "started")
        rows = [
            self.row(
                **{
                    "Response Type": kind,
                    "Submit Date (UTC)": "2025-01-16 09:11:40" if kind == "completed" else "",
                }
            )
            for kind in kinds
        ]
        warehouse.deliver("typeform", "f.csv", self.file(*rows))
        account = warehouse.land("typeform/responses")
        assert account is not None
        assert account.excluded == {"partial": 1, "started": 1}
        assert (account.accepted, account.rejected) == (1, 0)

    def test_an_older_file_without_response_types_lands(self, warehouse: TestWarehouse) -> None:
        header = [label for label in self.HEADER if label != "Response Type"]
        warehouse.deliver("typeform", "f.csv", self.file(self.row(), header=header))
        account = warehouse.land("typeform/responses")
        assert account is not None
        assert account.accepted == 1
        assert "response_type" in account.absent_columns


class TestTypeformJson:
    NAME = "responses_api.json"

    def answer(self, ref: str, kind: str, given: object, type_: str = "") -> dict[str, object]:
        return {"type": kind, kind: given, "field": {"id": f"id-{ref}", "ref": ref, "type": type_}}

    def response(self, number: int, *answers: object, **fields: object) -> dict[str, object]:
        good = {
            "token": f"token{number}",
            "landed_at": "2025-01-16T09:10:05Z",
            "submitted_at": "2025-01-16T09:11:40.25Z",
            "answers": answers,
        }
        return good | fields

    def land(self, warehouse: TestWarehouse, *items: object, name: str = NAME) -> Account:
        warehouse.deliver("typeform", name, json.dumps({"items": items}))
        account = warehouse.land("typeform/responses")
        assert account is not None
        return account

    def test_the_sample_says_what_the_csv_says_of_the_same_responses(
        self, make_warehouse: Callable[[str], TestWarehouse]
    ) -> None:
        found = []
        for name in (self.NAME, "responses-KoPTjofd-01JKQ8ZP6R7W3T2X-T1GGTIDL.csv"):
            warehouse = make_warehouse(name)
            warehouse.deliver("typeform", name, SAMPLES / "typeform" / name)
            account = warehouse.land("typeform/responses")
            assert account is not None
            found.append((account, warehouse.rows("typeform/responses")))
            said = answers(make_warehouse(self.NAME), "typeform/responses")
        (account, rows), (_, rows_of_csv) = found
        assert (account.read, account.accepted, account.excluded) == (2, 1, {"partial": 1})
        assert (account.unknown_columns, account.sealed_columns) == ((), ())
        asked = ("survey", "answers", "questions", "source_file", "source_row")
        assert rows.drop(asked).equals(rows_of_csv.head(1).drop(asked))
        assert said == [{"nps": "9", "csat": "4", "channels": "Email, Chat", "why": "Fast answer"}]
        assert json.loads(rows["questions"][0])["nps"] == {
            "text": None, "metric": "nps", "scale_min": 0, "scale_max": 10,
        }  # fmt: skip
        assert rows["submitted_at"][0] == datetime(2025, 1, 16, 9, 11, 40, tzinfo=UTC)

    def test_an_answer_is_the_csvs_and_who_somebody_is_stays_outside(
        self, warehouse: TestWarehouse
    ) -> None:
        declare(warehouse, "typeform,Form,why,comment,,,,,", "typeform,Form,easy,ces,1,5,,true,")
        item = self.response(
            1,
            self.answer("mail", "email", "Me@Example.com", "email"),
            self.answer("other mail", "email", "you@example.com", "email"),
            self.answer("phone", "phone_number", "0555 0100", "phone_number"),
            self.answer("who", "text", "Maya Okafor", "short_text"),
            self.answer("born", "date", "1980-02-01", "date"),
            self.answer("why", "text", "Call me: me@example.com", "short_text"),
            self.answer("easy", "number", 4, "opinion_scale"),
            self.answer("again", "boolean", False, "yes_no"),
            self.answer("where", "choice", {"label": "Shop"}, "dropdown"),
            self.answer("how", "choices", {"labels": ["Chat"], "other": "Fax"}, "multiple_choice"),
            hidden={"contact_id": "0038a", "region": "LATAM"},
        )
        account = self.land(warehouse, item)
        assert account.sealed_columns == (
            "answers.id-other mail", "answers.id-phone", "answers.id-who", "answers.id-born",
        )  # fmt: skip
        assert answers(warehouse, "typeform/responses") == [
            {"why": "Call me: [sealed]", "easy": "4", "again": "0", "where": "Shop",
             "how": "Chat, Fax"}
        ]  # fmt: skip
        row = warehouse.rows("typeform/responses").row(0, named=True)
        assert (row["survey"], row["external_reference"]) == ("Form", "0038a")
        assert len(row["email_pseudonym"]) == 32
        assert json.loads(row["extras"]) == {"region": "LATAM"}
        lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
        for told in (b"Maya", b"xample.com", b"0100", b"1980"):
            assert told not in lake

    def test_what_is_no_response_is_set_aside_by_its_place_in_the_list(
        self, warehouse: TestWarehouse
    ) -> None:
        (warehouse.home.path / "sources.toml").write_text("[typeform]\nbad_row_limit = 0.9\n")
        nine, eleven = (self.answer("nps", "number", each, "nps") for each in (9, 11))
        account = self.land(
            warehouse,
            self.response(1, nine),
            self.response(2, eleven),
            self.response(3, nine, nine),
            self.response(4, {"type": "number", "number": 9}),
            self.response(5, submitted_at="0001-01-01T00:00:00Z"),
            self.response(6, submitted_at="0001-01-01T00:00:00Z", response_type="started"),
            self.response(7, landed_at="2025-01-16T09:10:05+01:00"),
            {},
            "eight",
            {"form_response": "ten"},
        )
        assert (account.read, account.accepted, account.rejected) == (10, 1, 8)
        assert account.excluded == {"started": 1}
        assert warehouse.reasons("typeform/responses") == [
            (2, "nps", "out_of_range"),
            (3, "", "repeated_field"),
            (4, "", "unknown_shape"),
            (5, "submitted_at", "missing"),
            (7, "started_at", "not_a_timestamp"),
            (8, "response_id", "missing"),
            (8, "started_at", "missing"),
            (8, "submitted_at", "missing"),
            (9, "", "not_an_object"),
            (10, "", "unknown_shape"),
        ]

    def event(self, number: int, form: str, title: str) -> dict[str, object]:
        fields = [{"id": "g", "properties": {"fields": [{"id": "id-nps", "title": title}]}}]
        asked = self.response(number, self.answer("nps", "number", number, "nps"))
        definition = {"definition": {"fields": fields}, "form_id": form}
        return {"event_id": "e", "event_type": "form_response", "form_response": asked | definition}

    def test_events_of_a_webhook_say_which_form_and_what_was_asked(
        self, warehouse: TestWarehouse
    ) -> None:
        events = [self.event(each, "KoPTjofd", "Likely?") for each in (7, 8)]
        warehouse.deliver("typeform", "events.json", json.dumps(events))
        account = warehouse.land("typeform/responses")
        assert account is not None
        assert (account.accepted, account.unknown_columns) == (2, ())
        assert answers(warehouse, "typeform/responses") == [{"nps": "7"}, {"nps": "8"}]
        row = warehouse.rows("typeform/responses").row(0, named=True)
        assert row["survey"] == "KoPTjofd"
        assert json.loads(row["questions"])["nps"]["text"] == "Likely?"

    def test_events_of_two_forms_are_no_one_survey(self, warehouse: TestWarehouse) -> None:
        events = [self.event(7, "one", "Likely?"), self.event(8, "two", "Likely?")]
        warehouse.deliver("typeform", "events.json", json.dumps(events))
        with pytest.raises(FileRefused, match=r"2 forms \(one, two\). Deliver a file for each"):
            warehouse.land("typeform/responses")

    def test_no_responses_are_a_delivery_of_none(self, warehouse: TestWarehouse) -> None:
        assert self.land(warehouse).read == 0


class TestSurveymonkey:
    META = ("Respondent ID", "Start Date", "End Date")
    TIMES = ("01/16/2025 09:10:05 AM", "01/16/2025 09:11:40 AM")

    def file(
        self,
        columns: Sequence[tuple[str, str]],
        rows: Iterable[Sequence[str]],
        meta: Sequence[str] = META,
    ) -> str:
        """An export with the given question columns, each by its cells of header rows 1 and 2."""
        first, second = zip(*((label, "") for label in meta), *columns, strict=True)
        cells = ([str(1000 + number), *self.TIMES, *row] for number, row in enumerate(rows))
        return as_csv(first, [second, *cells])

    @pytest.fixture(autouse=True)
    def zone(self, warehouse: TestWarehouse) -> None:
        set_zone(warehouse, "surveymonkey", "America/Denver")

    def land(self, warehouse: TestWarehouse, content: str | bytes) -> list[dict[str, str]]:
        warehouse.deliver("surveymonkey", "Support.csv", content)
        warehouse.land("surveymonkey/responses")
        return answers(warehouse, "surveymonkey/responses")

    def test_the_sample_lands_with_its_counts_and_says_what_it_says(
        self, warehouse: TestWarehouse
    ) -> None:
        declare(
            warehouse,
            "surveymonkey,Support,"
            "how likely is it that you would recommend us to a friend or colleague?,"
            "nps,0,10,,true,",
        )
        name = "Support survey.csv"
        warehouse.deliver("surveymonkey", name, SAMPLES / "surveymonkey" / name)
        account = warehouse.land("surveymonkey/responses")
        assert account is not None
        assert (account.read, account.accepted) == (4, 4)
        rows = warehouse.rows("surveymonkey/responses")
        assert rows["survey"].unique().to_list() == ["Support"]
        recommend, channels = (
            "how likely is it that you would recommend us to a friend or colleague?",
            "which channels did you use? (select all that apply)",
        )
        found = answers(warehouse, "surveymonkey/responses")
        assert found[0] == {
            recommend: "9",
            "overall, how satisfied are you with our support?": "Satisfied",
            f"{channels} - email": "Email",
            f"{channels} - chat": "Chat",
            "how easy was it to resolve your issue?": "Easy",
            "do you have any other comments?": "Solved quickly",
        }
        assert found[1][f"{channels} - other (please specify)"] == "WhatsApp"
        assert [each[recommend] for each in found] == ["9", "3", "0", "10"]
        # nine in the morning in Denver
        assert rows["started_at"][0] == datetime(2025, 1, 16, 16, 10, 5, tzinfo=UTC)
        assert rows["external_reference"].to_list()[:2] == [
            "0038a00003pQrSaAAK", "0038a00003pQrScAAK",
        ]  # fmt: skip
        assert "Okafor" not in rows.write_json()
        assert "203.0.113" not in rows.write_json()

    def test_condensed_and_expanded_columns_give_the_same_answers(
        self, make_warehouse: Callable[[str], TestWarehouse]
    ) -> None:
        said = [("Not at all likely - 0", "Good"), ("5", "Bad"), ("Extremely likely - 10", "")]
        points = ["Not at all likely - 0", *map(str, range(1, 10)), "Extremely likely - 10"]
        condensed = self.file([("Likely?", "Response"), ("Satisfied?", "Response")], said)
        expanded = self.file(
            [
                *((("Likely?" if at == 0 else ""), point) for at, point in enumerate(points)),
                ("Satisfied?", "Good"),
                ("", "Bad"),
            ],
            (
                [each if each == likely else "" for each in points]
                + [each if each == satisfied else "" for each in ("Good", "Bad")]
                for likely, satisfied in said
            ),
        )
        found = []
        for name, content in (("condensed", condensed), ("expanded", expanded)):
            warehouse = make_warehouse(name)
            set_zone(warehouse, "surveymonkey", "America/Denver")
            declare(
                warehouse,
                "surveymonkey,S,likely?,nps,0,10,,true,",
                "surveymonkey,S,satisfied?,csat,1,2,,true,Good=2;Bad=1",
            )
            found.append(self.land(warehouse, content))
        assert found[0] == found[1]
        assert found[0] == [
            {"likely?": "0", "satisfied?": "Good"},
            {"likely?": "5", "satisfied?": "Bad"},
            {"likely?": "10"},
        ]

    def test_a_scale_is_one_question_before_anybody_has_declared_it(
        self, warehouse: TestWarehouse
    ) -> None:
        columns = [("Likely?", "1"), ("", "2"), ("Tools", "Axe"), ("", "Saw")]
        rows = [("1", "", "Axe", ""), ("", "2", "Axe", "Saw")]
        assert self.land(warehouse, self.file(columns, rows)) == [
            {"likely?": "1", "tools - axe": "Axe"},
            {"likely?": "2", "tools - axe": "Axe", "tools - saw": "Saw"},
        ]

    def test_two_answers_to_one_rating_are_no_score(self, warehouse: TestWarehouse) -> None:
        declare(warehouse, "surveymonkey,S,likely?,nps,0,10,,true,")
        rows = [("1", "")] * 100 + [("1", "2")]
        self.land(warehouse, self.file([("Likely?", "1"), ("", "2")], rows))
        assert warehouse.reasons("surveymonkey/responses") == [
            (103, "likely?", "not_a_whole_number")
        ]

    def test_a_file_that_windows_saved_keeps_its_letters_and_a_header_loses_its_markup(
        self, warehouse: TestWarehouse
    ) -> None:
        text = self.file([("What’s <br>missing?", "Open-Ended Response")], [("Größe – “XL”",)])
        assert self.land(warehouse, text.encode("cp1252")) == [{"what's missing?": "Größe – “XL”"}]
        # no character in Windows' set; then every byte is one of Latin-1's
        assert self.land(warehouse, text.encode("cp1252").replace(b"XL", b"\x81"))

    def test_a_number_that_a_spreadsheet_rounded_is_no_id(self, warehouse: TestWarehouse) -> None:
        text = self.file([("Likely?", "Response")], [("1",)] * 100)
        damaged = text.replace("\n1050,", "\n1.18711E+11,")
        self.land(warehouse, damaged)
        assert warehouse.reasons("surveymonkey/responses") == [(53, "response_id", "wrong_form")]

    def test_a_file_without_its_second_header_row_is_refused(
        self, warehouse: TestWarehouse
    ) -> None:
        text = self.file([("Likely?", "Response")], [("1",), ("2",)])
        first, _, *rest = text.splitlines()
        with pytest.raises(FileRefused, match="second row is a response"):
            self.land(warehouse, "\n".join([first, *rest]))

    def test_a_file_without_a_declared_zone_is_refused_naming_the_setting(
        self, warehouse: TestWarehouse
    ) -> None:
        (warehouse.home.path / "sources.toml").unlink()
        with pytest.raises(FileRefused, match=r"Set time_zone under \[surveymonkey\] in sources"):
            self.land(warehouse, self.file([("Likely?", "Response")], [("1",)]))


class TestGoogleForms:
    @pytest.fixture(autouse=True)
    def zone(self, warehouse: TestWarehouse) -> None:
        set_zone(warehouse, "googleforms", "America/Denver")

    def land(self, warehouse: TestWarehouse, times: Iterable[str]) -> list[str | None]:
        rows = [(time, "9") for time in times]
        warehouse.deliver("googleforms", "Form.csv", as_csv(("Timestamp", "Likely?"), rows))
        warehouse.land("googleforms/responses")
        return warehouse.rows("googleforms/responses")["response_id"].to_list()

    def test_commas_at_the_end_of_the_header_ask_nothing(self, warehouse: TestWarehouse) -> None:
        rows = [("2025/01/16 2:11:40 AM MST", "9", "", "")]
        header = ("Timestamp", "Likely?", "", "")
        warehouse.deliver("googleforms", "Form.csv", as_csv(header, rows))
        account = warehouse.land("googleforms/responses")
        assert account is not None
        assert account.unknown_columns == ()
        (questions,) = warehouse.rows("googleforms/responses")["questions"]
        assert list(json.loads(questions)) == ["likely?"]

    def test_the_sample_lands_with_its_counts_and_says_what_it_says(
        self, warehouse: TestWarehouse
    ) -> None:
        name = "Support feedback.csv"
        warehouse.deliver("googleforms", name, SAMPLES / "googleforms" / name)
        account = warehouse.land("googleforms/responses")
        assert account is not None
        assert (account.read, account.accepted) == (3, 3)
        assert answers(warehouse, "googleforms/responses") == [
            {
                "how likely are you to recommend us?": "9",
                "which channels did you use?": "Email;Chat",
                "rate each [speed]": "5",
                "rate each [courtesy]": "5",
                "comments": "Solved quickly",
            },
            {
                "how likely are you to recommend us?": "3",
                "which channels did you use?": "Email;WhatsApp",
                "rate each [speed]": "1",
                "rate each [courtesy]": "3",
                "comments": 'Still "Access denied"',
            },
            {"how likely are you to recommend us?": "7"},
        ]
        rows = warehouse.rows("googleforms/responses")
        assert rows["submitted_at"][0] == datetime(2025, 1, 16, 9, 11, 40, tzinfo=UTC)
        assert rows["email_pseudonym"].null_count() == 1

    def test_responses_of_one_second_are_told_apart_in_every_delivery_alike(
        self, warehouse: TestWarehouse
    ) -> None:
        one, other = "2025/01/16 2:11:40 AM MST", "2025/01/16 2:11:41 AM MST"
        assert self.land(warehouse, [one, one, other]) == [
            f"Form|{one}|1", f"Form|{one}|2", f"Form|{other}|1",
        ]  # fmt: skip
        assert self.land(warehouse, [other, one]) == [f"Form|{other}|1", f"Form|{one}|1"]

    def test_they_are_told_apart_across_batches(self) -> None:
        batches = [["a", "b", "a"], ["a", "c"], ["b", None]]
        rows = (
            Rows(pl.DataFrame({"T": each}), pl.Series(range(len(each))), []) for each in batches
        )
        found = pl.concat([each.frame for each in _identified(rows, "T", "S")])["response_id"]
        assert found.to_list() == ["S|a|1", "S|b|1", "S|a|2", "S|a|3", "S|c|1", "S|b|2", None]

    @pytest.mark.parametrize(
        "time",
        [
            "2025/01/16 2:11:40 PM MST",
            "2025/01/16 2:11:40 PM GMT-7",
            "2025/01/16 2:11:40 PM",
            "2025/01/16 14:11:40",
            "1/16/2025 14:11:40",
        ],
    )
    def test_a_time_is_that_of_the_declared_zone_however_it_is_written(
        self, warehouse: TestWarehouse, time: str
    ) -> None:
        self.land(warehouse, [time])
        assert warehouse.rows("googleforms/responses")["submitted_at"].to_list() == [
            datetime(2025, 1, 16, 21, 11, 40, tzinfo=UTC)
        ]

    def test_a_response_without_a_time_is_set_aside(self, warehouse: TestWarehouse) -> None:
        self.land(warehouse, [f"2025/01/16 2:11:{at} AM MST" for at in range(10, 60)] * 2 + [""])
        assert {code for _, _, code in warehouse.reasons("googleforms/responses")} == {"missing"}

    def test_a_file_without_a_declared_zone_is_refused_naming_the_setting(
        self, warehouse: TestWarehouse
    ) -> None:
        (warehouse.home.path / "sources.toml").unlink()
        with pytest.raises(FileRefused, match=r"Set time_zone under \[googleforms\] in sources"):
            self.land(warehouse, ["2025/01/16 2:11:40 AM MST"])


class TestMicrosoftForms:
    HEADER = ("ID", "Start time", "Completion time", "Email", "Name", "Likely\nto return?\u00a0*")

    @pytest.fixture(autouse=True)
    def zone(self, warehouse: TestWarehouse) -> None:
        set_zone(warehouse, "msforms", "America/Denver")

    def land(
        self, warehouse: TestWarehouse, *rows: Sequence[str], name: str = "F(1-9).csv"
    ) -> None:
        warehouse.deliver("msforms", name, as_csv(self.HEADER, rows))
        warehouse.land("msforms/responses")

    def test_the_sample_lands_with_its_counts_and_says_what_it_says(
        self, warehouse: TestWarehouse
    ) -> None:
        name = "Support feedback(1-3).csv"
        warehouse.deliver("msforms", name, SAMPLES / "msforms" / name)
        account = warehouse.land("msforms/responses")
        assert account is not None
        assert (account.read, account.accepted) == (3, 3)
        rows = warehouse.rows("msforms/responses")
        assert rows["survey"].unique().to_list() == ["Support feedback"]
        assert answers(warehouse, "msforms/responses") == [
            {
                "how likely are you to recommend us?": "9",
                "which channels did you use?": "Email;Chat;",
                "comments": "Solved quickly",
            },
            {
                "how likely are you to recommend us?": "3",
                "which channels did you use?": "Email;WhatsApp;",
                "comments": 'Still "Access denied"',
            },
            {"how likely are you to recommend us?": "7"},
        ]
        assert rows["started_at"][0] == datetime(2025, 1, 16, 9, 10, 5, tzinfo=UTC)
        assert rows["email_pseudonym"].null_count() == 2  # anonymous is nobody's address
        assert "Okafor" not in rows.write_json()

    def test_a_number_given_again_after_clearing_is_another_response(
        self, warehouse: TestWarehouse
    ) -> None:
        first = ("1", "1/16/25 2:10:05", "1/16/25 2:11:40", "anonymous", "", "9")
        again = ("1", "2/16/25 2:10:05", "2/16/25 2:11:40", "anonymous", "", "3")
        self.land(warehouse, first, again, first)
        assert warehouse.rows("msforms/responses")["response_id"].to_list() == [
            "F|1|2025-02-16 02:10:05",
            "F|1|2025-01-16 02:10:05",
        ]
        assert answers(warehouse, "msforms/responses")[0] == {"likely to return?": "3"}

    def test_a_declared_question_is_found_through_line_ends_and_the_mark_of_a_required_one(
        self, warehouse: TestWarehouse
    ) -> None:
        declare(warehouse, "msforms,Support,Likely to return?,nps,0,10,,true,")
        rows = [
            (str(at), "1/16/25 2:10:05", "1/16/25 2:11:40", "", "", "9") for at in range(1, 101)
        ]
        self.land(warehouse, *rows, ("101", "1/16/25 2:10:05", "1/16/25 2:11:40", "", "", "12"))
        assert warehouse.rows("msforms/responses")["survey"][0] == "Support"
        (reason,) = warehouse.reasons("msforms/responses")
        assert reason[1:] == ("Likely to return?", "out_of_range")

    def test_whether_the_day_or_the_month_comes_first_is_declared_or_the_file_is_refused(
        self, warehouse: TestWarehouse
    ) -> None:
        row = ("1", "2/3/25 2:10:05", "2/3/25 2:11:40", "", "", "9")
        warehouse.deliver("msforms", "F.csv", as_csv(self.HEADER, [row]))
        settings = warehouse.home.path / "sources.toml"
        for order, month in (("month_first", 2), ("day_first", 3)):
            settings.write_text(f'[msforms]\ntime_zone = "UTC"\ndate_order = "{order}"\n')
            warehouse.land("msforms/responses")
            (completed,) = warehouse.rows("msforms/responses")["completed_at"]
            assert (completed.month, completed.day) == (month, 5 - month)
        settings.write_text('[msforms]\ntime_zone = "UTC"\n')
        with pytest.raises(FileRefused, match=r'Set date_order = "month_first" or "day_first"'):
            warehouse.land("msforms/responses")

    def test_dates_that_can_be_read_one_way_only_need_no_order(
        self, warehouse: TestWarehouse
    ) -> None:
        row = ("1", "2025-01-16 02:10:05", "2025-01-16 02:11:40", "", "", "9")
        warehouse.deliver("msforms", "F.csv", as_csv(self.HEADER, [row]))
        (warehouse.home.path / "sources.toml").write_text('[msforms]\ntime_zone = "UTC"\n')
        assert (account := warehouse.land("msforms/responses")) is not None
        assert account.accepted == 1

    def test_a_file_that_excel_saved_keeps_its_letters(self, warehouse: TestWarehouse) -> None:
        row = ("1", "1/16/25 2:10:05", "1/16/25 2:11:40", "", "", "Größe – “XL”")
        content = as_csv(self.HEADER, [row]).replace("\u00a0", " ").encode("cp1252")
        warehouse.deliver("msforms", "F.csv", content)
        warehouse.land("msforms/responses")
        assert answers(warehouse, "msforms/responses") == [{"likely to return?": "Größe – “XL”"}]

    def test_a_file_without_a_declared_zone_is_refused_naming_the_setting(
        self, warehouse: TestWarehouse
    ) -> None:
        (warehouse.home.path / "sources.toml").unlink()
        with pytest.raises(FileRefused, match=r"Set time_zone under \[msforms\] in sources"):
            self.land(warehouse, ("1", "1/16/25 2:10:05", "1/16/25 2:11:40", "", "", "9"))


class TestHotjar:
    HEADER = (
        "Number", "Date Submitted", "Source URL", "Hotjar User ID", "Response URL", "Likely?",
        "Tags for: Likely?",
    )  # fmt: skip

    @pytest.fixture(autouse=True)
    def zone(self, warehouse: TestWarehouse) -> None:
        set_zone(warehouse, "hotjar", "Europe/Berlin")

    def land(
        self, warehouse: TestWarehouse, *rows: Sequence[str], header: Sequence[str] = HEADER
    ) -> None:
        warehouse.deliver("hotjar", "H.csv", as_csv(header, rows))
        warehouse.land("hotjar/responses")

    def test_the_sample_lands_with_its_counts_and_says_what_it_says(
        self, warehouse: TestWarehouse
    ) -> None:
        name = "survey-1029384-2025-02-10.csv"
        warehouse.deliver("hotjar", name, SAMPLES / "hotjar" / name)
        account = warehouse.land("hotjar/responses")
        assert account is not None
        assert (account.read, account.accepted) == (4, 3)
        assert account.excluded == {"test_host": 1}  # staging.example.com
        recommend = "how likely are you to recommend us to a friend or colleague?"
        reason = "what is the reason for your score?"
        assert answers(warehouse, "hotjar/responses") == [
            {recommend: "9", reason: "Solved quickly"},
            {recommend: "3", reason: '"Access denied", again'},
            {recommend: "7"},
        ]
        rows = warehouse.rows("hotjar/responses")
        assert rows["survey"].unique().to_list() == ["1029384"]
        assert rows["submitted_at"][0] == datetime(2025, 1, 16, 8, 11, 40, tzinfo=UTC)
        assert rows["source_url"][1] == "https://www.example.com/login"
        assert rows["email_pseudonym"].null_count() == 1
        assert account.unknown_columns == ()

    def test_a_response_keeps_its_id_when_others_are_deleted(
        self, warehouse: TestWarehouse
    ) -> None:
        page, time = "https://www.example.com/", "2025-01-16 09:11:40"
        self.land(
            warehouse,
            ("2", time, page, "v1", "https://h/2", "9", ""),
            ("1", time, page, "v1", "https://h/2", "8", "edited"),
            ("1", time, page, "v1", "", "7", ""),
        )
        assert warehouse.rows("hotjar/responses")["response_id"].to_list() == [
            "https://h/2",
            f"v1|{time}",
        ]

    @pytest.mark.parametrize(
        ("host", "is_test"),
        [
            ("staging.example.com", True),
            ("dev-shop.example.com", True),
            ("localhost:3000", True),
            ("www.example.com", False),
            ("development.example.com", False),
            ("testing-grounds.example.com", False),
        ],
    )
    def test_answers_on_test_hosts_are_left_out_by_name(
        self, warehouse: TestWarehouse, host: str, is_test: bool
    ) -> None:
        page = f"https://{host}/pricing"
        self.land(warehouse, ("1", "2025-01-16 09:11:40", page, "v", "https://h/1", "9", ""))
        assert warehouse.rows("hotjar/responses").height == int(not is_test)

    @pytest.mark.parametrize("lacking", [("Date Submitted",), ("Response URL", "Hotjar User ID")])
    def test_another_file_is_refused(
        self, warehouse: TestWarehouse, lacking: Sequence[str]
    ) -> None:
        header = [label for label in self.HEADER if label not in lacking]
        with pytest.raises(FileRefused, match="no responses of a Hotjar survey"):
            self.land(warehouse, header=header)

    def test_a_file_without_a_declared_zone_is_refused_naming_the_setting(
        self, warehouse: TestWarehouse
    ) -> None:
        (warehouse.home.path / "sources.toml").unlink()
        with pytest.raises(FileRefused, match=r"Set time_zone under \[hotjar\] in sources"):
            self.land(warehouse)


def test_an_address_in_a_comment_stays_outside_and_the_comment_comes_in(
    warehouse: TestWarehouse,
) -> None:
    rows = [("1", "", "nps", "9", "Ask me@example.com or +57 601 555 0101!", "2025-01-16 09:11:40")]
    warehouse.deliver("delighted", "d.csv", as_csv(TestDelighted.HEADER, rows))
    warehouse.land("delighted/responses")
    (answered,) = answers(warehouse, "delighted/responses")
    assert answered["comment"] == "Ask [sealed] or [sealed]!"
