"""Faults planted in files of every export are found, all of them, and nothing else is."""

from collections import Counter
from collections.abc import Callable
from random import Random

import polars as pl
import pytest

from pipelines.contracts.contract import Export, all_exports
from tests.conftest import TestWarehouse
from tests.made_exports import DECLARED, SETTINGS, Layout, Made, Maker, layouts_of

CLEAN_ROWS = 1_200
FAULTS = 1_000
LAW_ROWS = 120

KINDS_OF_FILE = [
    pytest.param(
        export, layout, id=f"{export.source}/{export.name}{' json' if layout.entry else ''}"
    )
    for export in all_exports()
    for layout in layouts_of(export)
]


def prepared(warehouse: TestWarehouse, export: Export) -> TestWarehouse:
    """A warehouse that knows what the export's files can't tell."""
    (warehouse.home.path / "sources.toml").write_text(f"[{export.source}]\n{SETTINGS}")
    if export.is_survey:
        warehouse.deliver("reference", "survey_questions.csv", DECLARED)
        warehouse.land("reference/survey_questions")
    return warehouse


def landed(warehouse: TestWarehouse, export: Export) -> pl.DataFrame:
    """The accepted rows, without what depends on where rows and columns stood."""
    rows = warehouse.rows(f"{export.source}/{export.name}")
    dropped = [name for name in ("source_file", "source_row", "questions") if name in rows.columns]
    if export.is_survey:
        answers = [
            str(sorted((each["question_id"], each["value"]) for each in response))
            for response in rows["answers"].to_list()
        ]
        rows = rows.with_columns(pl.Series("answers", answers))
    return rows.drop(dropped).sort(export.key)


@pytest.mark.parametrize(("export", "layout"), KINDS_OF_FILE)
def test_1000_planted_faults_are_found_all_of_them_and_no_clean_row_is_touched(
    make_warehouse: Callable[[str], TestWarehouse], export: Export, layout: Layout
) -> None:
    name = f"{export.source}/{export.name}"
    maker, random = Maker(export, layout, seed=1), Random(2)
    clean = [maker.clean(number) for number in range(CLEAN_ROWS)]
    rows = list(clean)
    faults = maker.faults()
    planted: list[Made] = []
    while len(planted) < FAULTS:
        number = CLEAN_ROWS + len(planted)
        planted += [maker.faulty(number, faults[len(planted) % len(faults)])]
        if len(planted) % 10 == 0:
            planted += maker.copies(random.choice(clean))
    rows += planted[:FAULTS]
    random.shuffle(rows)

    warehouse = prepared(make_warehouse("faulty"), export)
    warehouse.deliver(export.source, maker.file_name, maker.file(rows))
    account = warehouse.land(name)
    assert account is not None

    numbered = list(enumerate(rows, start=maker.first_row_number))
    outcomes = Counter(row.fault.outcome if row.fault else "accepted" for row in rows)
    assert account.is_balanced
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (
        len(rows), len(clean), outcomes["rejected"], outcomes["duplicate"],
    )  # fmt: skip
    assert account.conflicts == 0
    assert account.excluded == Counter(
        row.fault.code for row in rows if row.fault and row.fault.outcome == "excluded"
    )

    found: dict[int, set[tuple[str, str]]] = {}
    for row_number, column, code in warehouse.reasons(name):
        found.setdefault(row_number, set()).add((column, code))
    expected: dict[int, tuple[str, str]] = {}
    is_behind_broken_quotes = False
    for row_number, row in numbered:
        code = row.fault.code if row.fault else ""
        if row.fault and row.fault.outcome == "rejected":
            # What isn't sound there may be a part of the row above.
            is_part = is_behind_broken_quotes and code == "wrong_width"
            expected[row_number] = (row.fault.column, "broken_row" if is_part else code)
        is_behind_broken_quotes = code == "text_after_quote" or (
            is_behind_broken_quotes and code in ("wrong_width", "nul_byte")
        )
    assert found.keys() == expected.keys()
    # A key that a reader makes of a cell is missing with it, and what is out of range may break a
    # rule between columns, too.
    made = {(column, "missing") for column in export.key if column not in export.rules}
    between = {("", check.name) for check in export.schema.checks}
    for row_number, reasons in found.items():
        _, code = reason = expected[row_number]
        assert reason in reasons
        assert reasons <= {reason} | made | (between if code == "out_of_range" else set())

    straight = prepared(make_warehouse("clean"), export)
    straight.deliver(export.source, maker.file_name, maker.file(clean))
    account = straight.land(name)
    assert account is not None
    assert (account.read, account.accepted) == (len(clean), len(clean))
    assert landed(warehouse, export).equals(landed(straight, export))


@pytest.mark.parametrize(("export", "layout"), KINDS_OF_FILE)
def test_order_splits_repetition_and_names_of_files_and_columns_change_no_row(
    make_warehouse: Callable[[str], TestWarehouse], export: Export, layout: Layout
) -> None:
    name = f"{export.source}/{export.name}"
    maker, random = Maker(export, layout, seed=3), Random(4)
    clean = [maker.clean(number) for number in range(LAW_ROWS)]
    rows = [*clean, *(copy for row in clean[:50] for copy in maker.copies(row))]

    straight = prepared(make_warehouse("straight"), export)
    straight.deliver(export.source, maker.file_name, maker.file(clean))
    assert straight.land(name) is not None

    other = prepared(make_warehouse("other"), export)
    random.shuffle(rows)
    renamed = maker.file_name.replace("Form", "Another") if export.is_survey else maker.file_name
    for part in range(3):
        header = list(maker.header)
        random.shuffle(header)
        content = maker.file(rows[part::3], header)
        other.deliver(export.source, f"{part}/{renamed}", content)
        other.deliver(export.source, f"again/{part}/{renamed}", content)
    account = other.land(name)
    assert account is not None
    assert account.is_balanced
    assert (account.read, account.accepted) == (2 * len(rows), len(clean))
    assert account.conflicts == 0
    assert landed(other, export).equals(landed(straight, export))
