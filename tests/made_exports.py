"""Vendors' files made from the contracts: clean rows, and every kind of fault that one can have.

A contract says what each column holds, so that files of a new export are made without a word about
it here. Stated below is only what a contract doesn't say: how a reader's file is laid out, and by
which cells a rule between columns is broken.
"""

import csv
import io
import json
import re
import re._constants as signs  # what a pattern is made of: nothing public tells
import re._parser as patterns
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from random import Random
from typing import Any

import polars as pl

from pipelines.contracts.contract import Export

ZONE = "America/New_York"
SETTINGS = f'time_zone = "{ZONE}"\ndate_order = "month_first"\nbad_row_limit = 1\n'
FIRST = datetime(2024, 1, 8)
EARLY = FIRST - timedelta(days=400)
IMPOSSIBLE = datetime(2023, 2, 28, 10)
SKIPPED = datetime(2024, 3, 10, 2, 30)
"""A time that no clock in the zone has shown."""

Cells = dict[str, str]
CellOf = Callable[[int, datetime], str]
"""Makes a column's cell of a row by its number and its moment."""


@dataclass(frozen=True)
class Fault:
    """One way to be no good row.

    Attributes:
        cells: what stands under some of the labels.
        outcome: what landing has to do with it.
        column: the column that quarantine names; "" for a whole row.
        code: the reason, or the rule that leaves the row out.
        spoil: makes another text of a record's.
    """

    cells: Mapping[str, str]
    column: str
    code: str
    outcome: str = "rejected"
    spoil: Callable[[str], str] | None = None


@dataclass(frozen=True)
class Made:
    """One record of a file: the row that it is or copies, by number, and its fault."""

    number: int
    cells: Cells
    fault: Fault | None = None


@dataclass(frozen=True)
class Layout:
    """How a reader's files are laid out.

    Attributes:
        name: the file's name; None for what the contract's first pattern says.
        header: the header's records, by the labels.
        footer: what follows the rows.
        entry: makes an object of a row's cells, where the file is JSON.
        is_list: whether the objects stand in a list, or one in each line.
        timestamp_form: that of date-times where the contract doesn't say it.
        zone: that of date-times, where it isn't the declared one.
        constant: the cells of columns that have the same one in each clean row.
        columns: further columns, each with the cell of a row by its number.
        faults: further ways to be no good row.
        has_widths: whether a row of another width is only that.
        has_copies: whether the same row twice is one row.
    """

    name: str | None = None
    header: Callable[[Sequence[str]], list[Sequence[str]]] = lambda labels: [labels]
    footer: str = ""
    entry: Callable[[Cells], Any] | None = None
    is_list: bool = False
    timestamp_form: str | None = None
    zone: str | None = None
    constant: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Callable[[int], str]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    has_widths: bool = True
    has_copies: bool = True


def _of_question(column: str, label: str, lowest: int, highest: int) -> tuple[Fault, ...]:
    return (
        Fault({label: str(lowest - 1)}, column, "out_of_range"),
        Fault({label: str(highest + 1)}, column, "out_of_range"),
        Fault({label: "6.5"}, column, "not_a_whole_number"),
    )


LIKELY, SATISFIED, COMMENT = "How likely?", "How satisfied?", "What else?"

DECLARED = (
    "source,survey,question_id,metric,scale_min,scale_max,top_boxes,higher_is_better,choices\n"
    "qualtrics,Form,QID2,csat,1,5,,true,Good=5\n"
) + "".join(
    f"{tool},Form,{LIKELY},nps,0,10,,true,\n{tool},Form,{SATISFIED},csat,1,5,,true,Good=5\n"
    for tool in ("googleforms", "hotjar", "msforms", "surveymonkey", "typeform")
)

BY_TEXT = Layout(
    columns={
        LIKELY: lambda number: str(number % 11),
        SATISFIED: lambda number: str(number % 5 + 1) if number % 4 else "Good",
        COMMENT: lambda number: 'He said "wait",\nand I did' if number % 7 == 0 else "",
    },
    faults=(*_of_question(LIKELY, LIKELY, 0, 10), *_of_question(SATISFIED, SATISFIED, 1, 5)),
)

