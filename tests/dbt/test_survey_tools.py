"""The same answers give the same numbers, whichever survey tool and format they came through.

Where a tool has several formats, each brings the answers of some of the people.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import openpyxl
import pytest
from scipy.stats import binomtest

from tests.conftest import TestWarehouse
from tests.dbt.conftest import BuildMarts

MARTS = ("survey_responses", "nps_monthly", "csat_monthly", "ces_monthly", "feedback_themes")

SURVEY, LEGACY, API = "Support feedback", "Legacy feedback", "Feedback by API"
RECOMMEND = "How likely are you to recommend us?"
SATISFIED = "How satisfied are you with our support?"
EASY = "How easy was it?"
COMMENT = "Anything else?"
SATISFACTION = ("Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied")
LABELS = ";".join(f"{label}={score}" for score, label in enumerate(SATISFACTION, start=1))


@dataclass(frozen=True)
class Respondent:
    """What one person said; NULL is an empty cell. Effort is on 1 (hard) to 5 (easy)."""

    number: int
    nps: int | None
    csat: int | None
    ces: int | None

    @property
    def email(self) -> str:
        return f"person{self.number}@example.com"

    @property
    def at(self) -> datetime:
        """UTC; each at a second of its own, in January and February."""
        return datetime(2025, 1, 1, 8, 0, 1) + self.number * timedelta(minutes=53, seconds=1)

    @property
    def comment(self) -> str:
        return {0: 'He said "wait",\nand I did', 4: "Too Expensive, no waiting"}.get(
            self.number % 9, ""
        )

    def cells(self) -> tuple[str, str, str]:
        return tuple("" if each is None else str(each) for each in (self.nps, self.csat, self.ces))  # type: ignore[return-value]


PEOPLE = [
    Respondent(
        number,
        nps=None if number % 10 == 0 else number * 7 % 11,
        csat=None if number % 7 == 0 else number * 3 % 5 + 1,
        ces=None if number % 17 == 0 else number % 5 + 1,
    )
    for number in range(1, 1001)
]


def as_csv(header: Sequence[Sequence[str]], rows: Iterable[Sequence[str]], end: str = "\n") -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([*header, *rows])
    return text.getvalue()


IN_TEXT, IN_OTHER = PEOPLE[::2], PEOPLE[1::2]


def qualtrics() -> dict[str, str | bytes]:
    """Today's CSV and JSON, the CSV of 2016, and the legacy one, which knows no QIDs."""
    today, in_json, of_2016, legacy = (PEOPLE[part::4] for part in range(4))
    imports = (
        "_recordId", "startDate", "endDate", "recordedDate", "status", "finished",
        "recipientEmail", "QID1_NPS_GROUP", "QID1", "QID2", "QID3", "QID4_TEXT",
    )  # fmt: skip
    texts = ["Likely to recommend?" if name == "QID1" else name for name in imports]

    def file(people: Sequence[Respondent], third: Sequence[str], zone: str) -> str:
        rows = (
            (
                f"R_{one.number}",
                *[f"{local(one.at, zone):%Y-%m-%d %H:%M:%S}"] * 3,
                *("0", "1", one.email, "", *one.cells(), one.comment),
            )
            for one in people
        )
        return as_csv([imports, texts, third], rows)

    dated = {"timeZone": "UTC"}
    third = [json.dumps({"ImportId": name} | (dated if "Date" in name else {})) for name in imports]
    renamed = {"_recordId": "ResponseID", "recipientEmail": "panel-RecipientEmail"}
    third_of_2016 = [str({"ImportId": renamed.get(name, name)}) for name in imports]
    responses = [
        {
            "responseId": f"R_{one.number}",
            "values": dict.fromkeys(
                ("startDate", "endDate", "recordedDate"), f"{one.at:%FT%T}.999Z"
            )
            | {"status": 0, "finished": 1, "recipientEmail": one.email, "QID1_NPS_GROUP": None}
            | {"QID1": one.nps, "QID2": one.csat, "QID3": one.ces, "QID4_TEXT": one.comment},
        }
        for one in in_json
    ]
    tags = [*(f"V{number}" for number in range(1, 11)), "Q1_NPS_GROUP", "Q1", "Q2", "Q3", "Q4", ""]
    legacy_texts = (
        "ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress", "IPAddress",
        "Status", "StartDate", "EndDate", "Finished",
        "Group", "Likely to recommend?", "Satisfied?", "Easy?", "Anything else?", "",
    )  # fmt: skip
    legacy_rows = (
        (
            *(f"R_{one.number}", "Default Response Set", "Zoë", "", one.email, "", "0"),
            *[f"{local(one.at, 'America/Denver'):%Y-%m-%d %H:%M:%S}"] * 2,
            *("1", "", *one.cells(), one.comment, ""),
        )
        for one in legacy
    )
    return {
        f"{SURVEY}.csv": file(today, third, "UTC"),
        "SV_1.json": json.dumps({"responses": responses}),
        "2016.csv": file(of_2016, third_of_2016, "America/Denver"),
        f"{LEGACY}.csv": as_csv([tags, legacy_texts], legacy_rows).encode("utf-8-sig"),
    }


