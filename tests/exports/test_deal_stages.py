"""The list of deals' stages: counts by hand."""

import pytest

from pipelines.exports.files import FileRefused
from tests.conftest import TestWarehouse

LIST = """\
source,pipeline,stage,outcome
hubspot,Renewals Pipeline,Signed,won
hubspot,,Contract Sent,open
hubspot,,Gone,lost
"""


def test_stages_land_and_a_blank_pipeline_means_all(warehouse: TestWarehouse) -> None:
    warehouse.deliver("reference", "deal_stages.csv", LIST)
    account = warehouse.land("reference/deal_stages")
    assert account is not None
    assert (account.read, account.accepted, account.rejected) == (3, 3, 0)
    stages = warehouse.rows("reference/deal_stages").select("pipeline", "stage", "outcome")
    assert stages.rows() == [
        ("Renewals Pipeline", "Signed", "won"),
        (None, "Contract Sent", "open"),
        (None, "Gone", "lost"),
    ]


def test_a_stage_that_is_nothing_of_the_three_refuses_the_list(warehouse: TestWarehouse) -> None:
    warehouse.deliver("reference", "deal_stages.csv", LIST + "hubspot,,Paused,maybe\n")
    with pytest.raises(FileRefused, match="outcome") as refused:
        warehouse.land("reference/deal_stages")
    assert refused.value.code == "too_many_bad_rows"
