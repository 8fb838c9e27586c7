"""Results of Salesforce queries, by Bulk API 2.0 or Data Loader: `bulk2_query_Case.csv`.

UTF-8, API names as headers, ISO date-times with `Z` or an offset, `true` and `false`, nothing for
null. The query's author chooses columns, rows and the file's name, so that little is required, a
result never holds every record, and each row speaks for the columns that were asked for alone.
The column `queried_columns` names them as a JSON list; the reader makes it.
"""

from collections.abc import Callable

import pandera.polars as pa

from pipelines.contracts.contract import Money, Timestamp, column, export, export_of
from pipelines.contracts.salesforce import (
    NO_RECORD,
    SalesforceAccount,
    SalesforceCase,
    SalesforceContact,
    SalesforceOpportunity,
    SalesforceUser,
)


def query_files(name: str) -> tuple[str, ...]:
    """Patterns of the files with an object's rows: whole, or numbered parts.

    What follows the object's name is no letter, so that `Case` is not `CaseHistory`.
    """
    return tuple(
        f"{beginning}_{name}{ending}.csv"
        for beginning in ("*query", "bulk*")
        for ending in ("", "[!a-z_]*", "_[0-9]*")
    )


def _query_of(
    weekly: type[pa.DataFrameModel], name: str
) -> Callable[[type[pa.DataFrameModel]], type[pa.DataFrameModel]]:
    """Declare the decorated class as the contract of query results with an object's rows."""
    same = export_of(weekly)
    return export(
        "salesforce",
        f"{same.name}_query",
        files=query_files(name),
        key=same.key,
        modified=same.modified,
        delivery="window",
        reader="salesforce_query",
        timestamp_formats=("%Y-%m-%dT%H:%M:%S%.f%#z",),
        zone="offset",
        nulls=(NO_RECORD,),
        known=same.known,
    )


@_query_of(SalesforceAccount, "Account")
class SalesforceAccountQuery(SalesforceAccount):
    """One row per account that a query found, and delivery."""

    is_deleted: bool = column("IsDeleted", required=False)
    system_modstamp: Timestamp = column("SystemModstamp", required=False)
    queried_columns: str = pa.Field(nullable=False)


@_query_of(SalesforceContact, "Contact")
class SalesforceContactQuery(SalesforceContact):
    """One row per contact that a query found, and delivery."""

    is_deleted: bool = column("IsDeleted", required=False)
    account_id: str = column("AccountId", required=False, salesforce_id=True)
    email_pseudonym: str = column("Email", required=False, personal="email")
    system_modstamp: Timestamp = column("SystemModstamp", required=False)
    queried_columns: str = pa.Field(nullable=False)


@_query_of(SalesforceUser, "User")
class SalesforceUserQuery(SalesforceUser):
    """One row per user that a query found, and delivery."""

    queried_columns: str = pa.Field(nullable=False)


@_query_of(SalesforceCase, "Case")
class SalesforceCaseQuery(SalesforceCase):
    """One row per case that a query found, and delivery."""

    is_deleted: bool = column("IsDeleted", required=False)
    contact_id: str = column("ContactId", required=False, salesforce_id=True)
    account_id: str = column("AccountId", required=False, salesforce_id=True)
    closed_date: Timestamp = column("ClosedDate", required=False)
    owner_id: str = column("OwnerId", required=False, salesforce_id=True)
    system_modstamp: Timestamp = column("SystemModstamp", required=False)
    queried_columns: str = pa.Field(nullable=False)


@_query_of(SalesforceOpportunity, "Opportunity")
class SalesforceOpportunityQuery(SalesforceOpportunity):
    """One row per opportunity that a query found, and delivery."""

    is_deleted: bool = column("IsDeleted", required=False)
    account_id: str = column("AccountId", required=False, salesforce_id=True)
    amount: Money = column("Amount", required=False)
    system_modstamp: Timestamp = column("SystemModstamp", required=False)
    queried_columns: str = pa.Field(nullable=False)
