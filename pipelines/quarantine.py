"""Which rows break their contract, and why: pandera decides, the mask of bad rows is ours.

Cells are cast first, each failure a reason of its own, because a value that can't be cast would
hide its column's other checks. Nothing is dropped here: every row comes out accepted, rejected
with its reasons, or excluded by a named rule.
"""

import copy
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandera.errors
import pandera.polars as pa
import polars as pl
import pyarrow as arrow
import pyarrow.compute
from pandera.api.polars.types import PolarsData

from pipelines.contracts.contract import Export
from pipelines.exports.reading import DeclaredQuestion

REASON_SCHEMA = {"row": pl.Int64, "column": pl.String, "code": pl.String, "explanation": pl.String}

_CODES = {
    "not_nullable": "missing",
    "isin": "unknown_value",
    "str_matches": "wrong_form",
    "greater_than_or_equal_to": "out_of_range",
    "less_than_or_equal_to": "out_of_range",
    "greater_than": "out_of_range",
    "less_than": "out_of_range",
    "in_range": "out_of_range",
}
_ROW = "*"
"""In pandera, the place of a rule between columns."""

_WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_GUARDED = r"^'[+=@\-0-9]"
# Any byte of a character that isn't ASCII may belong to a space.
_MAY_BE_SPACE = np.array([byte > 127 or chr(byte).isspace() for byte in range(256)])
_ISO, _ISO_LENGTH, _ISO_SPACE = "%Y-%m-%d %H:%M:%S", 19, 10
_QUARTER = 15 * 60 * 1_000_000  # in microseconds
_YEAR_1000 = -30_610_224_000 * 1_000_000  # the same
_KEPT_QUARTERS = 100 * 366 * 24 * 4  # from 1970 to 2070: 28 MB of offsets at the most


@dataclass(frozen=True)
class Verdict:
    """What became of a batch of rows; the three masks are disjoint and cover all rows.

    Attributes:
        typed: the rows in the contract's types, columns as in the contract.
        accepted: Boolean, one per row.
        excluded: String, the rule that leaves the row out, NULL for the others.
        reasons: one row per rejected row and reason: row (index), column, code, explanation.
    """

    typed: pl.DataFrame
    accepted: pl.Series
    excluded: pl.Series
    reasons: pl.DataFrame


@dataclass(frozen=True)
class ScoreRule:
    """The range of a scored question.

    Attributes:
        question_id: the column in the contract's frame.
        lowest: the lowest answer.
        highest: the highest answer.
        choices: the score of each answer that comes as a label.
    """

    question_id: str
    lowest: int
    highest: int
    choices: Mapping[str, int]

    @classmethod
    def of(cls, question: DeclaredQuestion) -> "ScoreRule":
        """The rule of a declared question that has a scale."""
        assert question.scale_min is not None
        assert question.scale_max is not None
        return cls(
            question.question_id, question.scale_min, question.scale_max, dict(question.choices)
        )


