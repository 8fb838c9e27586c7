"""HR's list of employees: each delivery holds all agents and their leaders."""

from pathlib import Path

import numpy as np
import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import Ledger, delivery_folder
from pipelines.demo.cells import Block, Layout, choice, header_line, write_block
from pipelines.demo.company import Company
from pipelines.demo.periods import DAY
from pipelines.demo.salesforce import employee_number, full_name, staff_address

SOURCE = "hr"


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the list for each month, with the teams as they are at its end; nobody leaves."""
    staff, calendar = company.staff, company.calendar
    began = calendar.start // DAY - 365
    layout = _layout(staff.agent_count)
    for at, day in enumerate(calendar.deliveries):
        moments = np.full(staff.users.height, calendar.starts[at + 1] - 1)
        team = staff.team_of(staff.users["user"].to_numpy(), moments)
        rows = staff.users.with_columns(pl.Series("team", team), began=pl.lit(began))
        with (
            delivery_folder(landing, SOURCE, day) as folder,
            (folder / "employees.csv").open("wb") as target,
        ):
            target.write(header_line(layout))
            write_block(target, Block(rows, layout))
        ledger.tally(SOURCE, "employees", day).accepted += rows.height


def _layout(agent_count: int) -> Layout:
    return {
        "Employee ID": employee_number("user"),
        "Name": full_name(),
        "E-mail": staff_address(),
        "Manager ID": pl.when(~pl.col("is_leader")).then(
            employee_number(pl.col("team") + agent_count)
        ),
        "Team": choice(names.TEAM_NAMES, pl.col("team") % len(names.TEAM_NAMES)),
        "Start date": pl.from_epoch("began", time_unit="d").dt.strftime("%Y-%m-%d"),
        "End date": None,
    }
