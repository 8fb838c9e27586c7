"""Dynamics 365's accounts, contacts and cases: *Export to Excel*, static worksheet.

The workbook begins with three columns that Excel hides: the record's id, a checksum and when it
was modified. The others are those of the view, under the labels of the view's language (further
ones: `labels` under `[dynamics]` in `sources.toml`); *Created On* has to be one of them. Records
name what they belong to and give no id of it. Times are in the zone of whoever exported
(`time_zone` there); a view holds what its filter shows, so that a record which a delivery doesn't
hold is no deletion.
"""

import pandera.polars as pa

from pipelines.contracts.contract import Timestamp, column, export, labels

ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
MODIFIED = "(Do Not Modify) Modified On"
COUNTRY = ("Address 1: Country/Region", "Country/Region", "Country")

KNOWN = labels(
    """
    (Do Not Modify) Row Checksum, Owner, Created By, Modified By, Modified On, Description,
    Owning Business Unit
    """
)


@export(
    "dynamics",
    "accounts",
    files=("*account*.csv",),
    key=("account_id",),
    modified="modified_at",
    delivery="window",
    timestamp_formats=FORMATS,
    zone="file",
    known=(
        *KNOWN,
        *labels(
            """
            Status, Status Reason, Main Phone, Phone, Fax, Email, Website, Account Number,
            Primary Contact, Email (Primary Contact) (Contact), Parent Account, Relationship Type,
            Category, Address 1, Address 1: Street 1, Address 1: City, Address 1: State/Province,
            Address 1: ZIP/Postal Code, Street, City, State/Province, ZIP/Postal Code,
            Annual Revenue, Number of Employees, Credit Hold
            """
        ),
    ),
)
class DynamicsAccounts(pa.DataFrameModel):
    """One row per account and delivery."""

    account_id: str = column("(Do Not Modify) Account", nullable=False, str_matches=ID)
    modified_at: Timestamp = column(MODIFIED, nullable=False)
    name_pseudonym: str = column("Account Name", personal="name")
    segment: str = column("Segment", "Account Tier", "Customer Segment", required=False)
    industry: str = column("Industry", required=False)
    country: str = column(*COUNTRY, required=False)
    created_at: Timestamp = column("Created On", nullable=False)


@export(
    "dynamics",
    "contacts",
    files=("*contact*.csv",),
    key=("contact_id",),
    modified="modified_at",
    delivery="window",
    timestamp_formats=FORMATS,
    zone="file",
    known=(
        *KNOWN,
        *labels(
            """
            Status, Status Reason, Full Name, First Name, Middle Name, Last Name, Salutation,
            Job Title, Business Phone, Mobile Phone, Home Phone, Fax, Manager, Birthday, Gender,
            Address 1, Address 1: Street 1, Address 1: City, Address 1: State/Province,
            Address 1: ZIP/Postal Code, City, State/Province, ZIP/Postal Code,
            Preferred Method of Contact
            """
        ),
    ),
)
class DynamicsContacts(pa.DataFrameModel):
    """One row per contact and delivery."""

    contact_id: str = column("(Do Not Modify) Contact", nullable=False, str_matches=ID)
    modified_at: Timestamp = column(MODIFIED, nullable=False)
    email_pseudonym: str = column("Email", "Email Address", "E-mail", personal="email")
    company_name_pseudonym: str = column(
        "Company Name", "Account Name", required=False, personal="name"
    )
    country: str = column(*COUNTRY, required=False)
    created_at: Timestamp = column("Created On", nullable=False)


@export(
    "dynamics",
    "cases",
    files=("*case*.csv",),
    key=("case_id",),
    modified="modified_at",
    delivery="window",
    timestamp_formats=FORMATS,
    zone="file",
    known=(
        *KNOWN,
        *labels(
            """
            Case Title, Subject, Contact, Primary Contact, Responsible Contact, Product,
            Entitlement, Is Escalated, First Response By, First Response Sent,
            First Response In KPI, Resolve By KPI, SLA, Follow Up By, Satisfaction, Parent Case
            """
        ),
    ),
)
class DynamicsCases(pa.DataFrameModel):
    """One row per case and delivery."""

    case_id: str = column("(Do Not Modify) Case", nullable=False, str_matches=ID)
    modified_at: Timestamp = column(MODIFIED, nullable=False)
    case_number: str = column("Case Number", nullable=False)
    status: str = column("Status", nullable=False, str_matches=r"^(?i:active|resolved|cancell?ed)$")
    status_reason: str = column("Status Reason", required=False)
    priority: str = column("Priority", required=False)
    channel: str = column("Origin", "Case Origin", required=False)
    case_type: str = column("Case Type", required=False)
    customer_name_pseudonym: str = column("Customer", required=False, personal="name")
    email_pseudonym: str = column(
        "Email (Customer) (Contact)",
        "Email (Contact) (Contact)",
        "Email (Primary Contact) (Contact)",
        "Email Address",
        required=False,
        personal="email",
    )
    created_at: Timestamp = column("Created On", nullable=False)
    resolved_at: Timestamp = column("Resolved On", required=False)
    resolve_by_at: Timestamp = column("Resolve By", required=False)