_QUALTRICS = Layout(
    header=lambda labels: [labels, labels, [json.dumps({"ImportId": each}) for each in labels]],
    constant={"status": "0"},
    columns={
        "QID1_NPS_GROUP": lambda number: "",
        "QID1": lambda number: str(number % 11) if number % 5 else "-99",
        "QID2": lambda number: str(number % 5 + 1) if number % 4 else "Good",
        "QID3_TEXT": lambda number: "quick" if number % 3 else "",
    },
    faults=(*_of_question("QID1", "QID1", 0, 10), *_of_question("QID2", "QID2", 1, 5)),
)


def _nested(cells: Cells) -> dict[str, Any]:
    """An object with the cells, whose labels are paths."""
    made: dict[str, Any] = {}
    for label, cell in cells.items():
        *path, name = label.split(".")
        within = made
        for each in path:
            within = within.setdefault(each, {})
        within[name] = cell or None
    return made


def _delighted(cells: Cells) -> dict[str, Any]:
    own = {"Response ID": "id", "Survey Type": "survey_type", "Score": "score"}
    own |= {"Created At": "created_at", "Updated At": "updated_at"}
    made: dict[str, Any] = {name: cells[label] for label, name in own.items()}
    for name in ("created_at", "updated_at"):
        try:
            local = datetime.strptime(made[name], "%Y-%m-%d %H:%M:%S")
            made[name] = int(local.replace(tzinfo=UTC).timestamp())
        except ValueError:
            pass
    made["person"] = {"email": cells["Email"]}
    made["person_properties"] = {
        label: cell for label, cell in cells.items() if label not in (*own, "Email")
    }
    return made


_SCORED = Layout(
    constant={"survey": "NPS", "score": "9"}, faults=_of_question("nps score", "Score", 0, 10)
)

LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "delighted": (
        _SCORED,
        replace(_SCORED, name="d.json", entry=_delighted, is_list=True, zone="UTC"),
    ),
    "googleforms": (replace(BY_TEXT, has_copies=False),),
    "hotjar": (
        replace(
            BY_TEXT,
            columns={**BY_TEXT.columns, "Response URL": lambda number: f"https://h/{number}"},
            faults=(*BY_TEXT.faults, Fault({"Response URL": ""}, "response_id", "missing")),
        ),
    ),
    "msforms": (BY_TEXT,),
    "qualtrics": (
        _QUALTRICS,
        replace(
            _QUALTRICS,
            name="SV_1.json",
            entry=lambda cells: {"values": cells, "labels": {}},
            is_list=True,
            timestamp_form="%Y-%m-%dT%H:%M:%S.123Z",
            zone="UTC",
        ),
    ),
    "reference/business_hours": (Layout(has_copies=False),),
    "salesforce_report": (
        Layout(
            footer='\n\n"Cases"\n"Copyright (c) 2000-2025 salesforce.com, inc. All rights '
            'reserved."\n"Confidential Information - Do Not Distribute"\n"Generated By: x"\n',
            timestamp_form="%m/%d/%Y %I:%M %p",
            has_widths=False,
        ),
    ),
    "shopify": (
        Layout(
            faults=(
                Fault(
                    dict.fromkeys(
                        ("Id", "Financial Status", "Created at", "Currency", "Subtotal"), ""
                    ),
                    "",
                    "orphan_line",
                ),
            ),
        ),
    ),
    "surveymonkey": (
        replace(
            BY_TEXT,
            header=lambda labels: [
                labels,
                ["Response" if each in BY_TEXT.columns else "" for each in labels],
            ],
        ),
    ),
    "typeform": (replace(BY_TEXT, constant={"response_type": "completed"}),),
    "zendesk": (
        Layout(),
        Layout(name="tickets.json", entry=_nested, timestamp_form="%Y-%m-%dT%H:%M:%SZ", zone="UTC"),
    ),
}
"""By reader, or by export; a file of any other one is a header and its rows."""

CONSTANT: dict[str, Mapping[str, str]] = {
    "reference/business_hours": {
        "time_zone": "Europe/Berlin",
        "opens": "09:00",
        "closes": "17:30",
        "from_date": "",
        "to_date": "",
    },
    "reference/survey_questions": {
        "metric": "csat",
        "scale_min": "1",
        "scale_max": "5",
        "higher_is_better": "true",
    },
}
"""By export, what stands in each clean row so that the rules between its columns hold."""

