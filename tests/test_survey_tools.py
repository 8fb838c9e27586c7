"""What becomes of the files of each survey tool, beside what `test_landing.py` holds for all."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pytest

from pipelines.exports.files import FileRefused
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


def answers(warehouse: TestWarehouse, name: str) -> list[dict[str, str]]:
    """The answers of each accepted response, by question."""
    return [
        {each["question_id"]: each["value"] for each in response}
        for response in warehouse.rows(name)["answers"].to_list()
    ]


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


def test_an_address_in_a_comment_stays_outside_and_the_comment_comes_in(
    warehouse: TestWarehouse,
) -> None:
    rows = [("1", "", "nps", "9", "Ask me@example.com or +57 601 555 0101!", "2025-01-16 09:11:40")]
    warehouse.deliver("delighted", "d.csv", as_csv(TestDelighted.HEADER, rows))
    warehouse.land("delighted/responses")
    (answered,) = answers(warehouse, "delighted/responses")
    assert answered["comment"] == "Ask [sealed] or[sealed]!"
