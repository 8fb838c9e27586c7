"""The two surveys' exports: three header rows, times in Denver, windows by recorded date."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import (
    INVENTED_A_DELIVERY,
    Ledger,
    Sheet,
    assemble,
    delivery_folder,
)
from pipelines.demo.cells import (
    Cell,
    Layout,
    choice,
    code,
    either,
    header_line,
    moment,
    write_block,
)
from pipelines.demo.company import Company
from pipelines.demo.faults import RELATIONSHIP, SUPPORT, Planned, plan
from pipelines.demo.forms import COMMENTS, Question
from pipelines.demo.periods import draws
from pipelines.demo.references import case_reference, contact_reference
from pipelines.demo.surveys import BY_EMAIL, KNOWN, ZONE

SOURCE = "qualtrics"
SETTINGS = f"""\
[qualtrics]
# Needed only where header row 3 of an export states no zone.
time_zone = "{ZONE}"
"""
QUESTIONS: tuple[Question, ...] = (
    (RELATIONSHIP, "QID1", "nps", 0, 10, "9;10", "true", None, "Likely"),
    (RELATIONSHIP, "QID2", "csat", 1, 5, "4;5", "true", None, "Overall"),
    (SUPPORT, "QID11", "csat", 1, 5, "4;5", "true", None, "Support"),
    (SUPPORT, "QID12", "ces", 1, 7, "5;6;7", "true", None, "Made it easy"),
)

_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

SYSTEM_COLUMNS = (
    ("StartDate", "Start Date", "startDate"),
    ("EndDate", "End Date", "endDate"),
    ("Status", "Response Type", "status"),
    ("IPAddress", "IP Address", "ipAddress"),
    ("Progress", "Progress", "progress"),
    ("Duration (in seconds)", "Duration (in seconds)", "duration"),
    ("Finished", "Finished", "finished"),
    ("RecordedDate", "Recorded Date", "recordedDate"),
    ("ResponseId", "Response ID", "_recordId"),
    ("RecipientLastName", "Recipient Last Name", "recipientLastName"),
    ("RecipientFirstName", "Recipient First Name", "recipientFirstName"),
    ("RecipientEmail", "Recipient Email", "recipientEmail"),
    ("ExternalReference", "External Data Reference", "externalDataReference"),
    ("LocationLatitude", "Location Latitude", "locationLatitude"),
    ("LocationLongitude", "Location Longitude", "locationLongitude"),
    ("DistributionChannel", "Distribution Channel", "distributionChannel"),
    ("UserLanguage", "User Language", "userLanguage"),
)
"""Export tag, text and ImportId of the columns that every survey has."""

_LIKELY = "How likely are you to recommend us to a friend or colleague?"
_RATE = "How satisfied are you with …"

RELATIONSHIP_COLUMNS = (
    ("Q1_NPS_GROUP", f"{_LIKELY} - Group", "QID1_NPS_GROUP"),
    ("Q1", _LIKELY, "QID1"),
    ("Q2", "Overall, how satisfied are you with us?", "QID2"),
    ("Q5", "What is the main reason for your score?", "QID5_TEXT"),
    ("Q6_1", f"{_RATE} - Quality", "QID6_1"),
    ("Q6_2", f"{_RATE} - Delivery", "QID6_2"),
    ("Q6_3", f"{_RATE} - Price", "QID6_3"),
)

SUPPORT_COLUMNS = (
    ("Q11", "Overall, how satisfied were you with the support you received?", "QID11"),
    ("Q12", "The company made it easy to handle my issue.", "QID12"),
    ("Q13", "Which channels did you use? (select all) - Selected Choice", "QID13"),
    ("Q15", "Anything else?", "QID15_TEXT"),
    ("CaseNumber", "CaseNumber", "CaseNumber"),
)

_CHANNEL_CELLS = (None, "1", "2", "1,3", "3", "2,4", "1,2,3", "4")


def file_name(survey: str, day: date) -> str:
    """As a browser saves a survey's export."""
    month = _MONTH_NAMES[day.month - 1]
    return f"{survey.replace(' ', '+')}_{month}+{day.day}%2C+{day.year}_23.15.csv"


def header_rows(columns: Sequence[tuple[str, str, str]]) -> bytes:
    """Tags, texts, and ImportIds as JSON; the date columns state the time zone."""
    imports = [
        json.dumps(
            {"ImportId": name, **({"timeZone": ZONE} if name.endswith("Date") else {})},
            separators=(",", ":"),
        )
        for _, _, name in columns
    ]
    return b"".join(
        header_line(row)
        for row in ([tag for tag, _, _ in columns], [text for _, text, _ in columns], imports)
    )