def delighted() -> dict[str, str]:
    header = ("Response ID", "Email", "Survey Type", "Score", "Comment", "Created At (UTC)")
    rows = (
        (str(one.number * 10 + at), one.email, kind, score, one.comment, f"{one.at}")
        for one in IN_TEXT
        for at, (kind, score) in enumerate(zip(("nps", "csat", "ces"), one.cells(), strict=True))
        if score
    )
    responses = [
        {
            "id": str(one.number * 10 + at),
            "person": {"id": str(one.number), "email": one.email, "name": "Zoë"},
            "survey_type": kind,
            "score": score,
            "comment": one.comment or None,
            "created_at": int(one.at.replace(tzinfo=UTC).timestamp()),
            "updated_at": None,
            "person_properties": None,
        }
        for one in IN_OTHER
        for at, (kind, score) in enumerate(
            {"nps": one.nps, "csat": one.csat, "ces": one.ces}.items()
        )
        if score is not None
    ]
    return {
        "delighted-responses.csv": as_csv([header], rows),
        "survey_responses.json": json.dumps(responses, indent=2),
    }


def typeform() -> dict[str, str]:
    header = (
        "#", RECOMMEND, SATISFIED, EASY, COMMENT, "email", "Response Type", "Start Date (UTC)",
        "Submit Date (UTC)", "Tags",
    )  # fmt: skip
    rows = (
        (
            f"token{one.number}",
            *(*one.cells(), one.comment, one.email),
            *("completed", f"{one.at}", f"{one.at}", ""),
        )
        for one in IN_TEXT
    )

    def answers(one: Respondent) -> list[dict[str, object]]:
        given = (
            ("nps", "number", "nps", one.nps),
            ("rating", "number", "satisfied", one.csat),
            ("opinion_scale", "number", "easy", one.ces),
            ("long_text", "text", "why", one.comment or None),
            ("email", "email", "mail", one.email),
        )
        return [
            {"field": {"id": f"id {ref}", "ref": ref, "type": kind}, "type": holds, holds: said}
            for kind, holds, ref, said in given
            if said is not None
        ]

    items = [
        {
            "token": f"token{one.number}",
            "response_type": "completed",
            "landed_at": f"{one.at:%FT%TZ}",
            "submitted_at": f"{one.at:%FT%TZ}",
            "hidden": {},
            "answers": answers(one),
        }
        for one in IN_OTHER
    ]
    return {
        "responses-KoPTjofd-1-2.csv": as_csv([header], rows),
        f"{API}.json": json.dumps({"total_items": len(items), "items": items}),
    }


def local(at: datetime, zone: str) -> datetime:
    """What a clock in that zone shows."""
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))