BROKEN: dict[tuple[str, str], Mapping[str, str] | None] = {
    ("reference/survey_questions", "scale_has_a_range"): {"scale_min": "5"},
    ("reference/survey_questions", "scale_has_a_direction"): {"higher_is_better": ""},
    ("cornerstone/training_transcript", "completed_on_some_day"): {
        "status": "COMPLETED",
        "completed_on": "",
    },
    ("reference/business_hours", "schedule_has_one_time_zone"): None,
    ("reference/business_hours", "closes_after_it_opens"): {"closes": "08:00"},
    ("reference/business_hours", "ends_no_sooner_than_it_begins"): {
        "from_date": "2024-01-08",
        "to_date": "early",
    },
    ("reference/business_hours", "hours_do_not_overlap"): None,
    ("chargebee/subscriptions", "ended_after_it_started"): {"cancelled_at": "early"},
    ("stripe/payments", "refunded_no_more_than_paid"): {"amount": "1", "amount_refunded": "1.01"},
    ("stripe/subscriptions", "ended_after_it_started"): {"ended_at": "early"},
    ("qualtrics/responses", "ended_after_it_started"): {"end_date": "early"},
    ("surveymonkey/responses", "ended_after_it_started"): {"ended_at": "early"},
    ("typeform/responses", "ended_after_it_started"): {"submitted_at": "early"},
    ("msforms/responses", "ended_after_it_started"): {"completed_at": "early"},
    ("hr/employees", "left_after_coming"): {"ended_on": "early"},
    ("salesforce/case", "closed_after_created"): {"closed_date": "early"},
    ("salesforce/case_query", "closed_after_created"): {"closed_date": "early"},
    ("salesforce/case_report", "closed_after_opened"): {"date_time_closed": "early"},
    ("reference/follow_ups", "nothing_before_it_was_opened"): {"closed_at": "early"},
}
"""By export and rule between columns: the cells that break it; None where another row does."""

EXCLUDED: dict[tuple[str, str], Mapping[str, str]] = {
    ("qualtrics/responses", "preview"): {"status": "17"},
    ("qualtrics/responses", "test"): {"status": "2"},
    ("qualtrics/responses", "spam"): {"status": "8"},
    ("qualtrics/responses", "synthetic"): {"status": "256"},
    ("typeform/responses", "started"): {"response_type": "started", "submitted_at": ""},
    ("typeform/responses", "partial"): {"response_type": "partial", "submitted_at": ""},
    ("hotjar/responses", "test_host"): {"source_url": "https://staging.example.com/"},
    ("stripe/payments", "test_mode"): {"mode": "Test"},
    ("shopify/orders", "test_gateway"): {"payment_method": "Bogus Gateway (for testing)"},
}
"""By export and rule that leaves rows out: the cells of such a row."""


def layouts_of(export: Export) -> tuple[Layout, ...]:
    """How the export's files may be laid out."""
    other = (BY_TEXT,) if export.is_survey else (Layout(),)
    return LAYOUTS.get(f"{export.source}/{export.name}") or LAYOUTS.get(export.reader, other)