def doubled_delivery(months: int) -> int | None:
    """The delivery that holds the support survey's file twice; None for a short history."""
    return months // 2 if months >= 3 else None


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the surveys' deliveries; arguments as for `salesforce.deliver`."""
    calendar = company.calendar
    held = {
        survey: frame.filter(pl.col("tool") == SOURCE)
        for survey, frame in ((RELATIONSHIP, company.responses), (SUPPORT, company.ratings))
    }
    cuts = {
        survey: np.searchsorted(
            calendar.delivery_of(frame["recorded"].to_numpy()), np.arange(calendar.months + 1)
        )
        for survey, frame in held.items()
    }
    doubled = doubled_delivery(calendar.months)
    rows = {survey: np.diff(cut) for survey, cut in cuts.items()}
    barred = {
        survey: [
            at
            for at in range(calendar.months)
            if rows[survey][at] < 5 or (survey == SUPPORT and at == doubled)
        ]
        for survey in cuts
    }
    planned = plan(
        "qualtrics", "responses", np.sum(list(rows.values()), axis=0), each, barred=barred
    )
    writers = {RELATIONSHIP: _relationship, SUPPORT: _support}
    for at, day in enumerate(calendar.deliveries):
        with delivery_folder(landing, "qualtrics", day) as folder:
            for number, (survey, write) in enumerate(writers.items()):
                columns, layout = write()
                slice_of = held[survey].slice(cuts[survey][at], rows[survey][at])
                reordered = survey == RELATIONSHIP and calendar.months - 3 <= at > 0
                if reordered:
                    columns = (*columns[:8], *reversed(columns[8:]))
                    layout = {tag: layout[tag] for tag, _, _ in columns}
                _deliver_file(
                    folder,
                    survey,
                    day,
                    columns,
                    Sheet(_with_people(company, slice_of), layout, _FRESH),
                    [every for every in planned.get(at, []) if every.kind.file == survey],
                    draws(seed, f"{survey} {at}"),
                    at * INVENTED_A_DELIVERY + number * INVENTED_A_DELIVERY // 2,
                    ledger,
                    is_reordered=reordered,
                    is_doubled=survey == SUPPORT and at == doubled,
                )


def _deliver_file(
    folder: Path,
    survey: str,
    day: date,
    columns: Sequence[tuple[str, str, str]],
    sheet: Sheet,
    planned: list[Planned],
    random: np.random.Generator,
    first_invented: int,
    ledger: Ledger,
    *,
    is_reordered: bool,
    is_doubled: bool,
) -> None:
    name = file_name(survey, day)
    blocks = assemble(
        sheet,
        planned,
        random,
        first_invented=first_invented,
        ledger=ledger,
        source="qualtrics",
        export="responses",
        day=day,
        file=name,
    )
    copies = [name]
    if is_doubled:
        copies.append(name.replace(".csv", " (1).csv"))
        ledger.tally("qualtrics", "responses", day).duplicates += sheet.rows.height
        ledger.note(
            "file_delivered_twice", "duplicate", "qualtrics", "responses", day, copies[1],
            rows=sheet.rows.height,
        )  # fmt: skip
    if is_reordered:
        ledger.note(
            "reordered_columns", "accepted", "qualtrics", "responses", day, name,
            rows=sheet.rows.height,
        )  # fmt: skip
    if not blocks:
        ledger.note("header_only_file", "accepted", "qualtrics", "responses", day, name, rows=0)
    for each in copies:
        with (folder / each).open("wb") as target:
            target.write(header_rows(columns))
            for block in blocks:
                write_block(target, block)


def _with_people(company: Company, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(company.of_people("email", "first", "last", "language"))


RELATIONSHIP_CODE, SUPPORT_CODE = "R_1", "R_2"
"""What the ids of the surveys' responses begin with."""


def response_id() -> pl.Expr:
    """The id of a response to the relationship survey."""
    return code(RELATIONSHIP_CODE, "response")


_FRESH: Layout = {
    "ResponseId": code("R_", "invented"),
    "RecipientLastName": None,
    "RecipientFirstName": None,
    "RecipientEmail": None,
    "ExternalReference": None,
}


def _system_cells(prefix: str) -> dict[str, Cell]:
    is_known = pl.col("naming") == KNOWN
    has_address = pl.col("naming") <= BY_EMAIL
    person = pl.col("person")
    return {
        "StartDate": moment("started", zone=ZONE),
        "EndDate": moment("ended", zone=ZONE),
        "Status": either(pl.col("response") % 101 == 0, "16", "0"),
        "IPAddress": pl.format("203.0.113.{}", person % 250),
        "Progress": pl.col("progress").cast(pl.String),
        "Duration (in seconds)": (pl.col("ended") - pl.col("started")).cast(pl.String),
        "Finished": either(pl.col("finished"), "1", "0"),
        "RecordedDate": moment("recorded", zone=ZONE),
        "ResponseId": code(prefix, "response"),
        "RecipientLastName": either(is_known, choice(names.LAST_NAMES, "last"), None),
        "RecipientFirstName": either(is_known, choice(names.FIRST_NAMES, "first"), None),
        "RecipientEmail": either(has_address, pl.col("email"), None),
        "ExternalReference": either(is_known, contact_reference(), None),
        "LocationLatitude": None,
        "LocationLongitude": None,
        "DistributionChannel": either(has_address, "email", "anonymous"),
        "UserLanguage": choice(names.LANGUAGES, "language"),
    }


def _relationship() -> tuple[tuple[tuple[str, str, str], ...], Layout]:
    layout = _system_cells(RELATIONSHIP_CODE) | {
        "Q1_NPS_GROUP": (pl.col("band") + 1).cast(pl.String),
        "Q1": pl.col("nps").cast(pl.String),
        "Q2": pl.col("csat").cast(pl.String),
        "Q5": choice(COMMENTS, "comment"),
        **{f"Q6_{number}": pl.col(f"service_{number}").cast(pl.String) for number in (1, 2, 3)},
    }
    return (*SYSTEM_COLUMNS, *RELATIONSHIP_COLUMNS), layout


def _support() -> tuple[tuple[tuple[str, str, str], ...], Layout]:
    layout = _system_cells(SUPPORT_CODE) | {
        "Q11": pl.col("csat").cast(pl.String),
        "Q12": pl.col("ces").cast(pl.String),
        "Q13": choice(pl.Series(_CHANNEL_CELLS, dtype=pl.String), "channels"),
        "Q15": choice(COMMENTS, "comment"),
        "CaseNumber": case_reference(),
    }
    return (*SYSTEM_COLUMNS, *SUPPORT_COLUMNS), layout