def surveymonkey() -> dict[str, bytes]:
    """Condensed, and expanded to a column for each answer; a scale has words at its ends."""
    points = ["Not at all likely - 0", *map(str, range(1, 10)), "Extremely likely - 10"]
    meta = ("Respondent ID", "Start Date", "End Date", "Email Address", "First Name")
    condensed = (
        (*meta, RECOMMEND, SATISFIED, EASY, COMMENT),
        (*[""] * 5, "Response", "Response", "Response", "Open-Ended Response"),
    )
    expanded = (
        (*meta, RECOMMEND, *[""] * 10, SATISFIED, *[""] * 4, EASY, *[""] * 4, COMMENT),
        (*[""] * 5, *points, *SATISFACTION, *"12345", "Open-Ended Response"),
    )

    def row(one: Respondent, *said: str) -> tuple[str, ...]:
        times = [f"{local(one.at, 'America/Denver'):%m/%d/%Y %I:%M:%S %p}"] * 2
        return (str(118711220000 + one.number), *times, one.email, "Zoë", *said, one.comment)

    def given(one: Respondent) -> tuple[str, str, str]:
        recommend = "" if one.nps is None else points[one.nps]
        return recommend, "" if one.csat is None else SATISFACTION[one.csat - 1], one.cells()[2]

    def parted(one: Respondent) -> list[str]:
        options = zip((points, SATISFACTION, "12345"), given(one), strict=True)
        return [each if each == said else "" for of, said in options for each in of]

    return {
        f"{SURVEY}.csv": as_csv(condensed, (row(one, *given(one)) for one in IN_TEXT)).encode(
            "cp1252"
        ),
        f"{SURVEY} 2.csv": as_csv(expanded, (row(one, *parted(one)) for one in IN_OTHER)).encode(
            "cp1252"
        ),
    }


def googleforms() -> dict[str, str]:
    header = ("Timestamp", "Username", RECOMMEND, SATISFIED, EASY, COMMENT)
    rows = (
        (
            f"{local(one.at, 'America/New_York'):%Y/%m/%d %I:%M:%S %p} EST",
            *(one.email, *one.cells(), one.comment),
        )
        for one in PEOPLE
    )
    return {f"{SURVEY}.csv": as_csv([header], rows)}


def hotjar() -> dict[str, bytes]:
    asked = (RECOMMEND, SATISFIED, EASY, COMMENT)
    header = (
        *("Number", "Date Submitted", "Source URL", "Response URL", "email"),
        *(each for text in asked for each in (text, f"Tags for: {text}")),
    )
    rows = (
        (
            str(one.number),
            f"{local(one.at, 'Asia/Kolkata'):%Y-%m-%d %H:%M:%S}",
            "https://www.example.com/?q=1",
            f"https://insights.hotjar.com/s/1/responses/{one.number}",
            one.email,
            *(each for cell in (*one.cells(), one.comment) for each in (cell, "tag")),
        )
        for one in reversed(PEOPLE)
    )
    return {"survey-1029384-2025-02-10.csv": as_csv([header], rows).encode("utf-8-sig")}


def msforms() -> dict[str, bytes]:
    header = (
        "ID", "Start time", "Completion time", "Email", "Name",
        RECOMMEND, SATISFIED, EASY, COMMENT,
    )  # fmt: skip
    satisfied = {one.number: SATISFACTION[one.csat - 1] if one.csat else "" for one in PEOPLE}
    rows = (
        (
            str(one.number),
            *[f"{local(one.at, 'Europe/Berlin'):%m/%d/%y %H:%M:%S}"] * 2,
            *(one.email, "Zoë", one.cells()[0]),
            *(satisfied[one.number], one.cells()[2], one.comment),
        )
        for one in IN_TEXT
    )
    workbook = openpyxl.Workbook()
    workbook.active.append(header)
    for one in IN_OTHER:
        times = [local(one.at, "Europe/Berlin").replace(tzinfo=None)] * 2
        said = (one.nps, satisfied[one.number], one.ces, one.comment)
        workbook.active.append([one.number, *times, one.email, "Zoë", *said])
    content = io.BytesIO()
    workbook.save(content)
    return {
        f"{SURVEY}(1-{len(PEOPLE)}).csv": as_csv([header], rows, end="\r\n").encode("cp1252"),
        f"{SURVEY}(2-{len(PEOPLE)}).xlsx": content.getvalue(),
    }


