"""The list of investments: counts by hand."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.exports.files import FileRefused
from tests.conftest import TestWarehouse

LIST = """\
what,cost,currency,from,dimension,value
Support line,120000.50,USD,2025-01-01,country,US
Support line,80000,USD,2025-01-01,country,CA
Support line,0,EUR,2025-06-01,country,US
"""


def test_an_investment_has_a_row_for_each_group_and_each_beginning(
    warehouse: TestWarehouse,
) -> None:
    warehouse.deliver("reference", "cx_investments.csv", LIST)
    account = warehouse.land("reference/cx_investments")
    assert account is not None
    assert (account.read, account.accepted, account.duplicates) == (3, 3, 0)
    first = warehouse.rows("reference/cx_investments").row(0, named=True)
    assert first["investment"] == "Support line"
    assert (first["cost"], first["currency"]) == (Decimal("120000.5000"), "USD")
    assert first["from_date"] == date(2025, 1, 1)
    assert (first["dimension"], first["dimension_value"]) == ("country", "US")


@pytest.mark.parametrize(
    ("row", "culprit"),
    [
        ("Line,-1,USD,2025-01-01,country,US", "cost"),
        ("Line,1,dollars,2025-01-01,country,US", "currency"),
        ("Line,1,USD,,country,US", "from_date"),
        ("Line,1,USD,2025-01-01,region,EMEA", "dimension"),
        ("Line,1,USD,2025-01-01,country,", "dimension_value"),
    ],
)
def test_a_list_with_one_wrong_row_is_refused_naming_the_culprit(
    warehouse: TestWarehouse, row: str, culprit: str
) -> None:
    warehouse.deliver("reference", "cx_investments.csv", f"{LIST}{row}\n")
    with pytest.raises(FileRefused, match=culprit) as refused:
        warehouse.land("reference/cx_investments")
    assert refused.value.code == "too_many_bad_rows"
    assert "cx_investments.csv" in str(refused.value)
