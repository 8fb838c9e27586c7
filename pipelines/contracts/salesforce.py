"""Salesforce's weekly data export (`WE_….ZIP` or its bare CSVs).

Every cell quoted, API names as headers, GMT without a zone, `000000000000000AAA` for an empty
lookup, deleted rows marked. Each delivery holds every record.
"""

import pandera.polars as pa
import polars as pl

from pipelines.contracts.contract import Money, Timestamp, column, export, labels

NO_RECORD = "000000000000000AAA"
ID = r"^[0-9A-Za-z]{18}$"

_ADDRESS_PARTS = (
    "Street",
    "City",
    "State",
    "PostalCode",
    "Country",
    "StateCode",
    "CountryCode",
    "Latitude",
    "Longitude",
    "GeocodeAccuracy",
)


def _address(prefix: str, *kept: str) -> tuple[str, ...]:
    return tuple(f"{prefix}{part}" for part in _ADDRESS_PARTS if part not in kept)


@export(
    "salesforce",
    "account",
    files=("Account.csv",),
    key=("id",),
    modified="system_modstamp",
    delivery="full",
    nulls=(NO_RECORD,),
    known=(
        *labels(
            """
            Name, RecordTypeId, Phone, Fax, AccountNumber, Website, Sic, AnnualRevenue,
            NumberOfEmployees, Ownership, TickerSymbol, Description, Rating, Site, CreatedById,
            LastModifiedById, LastActivityDate, IsExcludedFromRealign, Jigsaw, JigsawCompanyId,
            AccountSource, SicDesc, OperatingHoursId, PersonEmail, IsPersonAccount
            """
        ),
        *_address("Billing", "Country", "CountryCode"),
        *_address("Shipping"),
    ),
)
class SalesforceAccount(pa.DataFrameModel):
    """One row per account (a company, or a person account) and delivery."""

    id: str = column("Id", salesforce_id=True, nullable=False, str_matches=ID)
    is_deleted: bool = column("IsDeleted", nullable=False)
    master_record_id: str = column("MasterRecordId", required=False, salesforce_id=True)
    parent_id: str = column("ParentId", required=False, salesforce_id=True)
    type: str = column("Type", required=False)
    industry: str = column("Industry", required=False)
    segment: str = column("Segment__c", "Customer_Segment__c", "Tier__c", required=False)
    billing_country_code: str = column("BillingCountryCode", required=False)
    billing_country: str = column("BillingCountry", required=False)
    currency_iso_code: str = column("CurrencyIsoCode", required=False, str_matches=r"^[A-Z]{3}$")
    owner_id: str = column("OwnerId", required=False, salesforce_id=True)
    created_date: Timestamp = column("CreatedDate", nullable=False)
    last_modified_date: Timestamp = column("LastModifiedDate", required=False)
    system_modstamp: Timestamp = column("SystemModstamp", nullable=False)


@export(
    "salesforce",
    "contact",
    files=("Contact.csv",),
    key=("id",),
    modified="system_modstamp",
    delivery="full",
    nulls=(NO_RECORD,),
    known=(
        *labels(
            """
            Salutation, FirstName, LastName, MiddleName, Suffix, Name, RecordTypeId, Phone, Fax,
            MobilePhone, HomePhone, OtherPhone, AssistantPhone, ReportsToId, Title, Department,
            AssistantName, LeadSource, Birthdate, Description, CurrencyIsoCode, HasOptedOutOfFax,
            DoNotCall, CreatedById, LastModifiedById, LastActivityDate, LastCURequestDate,
            LastCUUpdateDate, EmailBouncedReason, EmailBouncedDate, Jigsaw, JigsawContactId,
            Pronouns, GenderIdentity
            """
        ),
        *_address("Other"),
        *_address("Mailing", "CountryCode"),
    ),
)
class SalesforceContact(pa.DataFrameModel):
    """One row per contact (a person at an account) and delivery."""

    id: str = column("Id", salesforce_id=True, nullable=False, str_matches=ID)
    is_deleted: bool = column("IsDeleted", nullable=False)
    master_record_id: str = column("MasterRecordId", required=False, salesforce_id=True)
    account_id: str = column("AccountId", salesforce_id=True)
    email_pseudonym: str = column("Email", personal="email")
    mailing_country_code: str = column("MailingCountryCode", required=False)
    owner_id: str = column("OwnerId", required=False, salesforce_id=True)
    has_opted_out_of_email: bool = column("HasOptedOutOfEmail", required=False)
    created_date: Timestamp = column("CreatedDate", nullable=False)
    last_modified_date: Timestamp = column("LastModifiedDate", required=False)
    system_modstamp: Timestamp = column("SystemModstamp", nullable=False)