TOOLS: dict[str, Callable[[], Mapping[str, str | bytes]]] = {
    "delighted": delighted,
    "googleforms": googleforms,
    "hotjar": hotjar,
    "msforms": msforms,
    "qualtrics": qualtrics,
    "surveymonkey": surveymonkey,
    "typeform": typeform,
}

SETTINGS = """\
[googleforms]
time_zone = "America/New_York"
[hotjar]
time_zone = "Asia/Kolkata"
[msforms]
time_zone = "Europe/Berlin"
date_order = "month_first"
[qualtrics]
time_zone = "America/Denver"
[surveymonkey]
time_zone = "America/Denver"
date_order = "month_first"
"""

BY_TEXT = ("googleforms", "hotjar", "msforms", "surveymonkey", "typeform")

DECLARED = f"""\
source,survey,question_id,metric,scale_min,scale_max,top_boxes,higher_is_better,choices
qualtrics,{SURVEY},QID2,csat,1,5,,true,
qualtrics,{SURVEY},QID3,ces,1,5,,true,
qualtrics,{LEGACY},Q2,csat,1,5,,true,
qualtrics,{LEGACY},Q3,ces,1,5,,true,
qualtrics,{LEGACY},Q4,comment,,,,,
typeform,{API},satisfied,csat,1,5,,true,
typeform,{API},easy,ces,1,5,,true,
typeform,{API},why,comment,,,,,
""" + "".join(
    f"{tool},{SURVEY},{RECOMMEND},nps,0,10,,true,\n"
    f"{tool},{SURVEY},{SATISFIED},csat,1,5,,true,{LABELS}\n"
    f"{tool},{SURVEY},{EASY},ces,1,5,,true,\n"
    f"{tool},{SURVEY},{COMMENT.upper()} ,comment,,,,,\n"
    for tool in BY_TEXT
)

THEMES = """\
theme,language,pattern
waiting,,wait
price,,expens*
price,es,caro
"""


