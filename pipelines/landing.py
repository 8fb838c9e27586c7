"""One delivery of one export, from the vendor's files to the lake: read, validate, seal, write.

`land` is the one way in. It streams in bounded memory, accounts for every row, and replaces the
delivery's Parquet file whole or not at all. Belongs here: the order of the steps and the account.
Does not belong here: a vendor's file shape (`exports/`), what a column may hold (`contracts/`),
what makes a row bad (`quarantine.py`), what Dagster shows (`defs/`).
"""

import fnmatch
import hashlib
import importlib
import inspect
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import lake, personal, pseudonyms, quarantine
from pipelines.contracts import contract
from pipelines.contracts.contract import Export, all_exports, fold
from pipelines.exports import files as files_module
from pipelines.exports import reading as reading_module
from pipelines.exports import text as text_module
from pipelines.exports import worksheet as worksheet_module
from pipelines.exports.files import (
    Delivery,
    FileRefused,
    SourceFile,
    delivered_files,
    ignoring_rule,
    printable,
)
from pipelines.exports.reading import (
    DeclaredQuestion,
    Question,
    Reading,
    Rows,
    Surroundings,
    by_fold,
    no_date_order,
)
from pipelines.exports.text import EncodingMistaken, unique_labels
from pipelines.exports.worksheet import SHEET_DATE_FORMAT, SHEET_TIMESTAMP_FORMAT
from pipelines.lake import Account, FileAccount, Refusal
from pipelines.look_ahead import mapped_ahead
from pipelines.pseudonyms import Pseudonyms
from pipelines.quarantine import Judge, ScoreRule
from pipelines.settings import Home, Settings, SettingsError, require_zone

NESTED = ("answers",)
"""Contract columns that are built for accepted rows only, after validation."""

READER_CONSTANTS = ("survey", "questions", "queried_columns")
"""Contract columns that a reader states once for a whole file."""

COMPRESSION = "zstd"

WRITE_BATCH_ROWS = 16_384


@dataclass(frozen=True)
class Landed:
    """How landing a delivery ended.

    Attributes:
        account: where every row went.
        is_new: False when the delivery lay in the lake already and nothing was done.
    """

    account: Account
    is_new: bool


class ColumnMissing(FileRefused):
    """A file without a column that the contract requires.

    Attributes:
        labels: those of its labels that the contract knows. The others may be a row of data, in
            a file that has no header.
    """

    def __init__(self, labels: tuple[str, ...], file: str, reason: str, fix: str) -> None:
        """Keep the labels beside what is said of any refused file."""
        super().__init__(file, "missing_column", reason, fix)
        self.labels = labels


def land(
    home: Home, export: Export, day: date, settings: Settings, pseudonyms: Pseudonyms
) -> Landed | None:
    """Land one delivery of one export; a second time with nothing changed does nothing.

    Args:
        home: where everything lies.
        export: which export.
        day: the delivery's date.
        settings: what the files can't tell.
        pseudonyms: seals direct identifiers.

    Returns:
        The account, or None when nothing was delivered for the export on that day.

    Raises:
        FileRefused: the delivery can't be taken; its earlier state in the lake stays, the rows
            that were found bad are in quarantine, and the refusal is remembered beside them.
    """
    folder = home.landing / export.source / day.isoformat()
    delivery = delivered_files(folder) if folder.is_dir() else None
    found = files_of(delivery, export) if delivery else []
    broken = _broken_files(delivery, export) if delivery else []
    if not found and not broken:
        lake.clear_refusal(home, export, day)
        _remove_landed(home, export, day)
        return None
    recipe = _recipe(home, export, settings, pseudonyms)
    known = tuple(_file_account(file) for file in found)
    landed = lake.read_account(home, export, day)
    refusal = lake.read_refusal(home, export, day)
    if refusal is None and not broken and landed and _is_same(landed, recipe, found):
        return Landed(landed, is_new=False)
    try:
        if broken:
            raise broken[0]
        around = Surroundings(
            export,
            settings.source(export.source),
            declared_questions(home, export),
        )
        account = _land(home, found, day, around, recipe, pseudonyms)
    except FileRefused as refused:
        if isinstance(refused, ColumnMissing):
            known = tuple(
                replace(file, header=refused.labels) if file.name == refused.file else file
                for file in known
            )
        lake.write_refusal(
            home,
            export,
            day,
            Refusal(
                export.source,
                export.name,
                day.isoformat(),
                recipe,
                refused.code,
                str(refused),
                known,
            ),
        )
        raise
    lake.clear_refusal(home, export, day)
    return Landed(account, is_new=True)