class Judge:
    """Casts and validates batches of one file against one contract."""

    def __init__(
        self,
        export: Export,
        *,
        zone: str,
        timestamp_formats: Sequence[str] = (),
        date_formats: Sequence[str] = (),
        scores: Sequence[ScoreRule] = (),
        made: Sequence[str] = (),
    ) -> None:
        """Prepare the schema once for all batches.

        Args:
            export: whose contract it is.
            zone: IANA name of the zone of date-times without an offset.
            timestamp_formats: the file's own formats of date-times, instead of the contract's.
            date_formats: the same of dates.
            scores: the scored questions among the file's columns.
            made: contract columns that are added after validation, such as nested ones.
        """
        self._export = export
        self._zone = zone
        self._forms = tuple(timestamp_formats) or export.timestamp_formats
        self._date_forms = tuple(date_formats) or export.date_formats
        self._clock = ZoneClock(zone)
        self._scores = {rule.question_id: rule for rule in scores}
        columns = {
            name: column for name, column in export.schema.columns.items() if name not in made
        }
        self._types = {name: column.dtype.type for name, column in columns.items()}
        columns |= {
            rule.question_id: pa.Column(
                pl.Int64,
                pa.Check.in_range(rule.lowest, rule.highest),
                nullable=True,
                name=rule.question_id,
            )
            for rule in scores
        }
        self._columns = tuple(columns)
        self._rules = columns
        # polars counts missing values as it goes.
        self._required = [name for name, column in columns.items() if not column.nullable]
        self._checks = [
            *((name, check) for name, column in columns.items() for check in column.checks),
            *((_ROW, check) for check in export.schema.checks),
        ]
        self._untidy_first = _MAY_BE_SPACE.copy()
        self._untidy_first[[ord("'"), *(null.encode()[0] for null in export.nulls if null)]] = True
        self._null_numbers = [
            int(null) for null in export.nulls if re.fullmatch(r"-?\d{1,18}", null)
        ]
        self._salesforce_ids = {name for name, rule in export.rules.items() if rule.salesforce_id}

    def judge(self, text: pl.DataFrame, flags: pl.Series | None = None) -> Verdict:
        """Cast and validate a batch.

        Args:
            text: String columns under the contract's names (scored questions under their ids);
                columns that are not String are taken as typed already.
            flags: a reason code for rows that are wrong whatever they say; None when none is.
        """
        typed, uncast = self._cast(text)
        excluded = self._excluded(typed)
        broken = self._broken(typed)
        if uncast.height:
            # A cell that can't be cast is NULL by now, but it isn't missing, and whether a rule
            # between columns holds nobody knows.
            is_missing, is_between = pl.col("code") == "missing", pl.col("column") == ""
            broken = pl.concat(
                [
                    broken.filter(~is_missing & ~is_between),
                    broken.filter(is_missing).join(uncast, on=["row", "column"], how="anti"),
                    broken.filter(is_between).join(uncast, on="row", how="anti"),
                ]
            )
        reasons = pl.concat([uncast, broken]).unique(maintain_order=True)
        if flags is not None:
            flagged = _flagged(flags)
            reasons = pl.concat([flagged, reasons.join(flagged, on="row", how="anti")])
        if reasons.height:
            left_out = pl.DataFrame({"row": excluded.is_not_null().arg_true().cast(pl.Int64)})
            reasons = reasons.join(left_out, on="row", how="anti", maintain_order="left")
        bad = pl.repeat(False, typed.height, dtype=pl.Boolean, eager=True)
        if reasons.height:
            bad = bad.scatter(reasons["row"].unique(), True)
        return Verdict(typed, ~bad & excluded.is_null(), excluded, reasons)

    def _excluded(self, typed: pl.DataFrame) -> pl.Series:
        rules = self._export.excluded
        if not rules or not typed.height:
            return pl.repeat(None, typed.height, dtype=pl.String, eager=True)
        return typed.select(
            pl.coalesce(
                *(pl.when(rule).then(pl.lit(name)) for name, rule in rules.items()),
                pl.lit(None, dtype=pl.String),
            ).alias("excluded")
        ).to_series()

    def _cast(self, text: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        kinds = {
            name: pl.Int64() if name in self._scores else self._types[name]
            for name in self._columns
            if name in text.columns
        }
        columns = {
            name: self._values(text[name], kind)
            if text[name].dtype == pl.String
            else text[name].cast(kind)
            for name, kind in kinds.items()
            if kind != pl.String
        }
        # Tidying is dear, and what isn't text seldom needs it. A choice may be a number, too.
        uncast = [
            name
            for name, values in columns.items()
            if values.null_count() > text[name].null_count()
            or self._may_be_null(values)
            or (name in self._scores and self._scores[name].choices)
        ]
        strings = [name for name, kind in kinds.items() if kind == pl.String]
        tidied = self._tidied(text.select(*strings, *uncast))
        reasons = [pl.DataFrame(schema=REASON_SCHEMA)]
        for name in uncast:
            cells, kind = tidied[name], kinds[name]
            if name in self._scores:
                cells = cells.replace(self._scores[name].choices)
            columns[name] = self._values(cells, kind)
            if columns[name].null_count() > cells.null_count():
                reasons.append(_uncast(name, cells, columns[name], kind))
        for name in strings:
            is_id = name in self._salesforce_ids
            columns[name] = _eighteen_characters(tidied[name]) if is_id else tidied[name]
        typed = pl.DataFrame(columns).select(
            pl.col(name) if name in columns else pl.lit(None, dtype=self._types[name]).alias(name)
            for name in self._columns
        )
        return typed, pl.concat(reasons)

    def _may_be_null(self, values: pl.Series) -> bool:
        """Whether a whole number is one that means "nothing", such as Qualtrics' -99."""
        return bool(self._null_numbers) and bool(
            values.dtype == pl.Int64 and values.is_in(self._null_numbers).any()
        )

    def _tidied(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Cells without surrounding space, the source's nulls and the guard against formulas.

        Spreadsheets run what begins with `=`, `+`, `-` or `@`; some vendors put `'` before it.
        """
        nulls = ["", *self._export.nulls]
        untidy = [cells.name for cells in cells if self._may_be_untidy(cells)]
        stripped = cells.with_columns(pl.col(untidy).str.strip_chars())
        # Looking for what is rare is cheap, putting it right is not.
        has_null = _columns_with(stripped.select(untidy), pl.all().is_in(nulls))
        has_guard = _columns_with(stripped.select(untidy), pl.all().str.starts_with("'"))
        return stripped.with_columns(pl.col(has_null).replace(nulls, None)).with_columns(
            pl.when(pl.col(has_guard).str.contains(_GUARDED))
            .then(pl.col(has_guard).str.slice(1))
            .otherwise(pl.col(has_guard))
        )

    def _may_be_untidy(self, cells: pl.Series) -> bool:
        """Whether a cell is empty or, by its first and last byte, may be one that tidying changes.

        Seldom is one, and these two bytes are looked up in a fraction of the time of tidying.
        """
        if (cells.str.len_bytes() == 0).any():
            return True
        text, offsets = _bytes_of(cells)
        if not text.size:
            return False
        first, last = text.take(offsets[:-1], mode="clip"), text.take(offsets[1:] - 1, mode="clip")
        return bool((self._untidy_first[first] | _MAY_BE_SPACE[last]).any())

    def _values(self, cells: pl.Series, kind: pl.DataType) -> pl.Series:
        if kind == pl.Int64:
            return cells.cast(pl.Int64, strict=False)
        if isinstance(kind, pl.Decimal):
            form = rf"^[+-]?\d{{1,{kind.precision - kind.scale}}}(\.\d{{0,{kind.scale}}}0*)?$"
            return cells.set(~cells.str.contains(form), None).cast(kind, strict=False)
        if kind == pl.Boolean:
            words = cells.unique().drop_nulls()
            return cells.replace_strict(
                words,
                pl.Series([_WORDS.get(word.casefold()) for word in words], dtype=pl.Boolean),
                default=None,
                return_dtype=pl.Boolean,
            )
        if kind == pl.Date:
            days = cells.str.replace(r" 00:00(:00)?$", "")
            return _parsed(days, self._date_forms).dt.date()
        if isinstance(kind, pl.Datetime):
            return self._instants(cells)
        raise TypeError(f"{self._export.source}/{self._export.name}: no text becomes a {kind}")

    def _instants(self, cells: pl.Series) -> pl.Series:
        """UTC instants from local or offset date-times; NULL for what no clock has shown."""
        if self._export.zone == "offset":
            return _parsed(cells, self._forms, zone="UTC")
        local = self._local_times(cells)
        return local.dt.replace_time_zone("UTC") if self._zone == "UTC" else self._clock(local)

    def _local_times(self, cells: pl.Series) -> pl.Series:
        if _ISO in self._forms and _may_all_be_iso(cells):
            try:  # Arrow's own parser, for the form that nearly every cell has
                times = arrow.compute.cast(cells.to_arrow(), arrow.timestamp("us"))
                return _since_year_1000(pl.Series(times))
            except arrow.ArrowInvalid:
                pass
        return _parsed(cells, self._forms)

    def _suspects(self, typed: pl.DataFrame) -> set[str]:
        """The columns in which something breaks a rule; `_ROW` for a rule between columns.

        All of pandera's checks are asked in one query here. pandera itself asks one by one, and
        makes a report of each, which a small file feels. Types are made sure of in casting.
        """
        rows = typed.lazy()
        outcomes = [
            # What is missing is no value that breaks a rule, unless the rule says so.
            check.get_backend(rows)(check)
            .apply(PolarsData(rows, place))
            .select(pl.all().fill_null(check.ignore_na).all().alias(str(number)))
            for number, (place, check) in enumerate(self._checks)
        ]
        held = pl.concat(outcomes, how="horizontal").collect().row(0) if outcomes else ()
        return {
            *(name for name in self._required if typed[name].null_count()),
            *(place for (place, _), holds in zip(self._checks, held, strict=True) if not holds),
        }

    def _broken(self, typed: pl.DataFrame) -> pl.DataFrame:
        suspects = self._suspects(typed) if typed.height else set()
        if not suspects:
            return pl.DataFrame(schema=REASON_SCHEMA)
        try:
            _narrowed(self._export.schema, self._rules, suspects).validate(typed, lazy=True)
            return pl.DataFrame(schema=REASON_SCHEMA)
        except pandera.errors.SchemaErrors as error:
            cases = error.failure_cases
        nameless = cases.filter(pl.col("index").is_null())
        if nameless.height:  # never about a row: the frame is not what the contract says
            first = nameless.row(0, named=True)
            raise TypeError(
                f"{self._export.source}/{self._export.name}: contract and frame disagree: "
                f"column {first['column']}, check {first['check']}"
            ) from None
        checks = {check: _named(check) for check in cases["check"].unique()}
        reasons: pl.DataFrame = cases.select(
            pl.col("index").cast(pl.Int64).alias("row"),
            pl.when(pl.col("schema_context") == "Column")
            .then(pl.col("column").cast(pl.String))
            .otherwise(pl.lit(""))
            .alias("column"),
            pl.col("check")
            .replace_strict({check: code for check, (code, _) in checks.items()})
            .alias("code"),
            pl.concat_str(
                pl.col("failure_case").cast(pl.String).str.slice(0, 80).fill_null("nothing"),
                pl.lit(" "),
                pl.col("check").replace_strict({check: why for check, (_, why) in checks.items()}),
            ).alias("explanation"),
        )
        return reasons


def _narrowed(
    schema: pa.DataFrameSchema, rules: Mapping[str, pa.Column], places: Collection[str]
) -> pa.DataFrameSchema:
    """The schema with the rules of some columns, and with those between columns if they are told.

    pandera's own methods copy all columns at each step, which a small file feels.
    """
    narrowed = copy.copy(schema)
    narrowed.columns = {name: copy.deepcopy(rule) for name, rule in rules.items() if name in places}
    if _ROW not in places:
        narrowed.checks = []
    return narrowed


def _columns_with(frame: pl.DataFrame, rare: pl.Expr) -> list[str]:
    """The columns in which something holds in at least one row."""
    if not frame.height:
        return []
    return [name for name, found in frame.select(rare.any()).to_dict().items() if found[0]]


def _flagged(flags: pl.Series) -> pl.DataFrame:
    """What the reader said against rows, as reasons that stand alone."""
    return (
        pl.DataFrame({"code": flags})
        .with_row_index("row")
        .drop_nulls("code")
        .select(
            pl.col("row").cast(pl.Int64),
            pl.lit("").alias("column"),
            "code",
            pl.col("code").str.replace_all("_", " ").alias("explanation"),
        )
    )


class ZoneClock:
    """Turns local date-times of one zone into UTC instants.

    Clocks change at quarters of an hour nowadays, so the offset of each quarter that occurs is
    looked up once and kept, instead of asking the zone database for every cell. Only where times
    reach beyond the century that is kept, as do the 1753 and 9999 of "never", is it asked so.
    """

    def __init__(self, zone: str) -> None:
        """Remember the zone (an IANA name)."""
        self._zone = zone
        self._first = 0
        self._shifts = pl.Series([], dtype=pl.Int64)

    def __call__(self, local: pl.Series) -> pl.Series:
        """The UTC instants of local date-times.

        Args:
            local: Datetime in microseconds without a zone.

        Returns:
            Datetime in UTC. A time that the clocks skipped is NULL; one that they showed twice is
            the earlier of the two.
        """
        micros = local.to_physical()
        lowest, highest = micros.min(), micros.max()
        if lowest is None or highest is None:
            return local.dt.replace_time_zone("UTC")
        assert isinstance(lowest, int)
        assert isinstance(highest, int)
        first, last = lowest // _QUARTER, highest // _QUARTER
        if first < 0 or last >= _KEPT_QUARTERS:
            return _in_utc(local, self._zone)
        self._reach(first, last)
        shifts = self._shifts.gather(micros // _QUARTER - self._first)
        return (micros - shifts).cast(pl.Datetime("us", "UTC"))

    def _reach(self, first: int, last: int) -> None:
        """Look up the offsets of the quarters `first` to `last` unless they are known."""
        known_last = self._first + len(self._shifts) - 1
        if len(self._shifts) and self._first <= first and last <= known_last:
            return
        if len(self._shifts):
            first, last = min(first, self._first), max(last, known_last)
        quarters = pl.int_range(first * _QUARTER, (last + 1) * _QUARTER, _QUARTER, eager=True)
        instants = _in_utc(quarters.cast(pl.Datetime("us")), self._zone)
        self._first, self._shifts = first, quarters - instants.to_physical()


def _in_utc(local: pl.Series, zone: str) -> pl.Series:
    return local.dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    ).dt.convert_time_zone("UTC")


def _bytes_of(cells: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of all cells, one behind the other, and where each begins and the last one ends."""
    texts = cells.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, ends, letters = texts.buffers()
    offsets = np.frombuffer(ends, np.int64)[texts.offset :][: len(texts) + 1]
    return np.frombuffer(letters or b"", np.uint8), offsets


def _may_all_be_iso(cells: pl.Series) -> bool:
    """Whether what Arrow takes for date-times among the cells is of the form `_ISO`.

    It also takes those with a `T` instead of the space, which would then count or not by whether
    it can read all that stands beside them.
    """
    if not (cells.str.len_bytes() == _ISO_LENGTH).all():
        return False
    text, offsets = _bytes_of(cells.drop_nulls())
    signs = text[offsets[0] : offsets[-1]].reshape(-1, _ISO_LENGTH)
    return bool((signs[:, _ISO_SPACE] == ord(" ")).all())


def _parsed(cells: pl.Series, forms: Sequence[str], zone: str | None = None) -> pl.Series:
    """Date-times by the first format that fits each cell."""
    parsed = _by_form(cells, forms[0], zone)
    for form in forms[1:]:
        if parsed.null_count() == cells.null_count():
            break
        parsed = parsed.zip_with(parsed.is_not_null(), _by_form(cells, form, zone))
    return parsed


def _by_form(cells: pl.Series, form: str, zone: str | None) -> pl.Series:
    return _since_year_1000(
        cells.str.to_datetime(form, strict=False, time_unit="us", time_zone=zone)
    )


def _since_year_1000(parsed: pl.Series) -> pl.Series:
    """Date-times but those of antiquity: `%Y` takes a year of two digits for one of these."""
    lowest = parsed.to_physical().min()
    if not isinstance(lowest, int) or lowest >= _YEAR_1000:
        return parsed
    return pl.select(pl.when(parsed.to_physical() >= _YEAR_1000).then(parsed)).to_series()


def _uncast(name: str, cells: pl.Series, values: pl.Series, kind: pl.DataType) -> pl.DataFrame:
    """The cells that aren't what their column holds, as reasons."""
    failed = (values.is_null() & cells.is_not_null()).arg_true()
    code = _uncastable(kind)
    words = code.replace("_", " ")
    return pl.DataFrame(
        {
            "row": failed.cast(pl.Int64),
            "column": [name] * len(failed),
            "code": [code] * len(failed),
            "explanation": [
                f"{cell!r} is {words}" for cell in cells.gather(failed).str.slice(0, 80)
            ],
        },
        schema=REASON_SCHEMA,
    )


def _eighteen_characters(ids: pl.Series) -> pl.Series:
    """Salesforce's 15-character ids in their 18-character form, which survives lower case."""
    short = ids.str.len_bytes().eq(15).fill_null(False)
    if not short.any():
        return ids
    distinct = ids.filter(short).unique()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    full = [
        each
        + "".join(
            letters[sum(1 << bit for bit, char in enumerate(each[at : at + 5]) if char.isupper())]
            for at in (0, 5, 10)
        )
        for each in distinct
    ]
    return ids.replace(distinct, pl.Series(full, dtype=pl.String))


def _uncastable(kind: pl.DataType) -> str:
    if kind == pl.Int64:
        return "not_a_whole_number"
    if kind == pl.Boolean:
        return "not_a_boolean"
    if kind == pl.Date:
        return "not_a_date"
    return "not_a_timestamp" if isinstance(kind, pl.Datetime) else "not_a_number"


def _named(check: str) -> tuple[str, str]:
    """Our code and a readable ending for the name that pandera gives a failed check."""
    name, _, arguments = check.partition("(")
    arguments = arguments.removesuffix(")")
    code = _CODES.get(name, name)
    readings = {
        "missing": "where a value is required",
        "out_of_range": f"breaks {name.replace('_', ' ')} {arguments}",
        "unknown_value": f"is none of {arguments}",
        "wrong_form": f"is not of the form {arguments}",
    }
    return code, readings.get(code, f"breaks {re.sub('_', ' ', name)}")
