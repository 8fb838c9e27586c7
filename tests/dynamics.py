"""A sample of Dynamics 365's static worksheets: workbooks as *Export to Excel* writes them."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import openpyxl

NORTHWIND, HARBOR, TWIN_1, TWIN_2 = (
    f"5f0c1a2b-0000-4000-8000-00000000000{number}" for number in range(1, 5)
)
MAYA, LIAM, NOBODY = (f"7a1d2c3b-0000-4000-8000-00000000000{number}" for number in range(1, 4))
DUPLICATE_CHARGE, NO_LOGIN, MERGED = (
    f"9b2e3d4c-0000-4000-8000-00000000000{number}" for number in range(1, 4)
)

ACCOUNTS = "All Accounts 10-02-2025 09-14-33.xlsx"
CONTACTS = "Active Contacts 10-02-2025 09-15-02.xlsx"
CASES = "All Cases 10-02-2025 09-16-40.xlsx"


def worksheet(entity: str, labels: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A static worksheet: three hidden columns first, and a hidden sheet with names of fields."""
    workbook = openpyxl.Workbook()
    names = workbook.active
    names.title, names.sheet_state = "hiddenSheet", "hidden"
    names.append([f'{{"{entity}":"{entity.lower()}id"}}', "anything"])
    sheet = workbook.create_sheet(f"All {entity}s")
    ours = (entity, "Row Checksum", "Modified On")
    sheet.append([*(f"(Do Not Modify) {each}" for each in ours), *labels])
    for row in rows:
        sheet.append(list(row))
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, datetime):
                cell.number_format = "m/d/yyyy h:mm"
    for column in "ABC":
        sheet.column_dimensions[column].hidden = True
    workbook.active = 1
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def accounts() -> bytes:
    """Four accounts, two of them of one name."""
    seen = datetime(2025, 1, 30, 12, 21, 5)
    rows = [
        (NORTHWIND, "Northwind Clínicas", "Colombia", "Healthcare", datetime(2023, 2, 7, 15, 44)),
        (HARBOR, 'Harbor "Fresh" Foods', "Ireland", None, datetime(2024, 5, 19, 6, 5)),
        (TWIN_1, "Twin", None, None, datetime(2024, 6, 1)),
        (TWIN_2, "TWIN", None, None, datetime(2024, 6, 2)),
    ]
    return worksheet(
        "Account",
        ("Account Name", "Address 1: Country/Region", "Industry", "Created On", "Owner"),
        [(key, "rZ8x==", seen, *cells, "Ana Ruiz") for key, *cells in rows],
    )


def contacts() -> bytes:
    """Three contacts: of an account, of another one that is written otherwise, and of two."""
    seen = datetime(2025, 1, 30, 12, 21, 5)
    rows = [
        (MAYA, "Maya Okafor", "maya.okafor@example.com", "Northwind Clínicas"),
        (LIAM, "Liam Berg", "Liam.Berg@Example.com", ' harbor "fresh"  foods'),
        (NOBODY, "Kim Roe", None, "Twin"),
    ]
    created = datetime(2024, 5, 19, 6, 5)
    return worksheet(
        "Contact",
        (" Full Name", "Email", "Company Name", "Business Phone", "Created On"),
        [(key, "9kQw==", seen, *cells, "+57 601 555 0101", created) for key, *cells in rows],
    )


def cases() -> bytes:
    """Four cases, the last in a status that no language of ours has; one was merged."""
    rows = [
        (
            DUPLICATE_CHARGE, datetime(2025, 1, 15, 9, 2, 51), "Duplicate charge in January",
            "CAS-01042-R8C5V7", "Resolved", "Problem Solved", "High", "Email",
            "Northwind Clínicas", None, datetime(2025, 1, 14, 4, 12, 33),
            datetime(2025, 1, 15, 9, 2, 51),
        ),
        (
            NO_LOGIN, datetime(2025, 1, 22, 2, 30, 10), "Cannot log in",
            "CAS-01043-T1M9K2", "Active", "Waiting for Details", "Normal", "Web",
            "Liam Berg", "liam.berg@example.com", datetime(2025, 1, 20, 11, 45), None,
        ),
        (
            MERGED, datetime(2025, 1, 22, 2, 30, 10), "Cannot log in",
            "CAS-01044-X4P3B8", "Canceled", "Merged", "Normal", "Web",
            "Liam Berg", "liam.berg@example.com", datetime(2025, 1, 20, 11, 50), None,
        ),
        (
            "9b2e3d4c-0000-4000-8000-000000000004", datetime(2025, 2, 1, 8), "Frage",
            "CAS-01045-Z9Q8W7", "Aktiv", None, "Normal", "Web", "Twin", None,
            datetime(2025, 2, 1, 8), None,
        ),
    ]  # fmt: skip
    return worksheet(
        "Case",
        (
            "Case Title", "Case Number", "Status", "Status Reason", "Priority", "Origin",
            "Customer", "Email (Customer) (Contact)", "Created On", "Resolved On",
        ),
        [(key, "c7A1==", modified, *cells) for key, modified, *cells in rows],
    )  # fmt: skip