def files_of(delivery: Delivery, export: Export) -> list[SourceFile]:
    """The files of a delivery that are of this export, in the order in which rows follow."""
    return [file for file in delivery.files if _is_of(file.name, file.label, export)]


def unread(home: Home) -> list[str]:
    """What lies in the landing folder and no export reads or is refused for, as paths below it.

    Files of a delivery that are no export's, and whatever else lies where deliveries do.

    Raises:
        SettingsError: a folder can't be looked into.
    """
    sources = {export.source for export in all_exports()}
    files = (
        f"{source}/{day.isoformat()}/{name}"
        for source in sources
        for day in delivered_days(home, source)
        for name in unread_files(home, source, day)
    )
    return sorted([*files, *_strays(home, sources)])


def unread_files(home: Home, source: str, day: date) -> list[str]:
    """The names of a delivery's files that no export of the source reads, or is refused for."""
    folder = home.landing / source / day.isoformat()
    if not folder.is_dir():
        return []
    delivery = delivered_files(folder)
    exports = [export for export in all_exports() if export.source == source]
    read = {file.name for export in exports for file in files_of(delivery, export)}
    told = {refused.file for export in exports for refused in _broken_files(delivery, export)}
    return [
        *(file.name for file in delivery.files if file.name not in read),
        *(refused.file for refused in delivery.refused if refused.file not in told),
    ]


def delivered_days(home: Home, source: str) -> list[date]:
    """The dates for which a source has a delivery folder, oldest first.

    Raises:
        SettingsError: the source's folder can't be looked into.
    """
    return sorted(
        day for path in _below(home.landing / source) if (day := _delivery_day(path)) is not None
    )


def _strays(home: Home, sources: set[str]) -> Iterator[str]:
    """What is no `<source>/<YYYY-MM-DD>/`; a folder's path ends in a slash."""
    for path in _below(home.landing):
        is_source = path.name in sources and path.is_dir()
        for stray in _below(path) if is_source else [path]:
            if not ignoring_rule(stray.name) and not (is_source and _delivery_day(stray)):
                yield printable(f"{stray.relative_to(home.landing)}{'/' * stray.is_dir()}")