@export(
    "salesforce",
    "user",
    files=("User.csv",),
    key=("id",),
    delivery="full",
    nulls=(NO_RECORD,),
    known=labels(
        """
        Username, FirstName, LastName, Name, Alias, Title, LocaleSidKey, Phone, AccountId,
        UserSubtype
        """
    ),
)
class SalesforceUser(pa.DataFrameModel):
    """One row per user (an agent or a manager) and delivery."""

    id: str = column("Id", salesforce_id=True, nullable=False, str_matches=ID)
    email_pseudonym: str = column("Email", personal="email", required=False)
    department: str = column("Department", required=False)
    is_active: bool = column("IsActive", nullable=False)
    time_zone_sid_key: str = column("TimeZoneSidKey", required=False)
    user_role_id: str = column("UserRoleId", required=False, salesforce_id=True)
    employee_number: str = column("EmployeeNumber", required=False)
    manager_id: str = column("ManagerId", required=False, salesforce_id=True)
    user_type: str = column("UserType", required=False)
    contact_id: str = column("ContactId", required=False, salesforce_id=True)
    created_date: Timestamp = column("CreatedDate", required=False)


@export(
    "salesforce",
    "case",
    files=("Case.csv",),
    key=("id",),
    modified="system_modstamp",
    delivery="full",
    nulls=(NO_RECORD,),
    known=labels(
        """
        AssetId, ProductId, EntitlementId, SourceId, BusinessHoursId, SuppliedName,
        SuppliedPhone, SuppliedCompany, Description, CurrencyIsoCode, SlaStartDate,
        IsStopped, StopStartDate, CreatedById, LastModifiedById, ServiceContractId,
        EventsProcessedDate
        """
    ),
)
class SalesforceCase(pa.DataFrameModel):
    """One row per case and delivery."""

    id: str = column("Id", salesforce_id=True, nullable=False, str_matches=ID)
    is_deleted: bool = column("IsDeleted", nullable=False)
    master_record_id: str = column("MasterRecordId", required=False, salesforce_id=True)
    case_number: str = column("CaseNumber", nullable=False)
    contact_id: str = column("ContactId", salesforce_id=True)
    account_id: str = column("AccountId", salesforce_id=True)
    parent_id: str = column("ParentId", required=False, salesforce_id=True)
    supplied_email_pseudonym: str = column("SuppliedEmail", required=False, personal="email")
    type: str = column("Type", required=False)
    status: str = column("Status", nullable=False)
    reason: str = column("Reason", required=False)
    origin: str = column("Origin", required=False)
    subject: str = column("Subject", required=False)
    priority: str = column("Priority", required=False)
    is_closed: bool = column("IsClosed", nullable=False)
    closed_date: Timestamp = column("ClosedDate")
    is_escalated: bool = column("IsEscalated", required=False)
    is_closed_on_create: bool = column("IsClosedOnCreate", required=False)
    owner_id: str = column("OwnerId", salesforce_id=True)
    sla_exit_date: Timestamp = column("SlaExitDate", required=False)
    created_date: Timestamp = column("CreatedDate", nullable=False)
    last_modified_date: Timestamp = column("LastModifiedDate", required=False)
    system_modstamp: Timestamp = column("SystemModstamp", nullable=False)

    @pa.dataframe_check(name="closed_after_created")
    def closed_after_created(cls, data: pa.PolarsData):  # type: ignore[no-untyped-def]  # noqa: N805
        """A case can't be closed before it was opened."""
        return data.lazyframe.select(
            pl.col("closed_date").is_null() | (pl.col("closed_date") >= pl.col("created_date"))
        )


@export(
    "salesforce",
    "case_history",
    files=("CaseHistory2.csv", "CaseHistory.csv"),
    key=("id",),
    modified="last_modified_date",
    delivery="full",
    nulls=(NO_RECORD,),
)
class SalesforceCaseHistory(pa.DataFrameModel):
    """One row per change of a case's owner or status, and delivery."""

    id: str = column("Id", salesforce_id=True, nullable=False, str_matches=ID)
    case_id: str = column("CaseId", salesforce_id=True, nullable=False, str_matches=ID)
    owner_id: str = column("OwnerId", salesforce_id=True)
    status: str = column("Status")
    previous_update: Timestamp = column("PreviousUpdate", required=False)
    last_modified_date: Timestamp = column("LastModifiedDate", nullable=False)
    last_modified_by_id: str = column("LastModifiedById", required=False, salesforce_id=True)
    is_deleted: bool = column("IsDeleted", required=False)