class Maker:
    """Makes rows of an export, clean and other ones, the same ones for the same seed."""

    def __init__(self, export: Export, layout: Layout, seed: int) -> None:
        self.export = export
        self.layout = layout
        self._full_name = f"{export.source}/{export.name}"
        self._random = Random(seed)
        self._constant = {**CONSTANT.get(self._full_name, {}), **layout.constant}
        self._taken: set[str] = set()

    @property
    def file_name(self) -> str:
        """A name by which the export knows the file."""
        pattern = next(each for each in self.export.files if each.endswith(".csv"))
        return self.layout.name or re.sub(r"\[[^]]*\]", "1", pattern).replace("*", "Form")

    @cached_property
    def labels(self) -> dict[str, str]:
        """The first label of each column that the contract names."""
        return {name: rule.labels[0] for name, rule in self.export.rules.items()}

    @cached_property
    def header(self) -> list[str]:
        """Every label of the file."""
        return [*self.labels.values(), *self.layout.columns]

    def clean(self, number: int) -> Made:
        """A row that keeps every rule; its instants, days and amounts are all the same."""
        at = FIRST + timedelta(minutes=number)
        cells: Cells = {}
        for position, (label, may_be_blank, cell_of) in enumerate(self._columns):
            is_blank = may_be_blank and (number + position) % 6 == 0
            cells[label] = "" if is_blank else cell_of(number, at)
        for label, cell in self.layout.columns.items():
            cells[label] = cell(number)
        return Made(number, cells)

    @cached_property
    def _columns(self) -> list[tuple[str, bool, CellOf]]:
        """The label of each column of the contract, whether it may be blank, and its cells."""
        columns = self.export.schema.columns
        found = []
        for position, (name, label) in enumerate(self.labels.items()):
            if name in self._constant:
                found.append((label, False, _always(self._constant[name])))
            else:
                is_blank = columns[name].nullable and name not in (*self.export.key, "status")
                found.append((label, is_blank, self._cells_of(name, position)))
        return found

    def _cells_of(self, name: str, position: int) -> CellOf:
        kind, limits = self.export.schema.columns[name].dtype.type, self._limits[name]
        lowest, highest = limits.get("lowest", 1), limits.get("highest", 10_000_000)
        if kind == pl.Int64:
            return lambda number, at: str(min(lowest + position + number % 50, highest))
        if isinstance(kind, pl.Decimal):
            most = min(highest - lowest, 1)
            return lambda number, at: f"{lowest + (number % 89 + 1) / 100 * most:.2f}"
        if kind == pl.Boolean:
            said = ("true", "0", "No", "1", "FALSE")
            return lambda number, at: said[(number + position) % 5]
        if kind == pl.Date:
            return lambda number, at: self.written(name, at + timedelta(days=number % 1500))
        if isinstance(kind, pl.Datetime):
            return lambda number, at: self.written(name, at, number)
        if "values" in limits:
            return lambda number, at: str(self._random.choice(limits["values"]))
        if "pattern" in limits:
            return lambda number, at: self._new(lambda: text_of(limits["pattern"], self._random))
        rule = self.export.rules[name]
        if rule.salesforce_id:
            return lambda number, at: text_of("^[0-9A-Za-z]{18}$", self._random)
        is_key = name in self.export.key

        def text(number: int, at: datetime) -> str:
            if rule.personal == "emails" and number % 2:
                return f"person{number}@example.com, p{number}@example.com"
            if rule.personal in ("email", "emails") or (rule.personal and number % 2):
                return f"person{number}@example.com"
            if is_key:
                return f"{name} {number}"
            return (f"{name} {number}", f'"{name}", {number}', f"{name}\nñ {number}")[number % 3]

        return text

    def _new(self, make: Callable[[], str]) -> str:
        """A text that wasn't made before, of those that can be endlessly many."""
        for _ in range(10):
            made = make()
            if made not in self._taken:
                break
        self._taken.add(made)
        return made

    @cached_property
    def _limits(self) -> dict[str, dict[str, Any]]:
        """What the cells of each column are held to."""
        return {name: self._limits_of(name) for name in self.labels}

    def _limits_of(self, name: str) -> dict[str, Any]:
        limits: dict[str, Any] = {}
        for check in self.export.schema.columns[name].checks:
            said = check.statistics
            if "allowed_values" in said:
                limits["values"] = sorted(said["allowed_values"])
            if "pattern" in said:
                pattern = said["pattern"]
                limits["pattern"] = getattr(pattern, "pattern", pattern)
            if "min_value" in said:
                limits["lowest"] = said["min_value"]
            if "max_value" in said:
                limits["highest"] = said["max_value"]
        return limits

    def written(self, name: str, at: datetime, number: int = 0) -> str:
        """A day or an instant as the column has it, in one of its forms by the row's number."""
        if self.export.column_types[name] == pl.Date:
            forms = self.export.date_formats
            return f"{at:{forms[number % len(forms)]}}"
        forms = self.export.timestamp_formats
        form = self.layout.timestamp_form or forms[number % len(forms)]
        # What polars writes otherwise than Python.
        form = form.replace("%.f", ".000").replace("%#z", "Z")
        zoned = at.replace(tzinfo=UTC) if self.export.zone == "offset" else at
        return f"{zoned:{form}}"

    def faults(self) -> list[Fault]:
        """Every kind of fault that the export's files can have."""
        found = list(self.layout.faults)
        nulls = [null for null in self.export.nulls if null]
        for name, label in self.labels.items():
            column, limits = self.export.schema.columns[name], self._limits[name]
            if not column.nullable:
                found += [Fault({label: cell}, name, "missing") for cell in ("", "  ", *nulls)]
            for code, cells in self._impossible(name).items():
                found += [Fault({label: cell}, name, code) for cell in cells]
            if "lowest" in limits:
                low = limits["lowest"] - 1
                found.append(Fault({label: str(low)}, name, "out_of_range"))
            if "highest" in limits:
                found.append(Fault({label: str(limits["highest"] + 1)}, name, "out_of_range"))
            if "values" in limits:
                found.append(Fault({label: "no such value"}, name, "unknown_value"))
            if "pattern" in limits:
                cell = next(
                    cell for cell in ("= ?", "**") if not re.search(limits["pattern"], cell)
                )
                found.append(Fault({label: cell}, name, "wrong_form"))
        for rules, outcome, names in (
            (BROKEN, "rejected", [check.name for check in self.export.schema.checks]),
            (EXCLUDED, "excluded", list(self.export.excluded)),
        ):
            for rule in names:
                assert (self._full_name, rule) in rules, f"which cells break {rule}? Say so above."
                said = rules[self._full_name, rule]
                if said is None:
                    continue
                cells = {
                    self.labels[name]: self.written(name, EARLY) if cell == "early" else cell
                    for name, cell in said.items()
                }
                found.append(Fault(cells, "", rule, outcome))
        return found + self._broken_records()

    def _impossible(self, name: str) -> dict[str, list[str]]:
        kind = self.export.column_types[name]
        if kind == pl.Int64:
            return {"not_a_whole_number": ["1.5", "one", "1,000"]}
        if isinstance(kind, pl.Decimal):
            return {"not_a_number": ["1,000.00", "ten", "1e3"]}
        if kind == pl.Boolean:
            return {"not_a_boolean": ["perhaps", "2"]}
        if kind == pl.Date:
            return {"not_a_date": [self.written(name, IMPOSSIBLE).replace("28", "30"), "soon"]}
        if isinstance(kind, pl.Datetime):
            cells = [self.written(name, IMPOSSIBLE).replace("28", "30"), "yesterday"]
            if self.export.zone == "file" and not self.layout.zone:
                cells.append(self.written(name, SKIPPED))
            return {"not_a_timestamp": cells}
        return {}

    def _broken_records(self) -> list[Fault]:
        if self.layout.entry is not None:
            found = [
                Fault({}, "", "not_an_object", spoil=lambda text: "17"),
                Fault({}, "", "repeated_field", spoil=lambda text: '{"a": 1, "a": 2}'),
                Fault({}, "", "nul_byte", spoil=lambda text: '{"a": "\\u0000"}'),
            ]
            if not self.layout.is_list:
                found.append(Fault({}, "", "not_json", spoil=lambda text: text[:-2]))
            return found
        found = [
            Fault({}, "", "nul_byte", spoil=lambda text: f"\0{text}"),
            Fault({}, "", "text_after_quote", spoil=lambda text: f'"a"b,{text}'),
        ]
        if self.layout.has_widths:
            found += [
                Fault({}, "", "wrong_width", spoil=lambda text: f"{text},"),
                Fault({}, "", "wrong_width", spoil=lambda text: f'"{text.count(chr(34))}",cells'),
            ]
        return found

    def copies(self, row: Made) -> list[Made]:
        """The rows that give way to a clean one: its like, and an earlier version of it."""
        found = []
        if self.layout.has_copies:
            found.append(replace(row, fault=Fault({}, "", "", "duplicate")))
        modified = self.export.modified
        is_told = set(self.export.key) <= set(self.labels)
        if modified and is_told and row.cells[self.labels[modified]]:
            fault = Fault(self._all_at(EARLY), "", "", "duplicate")
            found.append(Made(row.number, {**row.cells, **fault.cells}, fault))
        return found

    def _all_at(self, at: datetime) -> Cells:
        return {
            label: self.written(name, at)
            for name, label in self.labels.items()
            if isinstance(self.export.column_types[name], pl.Datetime)
        }

    def faulty(self, number: int, fault: Fault) -> Made:
        """A row of its own with a fault."""
        row = self.clean(number)
        return Made(number, {**row.cells, **fault.cells}, fault)

    def file(self, rows: Iterable[Made], header: Sequence[str] | None = None) -> bytes:
        """The file with the rows, its columns as they are or in another order."""
        labels = header or self.header
        entry = self.layout.entry
        if entry is None:
            lines = [as_csv(each) for each in self.layout.header(labels)]
            texts = [as_csv([row.cells[label] for label in labels]) for row in rows]
        else:
            lines = []
            texts = [
                json.dumps(entry({label: row.cells[label] for label in labels})) for row in rows
            ]
        # Where a record's quotes are broken, nobody knows which line ends are within its cells.
        texts = [
            row.fault.spoil(text.replace("\n", " ")) if row.fault and row.fault.spoil else text
            for row, text in zip(rows, texts, strict=True)
        ]
        if self.layout.is_list:
            listed = f"[{','.join(texts)}]"
            return f'{{"responses": {listed}}}'.encode() if "values" in listed else listed.encode()
        return ("\n".join([*lines, *texts]) + "\n" + self.layout.footer).encode()

    @property
    def first_row_number(self) -> int:
        """What quarantine calls the first row."""
        return 1 if self.layout.entry else len(self.layout.header(self.header)) + 1