def _below(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise SettingsError(
            f"{folder}: it can't be looked into ({os.strerror(error.errno or 0)}). Let the "
            "account that runs the pipeline read it."
        ) from None


def _delivery_day(path: Path) -> date | None:
    """The date of a delivery's folder; None for whatever else lies beside deliveries."""
    try:
        day = date.fromisoformat(path.name)
    except ValueError:
        return None
    # Python knows other forms of a date, but a day has one folder.
    is_one = path.name == day.isoformat() and path.is_dir() and not path.is_symlink()
    return day if is_one else None


def days_of(home: Home, export: Export) -> list[date]:
    """The days to look at: delivered ones, and those known of whose delivery may be gone."""
    return sorted(
        {
            *delivered_days(home, export.source),
            *lake.landed_days(home, export),
            *lake.refused_days(home, export),
        }
    )


def declared_questions(home: Home, export: Export) -> tuple[DeclaredQuestion, ...]:
    """The questions that the newest `reference/survey_questions` declares for a survey export."""
    if not export.is_survey:
        return ()
    reference = next(
        export
        for export in all_exports()
        if (export.source, export.name) == ("reference", "survey_questions")
    )
    days = lake.landed_days(home, reference)
    if not days:
        return ()
    frame = pl.read_parquet(lake.lake_file(home, reference, days[-1]), hive_partitioning=False)
    return tuple(
        DeclaredQuestion(
            row["survey"],
            row["question_id"],
            row["metric"],
            row["scale_min"],
            row["scale_max"],
            tuple(
                (label, int(score))
                for label, _, score in (
                    choice.rpartition("=") for choice in (row["choices"] or "").split(";") if choice
                )
            ),
        )
        for row in frame.filter(pl.col("source") == export.source)
        .sort("survey", "question_id")
        .iter_rows(named=True)
    )


def _is_of(name: str, label: str, export: Export) -> bool:
    """Whether a file is of an export: by its own name, else by a folder of the export's name.

    Some vendors name a file after the view, in the language of whoever exports; nobody could list
    all of those.
    """
    if any(_matches(label, pattern) for pattern in export.files):
        return True
    folders = name.casefold().replace("\\", "/").split("/")[:-1]
    return (
        export.name in folders
        and any(_matches(label, "*" + Path(pattern).suffix) for pattern in export.files)
        and not any(
            _matches(label, pattern)
            for other in all_exports()
            if other.source == export.source
            for pattern in other.files
        )
    )


def _matches(label: str, pattern: str) -> bool:
    """Whether a file is of an export; a workbook is wherever a CSV file of its name would be."""
    label = re.sub(r"\.xlsx$", ".csv", label.casefold())
    return fnmatch.fnmatchcase(label, pattern.casefold())


def _broken_files(delivery: Delivery, export: Export) -> list[FileRefused]:
    """Files that couldn't be opened and are, or may hold, this export's rows."""
    return [
        refused
        for refused in delivery.refused
        if _is_of(refused.file, _bare_name(refused), export)
        or refused.file.casefold().endswith((".zip", ".gz", "/"))
    ]


def _bare_name(refused: FileRefused) -> str:
    """What patterns are matched with; archives made on Windows may have its separators."""
    name = refused.file.replace("\\", "/").rsplit("/", 1)[-1]
    return name.removesuffix(".gz")


def _file_account(file: SourceFile) -> FileAccount:
    return FileAccount(file.name, file.size, file.modified_ns, "")


def _is_same(landed: Account, recipe: str, found: Sequence[SourceFile]) -> bool:
    """Whether the lake holds just this delivery; only a file whose time has changed is hashed."""
    if landed.recipe != recipe or len(landed.files) != len(found):
        return False
    earlier = {file.name: file for file in landed.files}
    for file in found:
        known = earlier.get(file.name)
        if known is None or known.size != file.size:
            return False
        if known.modified_ns != file.modified_ns and known.sha256 != file.sha256():
            return False
    return True


def _remove_landed(home: Home, export: Export, day: date) -> None:
    """A delivery that left landing leaves the lake, too: the lake is a function of landing."""
    for path in (lake.lake_file(home, export, day), lake.rejected_file(home, export, day)):
        path.unlink(missing_ok=True)


@cache
def _code_fingerprint(reader: str, contracts: tuple[str, ...]) -> str:
    """Tells versions of the code that shapes lake rows from one another."""
    modules = (
        importlib.import_module(__name__),
        personal,
        pseudonyms,
        quarantine,
        contract,
        files_module,
        reading_module,
        text_module,
        worksheet_module,
        importlib.import_module("pipelines.exports.table"),
        importlib.import_module("pipelines.exports.json_lines"),
        importlib.import_module("pipelines.exports.json_list"),
        importlib.import_module("pipelines.exports.surveys"),
        importlib.import_module(f"pipelines.exports.{reader}"),
        *map(importlib.import_module, contracts),
    )
    digest = hashlib.sha256()
    for module in modules:
        digest.update(inspect.getsource(module).encode())
    return digest.hexdigest()


def _recipe(home: Home, export: Export, settings: Settings, keyed: Pseudonyms) -> str:
    """Identifies everything beside the files that decides what lands."""
    # A contract may be made from another one.
    classes = [each.__module__ for each in export.contract.__mro__]
    contracts = tuple(name for name in classes if name.startswith("pipelines."))
    parts = (
        _code_fingerprint(export.reader, contracts),
        repr(settings.source(export.source)),
        keyed.fingerprint,
        repr(declared_questions(home, export)),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _land(
    home: Home,
    found: list[SourceFile],
    day: date,
    around: Surroundings,
    recipe: str,
    keyed: Pseudonyms,
) -> Account:
    while True:
        try:
            return _land_once(home, found, day, around, recipe, keyed)
        except EncodingMistaken:  # of one of the files, once: it is known from now on
            continue


def _land_once(
    home: Home,
    found: list[SourceFile],
    day: date,
    around: Surroundings,
    recipe: str,
    keyed: Pseudonyms,
) -> Account:
    export = around.export
    target = lake.lake_file(home, export, day)
    rejected_target = lake.rejected_file(home, export, day)
    for path in (target, rejected_target):
        path.parent.mkdir(parents=True, exist_ok=True)
        for leftover in path.parent.glob("*.tmp"):
            leftover.unlink()
    schema = _writing_schema(export)
    with ExitStack() as stack:
        accepted = stack.enter_context(_Writer(target, schema, export))
        rejected = stack.enter_context(_Writer(rejected_target, lake.REJECTED_SCHEMA))
        tally = _Tally(export)
        for file in found:
            _land_file(file, around, keyed, tally, accepted, rejected)
        account = replace(
            tally.account(recipe, day),
            files=tuple(tally.files),
        )
        limit = around.settings.bad_row_limit
        limit = export.bad_row_limit if limit is None else limit
        if account.rejected > limit * account.read:
            rejected.finish(account)
            worst = ", ".join(
                f"{reason} ({rows:,})"
                for reason, rows in sorted(account.reasons.items(), key=lambda each: -each[1])[:3]
            )
            raise FileRefused(
                ", ".join(file.name for file in found[:3]) + (" …" if len(found) > 3 else ""),
                "too_many_bad_rows",
                f"{account.rejected:,} of {account.read:,} rows break the contract, more than "
                f"{limit:.1%}; mostly {worst}",
                f"Look at {rejected_target}, mend the export, or raise bad_row_limit under "
                f"[{export.source}] in sources.toml.",
            )
        duplicates, conflicts = accepted.resolve_duplicates(export)
        account = replace(
            account,
            accepted=account.accepted - duplicates,
            duplicates=duplicates,
            conflicts=conflicts,
        )
        if not account.is_balanced:
            raise AssertionError(
                f"{export.source}/{export.name} {day}: rows are unaccounted for: {account}"
            )
        rejected.finish(account)
        accepted.finish(account)
    return account


@cache
def _parquet_options(schema: pa.Schema, export: Export | None) -> dict[str, Any]:
    """How each column is written: what costs much and saves nothing is left out.

    That is dictionaries of values that are nearly all different (keys, instants, persons), the
    lowest and highest text of a column, for which nobody asks, and compressing pseudonyms, which
    are random.
    """
    types = export.column_types if export else {}
    personal = {name: rule.personal for name, rule in export.rules.items()} if export else {}
    sealed = [name for name in personal if personal[name] in ("email", "emails")]
    rising = ["source_row", *(name for name in types if isinstance(types[name], pl.Datetime))]
    unrepeated = [*rising, *(name for name in types if personal.get(name))]
    unrepeated += export.key if export and len(export.key) == 1 else ()
    written = {leaf: field for field in schema for leaf in _leaves(field.name, field.type)}
    return {
        "compression": {
            leaf: "none" if field.name in (*sealed, *rising) else COMPRESSION
            for leaf, field in written.items()
        },
        # Differences of neighbours are shorter than what compressing the numbers leaves of them.
        "column_encoding": dict.fromkeys(rising, "DELTA_BINARY_PACKED"),
        "use_dictionary": [leaf for leaf, field in written.items() if field.name not in unrepeated],
        "write_statistics": [
            leaf for leaf, field in written.items() if pa.types.is_primitive(field.type)
        ],
        "write_batch_size": WRITE_BATCH_ROWS,
    }


def _leaves(path: str, kind: pa.DataType) -> list[str]:
    """The names that Parquet gives the columns in which a value of this type is kept."""
    if pa.types.is_list(kind):
        return _leaves(f"{path}.list.element", kind.value_type)
    if pa.types.is_struct(kind):
        return [leaf for each in kind for leaf in _leaves(f"{path}.{each.name}", each.type)]
    return [path]


def _land_file(
    file: SourceFile,
    around: Surroundings,
    keyed: Pseudonyms,
    tally: "_Tally",
    accepted: "_Writer",
    rejected: "_Writer",
) -> None:
    export = around.export
    reader = importlib.import_module(f"pipelines.exports.{export.reader}")
    opened: Reading = reader.read(file, around)
    # Of a file without a header, whose labels are cells, it is said that columns are missing.
    columns = _matched_columns(opened, around)
    unique_labels([fold(label) for label in opened.labels], file, around.known)
    opened = replace(opened, labels=tuple(dict.fromkeys(opened.labels)))
    scores = _score_rules(opened, around)
    judge = Judge(
        export,
        zone=_zone(opened, around),
        timestamp_formats=_timestamp_formats(opened, around),
        date_formats=_date_formats(opened, around),
        scores=[rule for rule, _ in scores],
        made=[name for name in (*NESTED, *opened.constants) if name in export.column_types],
    )
    selected = dict(columns)
    selected.update({rule.question_id: label for rule, label in scores})
    unknown, sealed = _unknown_columns(opened, around, set(columns.values()))
    # What stands under no label is told of only if there is something.
    told = dict.fromkeys(label for label in unknown if label)

    def judged(rows: Rows) -> tuple[Rows, quarantine.Verdict]:
        made = [name for name in rows.frame.columns if name in export.column_types]
        text = rows.frame.select(
            *(pl.col(label).alias(name) for name, label in selected.items()),
            *(pl.col(name) for name in made if name not in selected),
        )
        _require_date_order(text, opened, around)
        return rows, judge.judge(text, rows.flags)

    # One worker: a judge keeps what it has looked up for later batches.
    for rows, verdict in mapped_ahead(judged, opened.rows(), workers=1):
        tally.add(verdict, len(rows.bad_rows))
        bad = _rejected_table(opened, rows, verdict, export)
        if bad.num_rows:
            rejected.write(bad)
            tally.add_reasons(bad)
        keep = verdict.accepted
        if keep.any():
            typed = verdict.typed.select(
                name for name in export.column_types if name in verdict.typed.columns
            )
            all_kept = bool(keep.all())
            frame = rows.frame if all_kept else rows.frame.filter(keep)
            typed = _sealed(typed if all_kept else typed.filter(keep), export, keyed)
            kept = [label for label in unknown if label in told or frame[label].count()]
            told.update(dict.fromkeys(kept))
            typed = typed.with_columns(
                _extras(frame, kept),
                (rows.numbers if all_kept else rows.numbers.filter(keep)).alias("source_row"),
            )
            constants = {**opened.constants, "source_file": file.name}
            table = _lake_table(typed, frame, opened.questions, constants, accepted.schema, export)
            accepted.write(table, typed.select(export.key))
    # Counted by the reader, apart from the tally: an error in either shows as an imbalance.
    tally.files.append(
        replace(
            _file_account(file),
            sha256=file.sha256(),
            rows=opened.rows_read(),
            encoding=opened.encoding,
            header=opened.labels,
        )
    )
    tally.read += opened.rows_read()
    tally.unknown.update(told)
    tally.sealed.update(dict.fromkeys(sealed))
    tally.present.update(dict.fromkeys(columns))


def _timestamp_formats(opened: Reading, around: Surroundings) -> tuple[str, ...]:
    """The formats of a file's date-times; a workbook has its own beside the export's."""
    return _with_sheets_own(
        opened, opened.timestamp_formats or around.timestamp_formats, SHEET_TIMESTAMP_FORMAT
    )


def _date_formats(opened: Reading, around: Surroundings) -> tuple[str, ...]:
    """The same of dates."""
    return _with_sheets_own(opened, around.date_formats, SHEET_DATE_FORMAT)


def _with_sheets_own(opened: Reading, forms: tuple[str, ...], own: str) -> tuple[str, ...]:
    return (own, *forms) if opened.file.is_workbook and own not in forms else forms


def _require_date_order(text: pl.DataFrame, opened: Reading, around: Surroundings) -> None:
    """Refuse dates that may be read two ways, unless it is declared which way they are meant."""
    export = around.export
    if around.settings.date_order or opened.timestamp_formats:
        return
    kinds = {pl.Datetime: export.timestamp_formats, pl.Date: export.date_formats}
    for name, kind in export.column_types.items():
        forms = kinds.get(kind.base_type(), ())
        if name in text.columns and any("%m/%d/" in form for form in forms):
            cells = text[name]
            if cells.dtype == pl.String and cells.str.contains(r"^\s*\d{1,2}/\d{1,2}/\d").any():
                raise no_date_order(opened.file, export.source)


def _zone(opened: Reading, around: Surroundings) -> str:
    if around.export.zone != "file":
        return "UTC"
    zone = opened.zone or around.settings.time_zone
    source = around.export.source
    if zone is None:
        raise FileRefused(
            opened.file.name,
            "no_time_zone",
            "neither the file nor the settings say in which time zone its date-times are",
            f"Set time_zone under [{source}] in sources.toml.",
        )
    try:
        return require_zone(zone, opened.file.name)
    except SettingsError:
        raise FileRefused(
            opened.file.name,
            "unknown_time_zone",
            f"the file states the time zone {zone!r}, which the zone database doesn't know",
            "Export the file again in a zone with an IANA name.",
        ) from None


def _matched_columns(opened: Reading, around: Surroundings) -> dict[str, str]:
    """The file's label for each contract column that it has.

    Raises:
        ColumnMissing: a required column is missing.
    """
    export = around.export
    present = by_fold(opened.labels)
    columns: dict[str, str] = {}
    missing = []
    for name, rule in export.rules.items():
        match = around.label_of(name, present)
        if match is not None:
            columns[name] = match
        elif rule.required:
            missing.append((name, rule.labels[0]))
    if missing:
        name, label = missing[0]
        others = f" (and {len(missing) - 1} more: {', '.join(other for _, other in missing[1:6])})"
        raise ColumnMissing(
            tuple(label for label in opened.labels if fold(label) in around.known),
            opened.file.name,
            f"the required column {label!r} is missing{others if len(missing) > 1 else ''}",
            f"Export it with that column; if it goes by another name, add "
            f'{name} = "…" under [{export.source}.labels.{export.name}] in sources.toml.',
        )
    return columns


def _score_rules(opened: Reading, around: Surroundings) -> list[tuple[ScoreRule, str]]:
    """The scored questions of a file with their columns: declared, or marked by the vendor."""
    declared = {
        (question.survey, question.question_id): ScoreRule.of(question)
        for question in around.declared
        if question.metric != "comment"
    }
    rules = []
    for question in opened.questions:
        survey = question.survey or opened.constants.get("survey", "")
        rule = declared.get((survey, question.question_id))
        if rule is None and question.mark is not None:
            rule = ScoreRule(
                question.question_id, question.mark.scale_min, question.mark.scale_max, {}
            )
        if rule is not None:
            # Several surveys of one file may ask a question of the same id.
            name = question.label if question.survey else rule.question_id
            rules.append((replace(rule, question_id=name), question.label))
    return rules


def _unknown_columns(
    opened: Reading, around: Surroundings, matched: set[str]
) -> tuple[list[str], list[str]]:
    """Labels that the contract doesn't know: those to keep, and those too personal to keep."""
    known = {fold(label) for label in around.export.known}
    known |= {fold(question.label) for question in opened.questions}
    known |= {fold(label) for label in opened.merged}
    unknown = [
        label for label in opened.labels if label not in matched and fold(label) not in known
    ]
    sealed = [
        label
        for label in unknown
        if label in opened.personal
        or personal.is_personal_name(label)
        or personal.PERSONAL_QUESTION.search(label)
    ]
    return [label for label in unknown if label not in sealed], sealed


def _sealed(typed: pl.DataFrame, export: Export, keyed: Pseudonyms) -> pl.DataFrame:
    columns = []
    for name, rule in export.rules.items():
        if rule.personal == "email":
            columns.append(keyed.seal_emails(typed[name]).alias(name))
        elif rule.personal == "emails":
            columns.append(keyed.seal_lists_of_emails(typed[name]).alias(name))
        elif rule.personal == "email_if_address":
            columns.append(keyed.seal_addresses(typed[name]).alias(name))
        elif rule.personal == "name":
            columns.append(keyed.seal_names(typed[name]).alias(name))
    return typed.with_columns(columns)


def _extras(frame: pl.DataFrame, unknown: list[str]) -> pl.Series:
    """Unknown columns as JSON, NULL where all are empty; cells with personal data are blanked."""
    if not unknown:
        return pl.Series("extras", [], dtype=pl.String).extend_constant(None, frame.height)
    kept = frame.select(
        pl.when(~pl.col(label).str.contains(personal.PERSONAL_VALUE)).then(pl.col(label))
        for label in unknown
    )
    return kept.select(
        pl.when(pl.any_horizontal(pl.all().is_not_null()))
        .then(pl.struct(pl.all()).struct.json_encode())
        .alias("extras")
    ).to_series()


def _lake_table(
    typed: pl.DataFrame,
    frame: pl.DataFrame,
    questions: tuple[Question, ...],
    constants: dict[str, str],
    schema: pa.Schema,
    export: Export,
) -> pa.Table:
    table = typed.to_arrow(compat_level=pl.CompatLevel.oldest())
    arrays = []
    for field in schema:
        if field.name in NESTED:
            arrays.append(_answers(frame, questions, set(export.nulls), field.type))
        elif field.name in constants:
            arrays.append(_repeated(constants[field.name], typed.height))
        else:
            arrays.append(table.column(field.name).cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _repeated(text: str, rows: int) -> pa.DictionaryArray:
    """One text in every row, without a copy for each."""
    codes = pa.array(np.zeros(rows, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array([text], pa.string()))


@cache
def _writing_schema(export: Export) -> pa.Schema:
    """The lake's schema with dictionaries for texts of which a file has few different ones."""
    repetitive = {*NESTED, *READER_CONSTANTS, "source_file"}
    return pa.schema(
        field.with_type(_with_dictionaries(field.type)) if field.name in repetitive else field
        for field in lake.lake_schema(export)
    )


def _with_dictionaries(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(_with_dictionaries(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([each.with_type(_with_dictionaries(each.type)) for each in kind])
    return pa.dictionary(pa.int32(), kind) if pa.types.is_string(kind) else kind


def _answers(
    frame: pl.DataFrame, questions: tuple[Question, ...], nulls: set[str], kind: pa.ListType
) -> pa.ListArray:
    """The answered cells of each row as a list of (question_id, value), in the file's order.

    Both are dictionaries: most answers are one of a few, and are looked at once instead of once
    per row.
    """
    cells = [frame[question.label].to_arrow() for question in questions]
    encoded = pa.chunked_array(cells, pa.large_string()).dictionary_encode()
    distinct = encoded.chunk(0).dictionary if cells else pa.array([], pa.string())
    texts = _without_addresses(pl.Series(distinct.cast(pa.string())).str.strip_chars())
    is_answer = np.append(~texts.is_in(["", *nulls]).to_numpy(), False)  # last: the empty cell
    text = np.empty((frame.height, len(questions)), dtype=np.int32)
    for position, chunk in enumerate(encoded.chunks):
        text[:, position] = chunk.indices.fill_null(len(texts)).to_numpy()
    is_answered = is_answer[text]
    offsets = np.zeros(frame.height + 1, dtype=np.int32)
    np.cumsum(np.count_nonzero(is_answered, axis=1), out=offsets[1:])
    question = np.broadcast_to(np.arange(len(questions)), text.shape)
    answers = pa.StructArray.from_arrays(
        [
            _looked_up([question.question_id for question in questions], question[is_answered]),
            _looked_up(texts.to_list(), text[is_answered]),
        ],
        fields=list(kind.value_type),
    )
    return pa.ListArray.from_arrays(pa.array(offsets), answers, type=kind)


def _without_addresses(texts: pl.Series) -> pl.Series:
    """Answers with what people are reached by taken out of them; the rest of the text stays."""
    signs = list(personal.PERSONAL_SIGNS)
    suspects = texts.str.contains_any(signs).arg_true()  # cheap, and seldom true
    if not len(suspects):
        return texts
    found = texts.gather(suspects)
    sealed = found.str.replace_all(personal.PERSONAL_VALUE, personal.SEALED_VALUE)
    return texts.scatter(suspects, sealed)


def _looked_up(texts: list[str], places: np.ndarray) -> pa.DictionaryArray:
    """The texts at the places; what Parquet takes for a dictionary names nothing twice."""
    distinct = pa.array(texts, pa.string()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(
        pa.array(distinct.indices.to_numpy()[places]), distinct.dictionary
    )


def _rejected_table(
    opened: Reading, rows: Rows, verdict: quarantine.Verdict, export: Export
) -> pa.Table:
    if not rows.bad_rows and not verdict.reasons.height:
        return lake.REJECTED_SCHEMA.empty_table()
    records: list[dict[str, Any]] = [
        {
            "source_file": opened.file.name,
            "source_row": bad.row,
            "record_key": None,
            "reasons": [{"column": "", "code": bad.code, "explanation": bad.reason}],
            "raw": json.dumps({"text": bad.text}, ensure_ascii=False),
        }
        for bad in rows.bad_rows
    ]
    if verdict.reasons.height:
        grouped = verdict.reasons.group_by("row", maintain_order=True).agg(
            pl.struct("column", "code", "explanation").alias("reasons")
        )
        index = grouped["row"]
        raw = rows.frame.select(opened.labels)[index].select(
            pl.struct(pl.all()).struct.json_encode()
        )
        keys = verdict.typed[export.key[0]].gather(index).cast(pl.String)
        records += [
            {
                "source_file": opened.file.name,
                "source_row": number,
                "record_key": key if len(export.key) == 1 else None,
                "reasons": reasons,
                "raw": text,
            }
            for number, key, reasons, text in zip(
                rows.numbers.gather(index),
                keys,
                grouped["reasons"].to_list(),
                raw.to_series(),
                strict=True,
            )
        ]
    records.sort(key=lambda record: record["source_row"])
    return pa.Table.from_pylist(records, schema=lake.REJECTED_SCHEMA)


class _Tally:
    """Counts rows as they are placed."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._accepted = 0
        self._rejected = 0
        self._excluded: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self.read = 0
        self.files: list[FileAccount] = []
        self.unknown: dict[str, None] = {}
        self.sealed: dict[str, None] = {}
        self.present: dict[str, None] = {}

    def add(self, verdict: quarantine.Verdict, bad_rows: int) -> None:
        self._accepted += int(verdict.accepted.sum())
        self._rejected += bad_rows + verdict.reasons["row"].n_unique()
        rules = verdict.excluded.drop_nulls()
        if len(rules):
            self._excluded.update(rules.to_list())

    def add_reasons(self, rejected: pa.Table) -> None:
        for reasons in rejected.column("reasons").to_pylist():
            for reason in {(each["column"], each["code"]) for each in reasons}:
                column, code = reason
                self._reasons[f"{column}: {code}" if column else code] += 1

    def account(self, recipe: str, day: date) -> Account:
        return Account(
            self._export.source,
            self._export.name,
            day.isoformat(),
            recipe,
            read=self.read,
            accepted=self._accepted,
            rejected=self._rejected,
            excluded=dict(sorted(self._excluded.items())),
            reasons=dict(sorted(self._reasons.items())),
            unknown_columns=tuple(self.unknown),
            absent_columns=tuple(name for name in self._export.rules if name not in self.present),
            sealed_columns=tuple(self.sealed),
        )


class _Writer:
    """Writes one Parquet file to a temporary name, off the main thread, then renames it."""

    def __init__(self, target: Path, schema: pa.Schema, export: Export | None = None) -> None:
        self.schema = schema
        self._options = _parquet_options(schema, export)
        self._target = target
        self._temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
        self._key_hashes: list[np.ndarray] = []
        self._pending: Future[None] | None = None

    def __enter__(self) -> "_Writer":
        self._thread = ThreadPoolExecutor(1)
        self._parquet = self._open(self._temporary, self.schema)
        return self

    def __exit__(self, *exception: object) -> None:
        self._thread.shutdown()
        self._parquet.close()
        self._temporary.unlink(missing_ok=True)

    def _open(self, path: Path, schema: pa.Schema) -> pq.ParquetWriter:
        return pq.ParquetWriter(path, schema, store_schema=False, **self._options)

    def write(self, table: pa.Table, keys: pl.DataFrame | None = None) -> None:
        """Append rows; `resolve_duplicates` will compare them by their keys."""
        if keys is not None:
            self._key_hashes.append(keys.hash_rows().to_numpy())
        self._wait()
        self._pending = self._thread.submit(self._parquet.write_table, table)

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def finish(self, account: Account) -> None:
        """Close the file with its account in it and put it in its place."""
        self._wait()
        self._parquet.add_key_value_metadata(lake.with_account(account))
        self._parquet.close()
        _brought_to_disk(self._temporary)
        os.replace(self._temporary, self._target)

    def resolve_duplicates(self, export: Export) -> tuple[int, int]:
        """Keep one row per key: the one modified last, among equals the last in file order.

        Keys are compared by 64-bit hashes first (8 bytes a row); only rows whose hash occurs twice
        are looked at again, by their true keys, so that a chance collision loses nothing.

        Returns:
            How many rows went, and how many of those said something else than the row that stays
            without being older.
        """
        self._wait()
        # A long way: on it meanwhile, so that little is left to do in the end.
        self._pending = self._thread.submit(_brought_to_disk, self._temporary)
        hashes = np.concatenate(self._key_hashes) if self._key_hashes else np.empty(0, np.uint64)
        self._key_hashes.clear()
        order = pl.Series(hashes).sort().to_numpy()
        repeated = np.unique(order[1:][order[1:] == order[:-1]])
        del order
        if not len(repeated):
            return 0, 0
        suspects = np.isin(hashes, repeated)
        self._wait()
        self._parquet.close()
        going, conflicts = _losers(self._temporary, suspects, export)
        if len(going):
            thinned = self._temporary.with_suffix(".thinned.tmp")
            self._parquet = self._open(thinned, pq.read_schema(self._temporary))
            stays = np.ones(len(hashes), dtype=bool)
            stays[going] = False
            for first, group in _row_groups(self._temporary, None):
                mask = stays[first : first + group.num_rows]
                self._parquet.write_table(group if mask.all() else group.filter(pa.array(mask)))
            self._temporary.unlink()
            self._temporary = thinned
        return len(going), conflicts


def _brought_to_disk(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _row_groups(path: Path, columns: list[str] | None) -> Iterator[tuple[int, pa.Table]]:
    """A Parquet file's row groups with the index of their first row."""
    first = 0
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number, columns=columns)
            yield first, group
            first += group.num_rows


def _losers(path: Path, suspects: np.ndarray, export: Export) -> tuple[np.ndarray, int]:
    """The indexes of the rows that give way to another row of the same key, and the conflicts."""
    # What a file asks is in its order of columns, and says nothing about a response; neither does
    # the order of the answers.
    content = [name for name in export.column_types if name != "questions"]
    found = []
    for first, group in _row_groups(path, content):
        index = np.flatnonzero(suspects[first : first + group.num_rows])
        if len(index):
            frame = pl.DataFrame(group.take(pa.array(index))).with_columns(
                pl.col(name).list.eval(_as_text(pl.element())).list.sort()
                for name in content
                if name in NESTED
            )
            found.append(
                frame.select(
                    *export.key,
                    (pl.col(export.modified) if export.modified else pl.lit(0)).alias("=modified"),
                    frame.hash_rows().alias("=content"),
                    pl.Series("=index", index + first),
                )
            )
    keyed = (
        pl.concat(found)
        .sort("=modified", "=index", nulls_last=False)
        .with_columns(
            pl.col("=index", "=modified", "=content").last().over(*export.key).name.suffix(" kept")
        )
        .filter(pl.col("=index") != pl.col("=index kept"))
    )
    conflicts = keyed.filter(
        pl.col("=modified").eq_missing(pl.col("=modified kept"))
        & (pl.col("=content") != pl.col("=content kept"))
    )
    return keyed["=index"].to_numpy(), conflicts.height


def _as_text(answer: pl.Expr) -> pl.Expr:
    """An answer as one text, which sorts."""
    return pl.concat_str(answer.struct.field("question_id", "value"), separator="\x1f")