@export(
    "salesforce",
    "case_comment",
    files=("CaseComment.csv",),
    key=("id",),
    modified="system_modstamp",
    delivery="full",
    nulls=(NO_RECORD,),
    known=labels(
        """
        CommunityId, CommentBody, CommentBodyRichtext, LastModifiedById, ConnectionReceivedId,
        ConnectionSentId, CreatorName, CreatorFullPhotoUrl, CreatorSmallPhotoUrl,
        IsNotificationSelected
        """
    ),
)
class SalesforceCaseComment(pa.DataFrameModel):
    """One row per comment on a case, public or internal, and delivery."""

    id: str = column("Id", salesforce_id=True, nullable=False, str_matches=ID)
    is_deleted: bool = column("IsDeleted", nullable=False)
    parent_id: str = column("ParentId", salesforce_id=True, nullable=False, str_matches=ID)
    is_published: bool = column("IsPublished", nullable=False)
    created_by_id: str = column("CreatedById", salesforce_id=True)
    created_date: Timestamp = column("CreatedDate", nullable=False)
    last_modified_date: Timestamp = column("LastModifiedDate", required=False)
    system_modstamp: Timestamp = column("SystemModstamp", nullable=False)


@export(
    "salesforce",
    "email_message",
    files=("EmailMessage.csv",),
    key=("id",),
    modified="system_modstamp",
    delivery="full",
    nulls=(NO_RECORD,),
    known=labels(
        """
        ActivityId, LastModifiedById, TextBody, HtmlBody, Headers, Subject, Name, FromName,
        FromAddress, ValidatedFromAddress, ToAddress, CcAddress, BccAddress, ToIds, CcIds, BccIds,
        HasAttachment, AttachmentIds, ContentDocumentIds, MessageSize, ReplyToEmailMessageId,
        IsPrivateDraft, IsExternallyVisible, MessageIdentifier, ThreadIdentifier,
        ClientThreadIdentifier, IsClientManaged, RelatedToId, IsTracked, IsOpened,
        FirstOpenedDate, LastOpenedDate, EmailTemplateId, EmailRoutingAddressId, AutomationType,
        Source, CurrencyIsoCode
        """
    ),
)
class SalesforceEmailMessage(pa.DataFrameModel):
    """One row per e-mail, received or written, about a case or anything else, and delivery."""

    id: str = column("Id", salesforce_id=True, nullable=False, str_matches=ID)
    is_deleted: bool = column("IsDeleted", nullable=False)
    parent_id: str = column("ParentId", salesforce_id=True)
    incoming: bool = column("Incoming", nullable=False)
    status: str = column("Status", nullable=False)
    is_bounced: bool = column("IsBounced", required=False)
    created_by_id: str = column("CreatedById", salesforce_id=True)
    created_date: Timestamp = column("CreatedDate", nullable=False)
    message_date: Timestamp = column("MessageDate", required=False)
    last_modified_date: Timestamp = column("LastModifiedDate", required=False)
    system_modstamp: Timestamp = column("SystemModstamp", nullable=False)


@export(
    "salesforce",
    "opportunity",
    files=("Opportunity.csv",),
    key=("id",),
    modified="system_modstamp",
    delivery="full",
    nulls=(NO_RECORD,),
    known=labels(
        """
        Name, Description, RecordTypeId, NextStep, LeadSource, CampaignId, ForecastCategory,
        ForecastCategoryName, Pricebook2Id, CreatedById, LastModifiedById, LastActivityDate,
        FiscalQuarter, FiscalYear, Fiscal, ExpectedRevenue, TotalOpportunityQuantity,
        HasOpportunityLineItem, IsPrivate
        """
    ),
)
class SalesforceOpportunity(pa.DataFrameModel):
    """One row per opportunity and delivery."""

    id: str = column("Id", salesforce_id=True, nullable=False, str_matches=ID)
    is_deleted: bool = column("IsDeleted", nullable=False)
    account_id: str = column("AccountId", salesforce_id=True)
    contact_id: str = column("ContactId", required=False, salesforce_id=True)
    type: str = column("Type", required=False)
    stage_name: str = column("StageName", nullable=False)
    amount: Money = column("Amount")
    currency_iso_code: str = column("CurrencyIsoCode", required=False, str_matches=r"^[A-Z]{3}$")
    probability: Money = column("Probability", required=False, ge=0, le=100)
    close_date: pl.Date = column("CloseDate", nullable=False)
    is_closed: bool = column("IsClosed", nullable=False)
    is_won: bool = column("IsWon", nullable=False)
    owner_id: str = column("OwnerId", required=False, salesforce_id=True)
    created_date: Timestamp = column("CreatedDate", nullable=False)
    last_modified_date: Timestamp = column("LastModifiedDate", required=False)
    system_modstamp: Timestamp = column("SystemModstamp", nullable=False)