@pytest.fixture(scope="module")
def built(
    build_marts: BuildMarts, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """All tools' files, landed, and the feedback marts built of them."""
    warehouse = TestWarehouse(tmp_path_factory.mktemp("surveys"))
    (warehouse.home.path / "sources.toml").write_text(SETTINGS)
    warehouse.deliver("reference", "survey_questions.csv", DECLARED)
    warehouse.land("reference/survey_questions")
    warehouse.deliver("reference", "theme_dictionary.csv", THEMES)
    warehouse.land("reference/theme_dictionary")
    for tool, write in TOOLS.items():
        for name, content in write().items():
            warehouse.deliver(tool, name, content)
        account = warehouse.land(f"{tool}/responses")
        assert account is not None, tool
        assert account.accepted == account.read, tool
    with duckdb.connect(str(build_marts(warehouse, *MARTS)), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("tool", TOOLS)
def test_each_tool_gives_the_bands_that_its_answers_have(
    built: duckdb.DuckDBPyConnection, tool: str
) -> None:
    expected: Counter[tuple[str, int, str]] = Counter()
    for one in PEOPLE:
        if one.nps is not None:
            group = "promoter" if one.nps > 8 else "passive" if one.nps > 6 else "detractor"
            expected["nps", one.nps, group] += 1
        if one.csat is not None:
            expected["csat", one.csat, "satisfied" if one.csat > 3 else "dissatisfied"] += 1
        if one.ces is not None:
            effort = "easy" if one.ces > 3 else "neutral" if one.ces == 3 else "hard"
            expected["ces", one.ces, effort] += 1
    found = built.execute(
        "select metric, score, band, count(*) from marts.survey_responses where source = ? "
        "group by all",
        [tool],
    ).fetchall()
    assert {(metric, score, band): count for metric, score, band, count in found} == expected


@pytest.mark.parametrize("tool", TOOLS)
def test_each_tool_gives_the_same_nps_csat_and_ces_in_the_same_months(
    built: duckdb.DuckDBPyConnection, tool: str
) -> None:
    for month in (1, 2):
        said = [one for one in PEOPLE if one.at.month == month]
        nps = [one.nps for one in said if one.nps is not None]
        csat = [one.csat for one in said if one.csat is not None]
        promoters, detractors = sum(each > 8 for each in nps), sum(each < 7 for each in nps)
        assert built.execute(
            "select response_count, promoter_count, detractor_count, nps from marts.nps_monthly "
            "where dimension = 'source' and dimension_value = ? and month(month) = ?",
            [tool, month],
        ).fetchone() == (
            len(nps), promoters, detractors,
            pytest.approx(100 * (promoters - detractors) / len(nps)),
        )  # fmt: skip
        satisfied = sum(each > 3 for each in csat)
        assert built.execute(
            "select response_count, satisfied_count, csat from marts.csat_monthly "
            "where dimension = 'source' and dimension_value = ? and month(month) = ?",
            [tool, month],
        ).fetchone() == (len(csat), satisfied, pytest.approx(satisfied / len(csat)))
        ces = [one.ces for one in said if one.ces is not None]
        easy, hard = sum(each > 3 for each in ces), sum(each < 3 for each in ces)
        assert built.execute(
            "select scale, response_count, easy_count, hard_count, ces from marts.ces_monthly "
            "where dimension = 'source' and dimension_value = ? and month(month) = ?",
            [tool, month],
        ).fetchall() == [("1-5", len(ces), easy, hard, pytest.approx(easy / len(ces)))]


@pytest.mark.parametrize("tool", TOOLS)
def test_each_tool_gives_the_same_themes_beside_the_same_scores(
    built: duckdb.DuckDBPyConnection, tool: str
) -> None:
    found = built.execute(
        "select metric, theme, count(*), count(*) filter (where is_mentioned) "
        "from marts.survey_responses inner join intermediate.int_comment_themes "
        "using (response_key) where source = ? group by all",
        [tool],
    ).fetchall()
    expected = set()
    for metric in ("nps", "csat", "ces"):
        scored = [one for one in PEOPLE if getattr(one, metric) is not None]
        waited, paid = (sum(one.number % 9 == rest for one in scored) for rest in (0, 4))
        expected |= {
            (metric, "waiting", waited + paid, waited),
            (metric, "price", waited + paid, paid),
        }
    assert set(found) == expected


def test_themes_of_a_month_are_those_of_all_tools(built: duckdb.DuckDBPyConnection) -> None:
    said = [one for one in PEOPLE if one.at.month == 1 and one.nps is not None and one.comment]
    paid = [one.nps or 0 for one in said if one.number % 9 == 4]
    promoters, detractors = sum(each > 8 for each in paid), sum(each < 7 for each in paid)
    n, mentions = len(TOOLS) * len(said), len(TOOLS) * len(paid)
    assert built.execute(
        "select comment_count, mention_count, mention_share, mention_share_low, "
        "mention_share_high, mention_score from marts.feedback_themes "
        "where metric = 'nps' and theme = 'price' and band = 'all' and month(month) = 1"
    ).fetchone() == (
        n, mentions, pytest.approx(mentions / n),
        *(pytest.approx(end, abs=1e-6) for end in wilson(mentions, n)),
        pytest.approx(100 * (promoters - detractors) / len(paid)),
    )  # fmt: skip


def wilson(count: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share, as scipy has it."""
    interval = binomtest(count, n).proportion_ci(0.95, "wilson")
    return interval.low, interval.high


def test_a_person_is_the_same_person_in_every_tool(built: duckdb.DuckDBPyConnection) -> None:
    found = built.execute(
        "select source, count(distinct email_pseudonym), bit_xor(hash(email_pseudonym)) "
        "from (select distinct source, email_pseudonym from intermediate.int_responses) "
        "group by source"
    ).fetchall()
    assert {source for source, _, _ in found} == set(TOOLS)
    assert len({tuple(persons) for _, *persons in found}) == 1


def test_a_question_keeps_its_wording_where_a_file_does_not_say_it(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = built.execute(
        "select distinct question from marts.survey_responses "
        "where source = 'qualtrics' and metric = 'nps'"
    ).fetchall()
    assert found == [("Likely to recommend?",)]