def _always(cell: str) -> CellOf:
    return lambda number, at: cell


def as_csv(cells: Sequence[str]) -> str:
    """One record."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()[:-1]


_LETTERS = string.digits + string.ascii_letters + "_-;=. *|"


def text_of(pattern: str, random: Random) -> str:
    """A text that a pattern matches; what may be repeated endlessly is long where it can differ."""
    text = _writer(pattern)(random)
    assert re.search(pattern, text), f"{text!r} was made for {pattern}"
    return text


Part = Callable[[Random], str]
"""Makes one text that a part of a pattern matches."""


@cache
def _writer(pattern: str) -> Part:
    """Makes texts that a pattern matches, which is taken apart once for all of them."""
    return _in_sequence(patterns.parse(pattern))


def _in_sequence(parsed: Iterable[Any]) -> Part:
    parts = [_part(sign, said) for sign, said in parsed if sign is not signs.AT]
    return lambda random: "".join([part(random) for part in parts])


def _part(sign: Any, said: Any) -> Part:
    if sign is signs.LITERAL:
        letter = chr(said)
        return lambda random: letter
    if sign is signs.ANY:
        return lambda random: "x"
    if sign in (signs.IN, signs.NOT_LITERAL):
        within = said if sign is signs.IN else [(signs.NEGATE, None), (signs.LITERAL, said)]
        letters = _letters(tuple(within))
        return lambda random: random.choice(letters)
    if sign is signs.SUBPATTERN:
        return _in_sequence(said[-1])
    if sign is signs.BRANCH:
        branches = [_in_sequence(branch) for branch in said[1]]
        return lambda random: random.choice(branches)(random)
    if sign in (signs.MAX_REPEAT, signs.MIN_REPEAT):
        return _repeat(*said)
    raise NotImplementedError(f"{sign} in a pattern")


def _repeat(least: int, most: Any, repeated: Sequence[tuple[Any, Any]]) -> Part:
    is_class = len(repeated) == 1 and repeated[0][0] is signs.IN
    letters = _letters(tuple(repeated[0][1])) if is_class else []
    times = least + 12 if most is signs.MAXREPEAT and len(letters) > 9 else least
    if is_class:
        return lambda random: "".join(random.choices(letters, k=times))
    part = _in_sequence(repeated)
    return lambda random: "".join([part(random) for _ in range(times)])


@cache
def _letters(within: tuple[Any, ...]) -> list[str]:
    """The letters that a class of them has."""

    def has(letter: str) -> bool:
        found = False
        for sign, said in within:
            if sign is signs.LITERAL:
                found |= ord(letter) == said
            elif sign is signs.RANGE:
                found |= said[0] <= ord(letter) <= said[1]
            elif sign is signs.CATEGORY:
                found |= bool(re.match(_CATEGORIES[said], letter))
        return found

    is_negated = bool(within) and within[0][0] is signs.NEGATE
    found = [letter for letter in _LETTERS if has(letter) != is_negated]
    return found or [" "]


_CATEGORIES = {
    signs.CATEGORY_DIGIT: r"\d",
    signs.CATEGORY_NOT_DIGIT: r"\D",
    signs.CATEGORY_SPACE: r"\s",
    signs.CATEGORY_NOT_SPACE: r"\S",
    signs.CATEGORY_WORD: r"\w",
    signs.CATEGORY_NOT_WORD: r"\W",
}
