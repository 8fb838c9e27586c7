"""The CRM's weekly export: one zip a delivery, every record in it, Latin-1, every cell quoted."""

import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import polars as pl

from pipelines.demo import names
from pipelines.demo.assembly import (
    INVENTED_A_DELIVERY,
    Ledger,
    Sheet,
    assemble,
    delivery_folder,
)
from pipelines.demo.cells import (
    Block,
    Cell,
    Layout,
    choice,
    either,
    header_line,
    moment,
    money,
    quoted_lines,
    salesforce_id,
    write_quoted,
)
from pipelines.demo.company import Company
from pipelines.demo.faults import plan
from pipelines.demo.periods import DAY, NEVER, Calendar, draws
from pipelines.demo.service import CLOSED, QUEUE, STATUSES

SOURCE = "salesforce"
ARCHIVE = "WE_00D8a000000XyZ1EAK_1.ZIP"
ENCODING = "latin-1"
COMPRESSION_LEVEL = 1

MONTHLY_UP_TO, QUARTERLY_UP_TO = 50_000, 500_000
"""Customers above which full snapshots come each quarter, each half-year: they grow with time."""

NO_RECORD = "000000000000000AAA"
ACCOUNT, CONTACT, USER = "0018a00002", "0038a00003", "0058a00000"
CASE, CASE_EVENT, OPPORTUNITY, GROUP = "5008a00001", "0178a00000", "0068a00004", "00G8a00000"
COMMENT, EMAIL = "00a8a00000", "02s8a00000"

_ADDRESS = (
    "Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode", "Latitude",
    "Longitude", "GeocodeAccuracy",
)  # fmt: skip

ACCOUNT_HEADERS = (
    "Id", "IsDeleted", "MasterRecordId", "Name", "Type", "RecordTypeId", "ParentId",
    *(f"Billing{part}" for part in _ADDRESS), *(f"Shipping{part}" for part in _ADDRESS),
    "Phone", "Fax", "AccountNumber", "Website", "Sic", "Industry", "AnnualRevenue",
    "NumberOfEmployees", "Ownership", "TickerSymbol", "Description", "Rating", "Site",
    "CurrencyIsoCode", "OwnerId", "CreatedDate", "CreatedById", "LastModifiedDate",
    "LastModifiedById", "SystemModstamp", "LastActivityDate", "IsExcludedFromRealign", "Jigsaw",
    "JigsawCompanyId", "AccountSource", "SicDesc", "OperatingHoursId", "Segment__c",
)  # fmt: skip

CONTACT_HEADERS = (
    "Id", "IsDeleted", "MasterRecordId", "AccountId", "Salutation", "FirstName", "LastName",
    "MiddleName", "Suffix", "RecordTypeId", *(f"Other{part}" for part in _ADDRESS),
    *(f"Mailing{part}" for part in _ADDRESS), "Phone", "Fax", "MobilePhone", "HomePhone",
    "OtherPhone", "AssistantPhone", "ReportsToId", "Email", "Title", "Department",
    "AssistantName", "LeadSource", "Birthdate", "Description", "CurrencyIsoCode", "OwnerId",
    "HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall", "CreatedDate", "CreatedById",
    "LastModifiedDate", "LastModifiedById", "SystemModstamp", "LastActivityDate",
    "LastCURequestDate", "LastCUUpdateDate", "EmailBouncedReason", "EmailBouncedDate", "Jigsaw",
    "JigsawContactId", "Pronouns", "GenderIdentity",
)  # fmt: skip

USER_HEADERS = (
    "Id", "Username", "FirstName", "LastName", "Department", "Title", "Email", "IsActive",
    "TimeZoneSidKey", "UserRoleId", "LocaleSidKey", "EmployeeNumber", "ManagerId", "CreatedDate",
)  # fmt: skip

CASE_HEADERS = (
    "Id", "IsDeleted", "MasterRecordId", "CaseNumber", "ContactId", "AccountId", "AssetId",
    "ProductId", "EntitlementId", "SourceId", "BusinessHoursId", "ParentId", "SuppliedName",
    "SuppliedEmail", "SuppliedPhone", "SuppliedCompany", "Type", "Status", "Reason", "Origin",
    "Subject", "Priority", "Description", "IsClosed", "ClosedDate", "IsEscalated",
    "CurrencyIsoCode", "OwnerId", "IsClosedOnCreate", "SlaStartDate", "SlaExitDate", "IsStopped",
    "StopStartDate", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById",
    "SystemModstamp", "ServiceContractId", "EventsProcessedDate", "CSAT_Score__c", "Region__c",
)  # fmt: skip

CASE_HISTORY_HEADERS = (
    "Id", "CaseId", "OwnerId", "Status", "PreviousUpdate", "LastModifiedDate",
    "LastModifiedById", "IsDeleted",
)  # fmt: skip

CASE_COMMENT_HEADERS = (
    "Id", "CommunityId", "ParentId", "IsPublished", "CommentBody", "CreatedById", "CreatedDate",
    "SystemModstamp", "LastModifiedDate", "LastModifiedById", "IsDeleted",
)  # fmt: skip

EMAIL_MESSAGE_HEADERS = (
    "Id", "ParentId", "ActivityId", "CreatedById", "CreatedDate", "LastModifiedDate",
    "LastModifiedById", "SystemModstamp", "TextBody", "HtmlBody", "Headers", "Subject",
    "FromName", "FromAddress", "ToAddress", "CcAddress", "BccAddress", "Incoming",
    "HasAttachment", "Status", "MessageDate", "IsDeleted", "MessageSize",
    "ReplyToEmailMessageId", "IsPrivateDraft", "IsExternallyVisible", "MessageIdentifier",
    "ThreadIdentifier", "ClientThreadIdentifier", "IsClientManaged", "RelatedToId", "IsTracked",
    "FirstOpenedDate", "LastOpenedDate", "IsBounced", "EmailTemplateId",
)  # fmt: skip

OPPORTUNITY_HEADERS = (
    "Id", "IsDeleted", "AccountId", "RecordTypeId", "IsPrivate", "Name", "Description",
    "StageName", "Amount", "Probability", "ExpectedRevenue", "TotalOpportunityQuantity",
    "CloseDate", "Type", "NextStep", "LeadSource", "IsClosed", "IsWon", "ForecastCategory",
    "ForecastCategoryName", "CurrencyIsoCode", "CampaignId", "HasOpportunityLineItem",
    "Pricebook2Id", "OwnerId", "CreatedDate", "CreatedById", "LastModifiedDate",
    "LastModifiedById", "SystemModstamp", "LastActivityDate", "FiscalQuarter", "FiscalYear",
    "Fiscal", "ContactId",
)  # fmt: skip

SUPPORT_ADDRESS = "support@acme.example.com"

ADDED_COLUMN = "Loyalty_Tier__c"
SUPPLIED_EVERY = 33
"""Each so manieth case came by e-mail and names neither contact nor account."""


@dataclass(frozen=True)
class Member:
    """One CSV of the archive.

    Attributes:
        export: the contract's name for it.
        file: its name.
        versions: one row per record and state, with since and until.
        layout: the cell under each header.
        fresh: the cells of a new record's key.
    """

    export: str
    file: str
    versions: pl.DataFrame
    layout: Layout
    fresh: Layout


def crm_deliveries(calendar: Calendar, customers: int) -> list[int]:
    """The months at whose end the CRM delivers; the last is always among them."""
    every = 1 if customers <= MONTHLY_UP_TO else 3 if customers <= QUARTERLY_UP_TO else 6
    return [at for at in range(calendar.months) if (calendar.months - 1 - at) % every == 0]


def account_id(customer: str | pl.Expr) -> pl.Expr:
    """The CRM's id of a customer's account."""
    return salesforce_id(ACCOUNT, customer)


def contact_id(person: str | pl.Expr) -> pl.Expr:
    """The CRM's id of a person."""
    return salesforce_id(CONTACT, person)


def user_id(user: str | pl.Expr) -> pl.Expr:
    """The CRM's id of an agent or leader."""
    return salesforce_id(USER, user)


def case_number(case: str) -> pl.Expr:
    """The number that people quote."""
    return (pl.col(case) + 1001).cast(pl.String).str.zfill(8)


def deliver(landing: Path, company: Company, each: int, seed: int, ledger: Ledger) -> None:
    """Write the CRM's deliveries.

    Args:
        landing: the landing folder.
        company: what to write down.
        each: how many faulty rows of each kind.
        seed: places of the faults.
        ledger: where rows and faults are noted.
    """
    calendar = company.calendar
    chosen = crm_deliveries(calendar, company.customers.height)
    with ExitStack() as stack:
        archives = {
            at: stack.enter_context(
                zipfile.ZipFile(
                    stack.enter_context(
                        delivery_folder(landing, "salesforce", calendar.deliveries[at])
                    )
                    / ARCHIVE,
                    "w",
                    zipfile.ZIP_DEFLATED,
                    compresslevel=COMPRESSION_LEVEL,
                )
            )
            for at in chosen
        }
        pool = stack.enter_context(ThreadPoolExecutor())
        for member in _members(company):
            _deliver_member(member, company, archives, pool, each, seed, ledger)


def _deliver_member(
    member: Member,
    company: Company,
    archives: dict[int, zipfile.ZipFile],
    pool: ThreadPoolExecutor,
    each: int,
    seed: int,
    ledger: Ledger,
) -> None:
    calendar = company.calendar
    chosen = np.array(list(archives))
    rows = member.versions.with_columns(
        pl.Series(
            name, np.searchsorted(chosen, calendar.delivery_of(member.versions[bound].to_numpy()))
        )
        for name, bound in (("from", "since"), ("to", "until"))
    ).filter(pl.col("from") < pl.col("to"))
    changes = np.bincount(rows["from"], minlength=len(chosen) + 1).astype(np.int64)
    changes -= np.bincount(rows["to"], minlength=len(chosen) + 1)
    planned = plan("salesforce", member.export, np.cumsum(changes)[:-1], each)
    rows = rows.with_columns(_lines(rows, member.layout))

    def write(at: int) -> Ledger:
        """One delivery's member; the ledgers are put together in order afterwards."""
        own = Ledger()
        snapshot = rows.filter((pl.col("from") <= at) & (pl.col("to") > at))
        day = calendar.deliveries[chosen[at]]
        file = f"{ARCHIVE}/{member.file}"
        own.note(
            "latin_1_file", "accepted", "salesforce", member.export, day, file,
            rows=snapshot.height,
        )  # fmt: skip
        layout, ready = member.layout, True
        if member.export == "account" and at == len(chosen) - 1 and at:
            layout, ready = _changed_layout(member.layout), False
            for kind, column in (("reordered_columns", ""), ("added_column", ADDED_COLUMN)):
                own.note(
                    kind, "accepted", "salesforce", member.export, day, file, column=column,
                    rows=snapshot.height,
                )  # fmt: skip
        blocks = assemble(
            Sheet(snapshot, layout, member.fresh),
            planned.get(at, []),
            draws(seed, f"salesforce/{member.export} {at}"),
            first_invented=at * INVENTED_A_DELIVERY,
            ledger=own,
            source="salesforce",
            export=member.export,
            day=day,
            file=file,
            ready=ready,
        )
        _write_member(archives[int(chosen[at])], member.file, layout, blocks)
        return own

    for own in pool.map(write, range(len(chosen))):
        ledger.add(own)


def _write_member(
    archive: zipfile.ZipFile, file: str, layout: Layout, blocks: Iterable[Block]
) -> None:
    # Opened by its name, a member is dated 1980 and packed at the archive's level.
    with archive.open(file, "w", force_zip64=True) as target:
        target.write(header_line(layout, quoted=True))
        for block in blocks:
            write_quoted(cast(BinaryIO, target), block, ENCODING)


def _lines(rows: pl.DataFrame, layout: Layout) -> pl.Series:
    parts = [
        quoted_lines(rows.slice(start, 200_000), layout) for start in range(0, rows.height, 200_000)
    ]
    return pl.concat(parts) if parts else pl.Series("line", [], dtype=pl.String)


def _changed_layout(layout: Layout) -> Layout:
    """The same columns the other way round, and one that the contract doesn't know."""
    tier = either(pl.col("segment") == 0, "Silver", "Gold")
    return {ADDED_COLUMN: tier, **dict(reversed(list(layout.items())))}


def _layout(headers: tuple[str, ...], cells: Layout) -> dict[str, Cell]:
    surplus = set(cells) - set(headers)
    if surplus:
        raise KeyError(f"no such columns: {sorted(surplus)}")
    return {header: cells.get(header, "") for header in headers}


def _members(company: Company) -> Iterable[Member]:
    yield _accounts(company)
    yield _contacts(company)
    yield _users(company)
    yield _cases(company)
    yield _case_history(company)
    yield _case_comments(company)
    yield _email_messages(company)
    yield _opportunities(company)


_CURRENCY = either(pl.col("is_euro"), "EUR", "USD")


def _doubled(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all('"', '""', literal=True)


def _flag(condition: pl.Expr) -> pl.Expr:
    return either(condition, "1", "0")


def _or_none(known: pl.Expr, text: pl.Expr) -> pl.Expr:
    return either(known, text, NO_RECORD)


def _is_held(company: Company) -> pl.Expr:
    """Whether the customer of a row is one of this CRM's, over the column customer; or NULL."""
    return (pl.lit(company.customers["crm"]).gather(pl.col("customer"))) == SOURCE


def _has_desk(company: Company) -> pl.Expr:
    """Whether the case of a row is one of this desk's, over the column case; or NULL."""
    return (pl.lit(company.cases["desk"]).gather(pl.col("case"))) == SOURCE


def _accounts(company: Company) -> Member:
    # Accounts that never became a customer are in no other CRM.
    held = company.account_versions.filter(_is_held(company).fill_null(True))
    versions = held.with_columns(
        pl.lit(company.customers["is_euro"])
        .gather(pl.col("customer"))
        .fill_null(False)
        .alias("is_euro")
    )
    account = pl.col("account")
    first_account = int(cast(int, versions["account"].min()))
    name = pl.concat_str(
        choice(names.COMPANY_NAMES, account % len(names.COMPANY_NAMES)),
        pl.lit(" "),
        choice(names.COMPANY_KINDS, account // 7 % len(names.COMPANY_KINDS)),
    )
    description = (
        pl.when(account % 61 == 0)
        .then(pl.lit("Renewal talks\nstart in spring."))
        .when(account % 97 == 0)
        # Written as UTF-8 and read as Latin-1 once, long ago; its second byte means nothing in
        # Windows-1252.
        .then(pl.lit("Lager in M\u00c3\u0081LAGA"))
        .otherwise(pl.lit(""))
    )
    since = moment("since")
    cells: Layout = {
        "Id": account_id("account"),
        "IsDeleted": _flag(pl.col("is_deleted")),
        "MasterRecordId": either(pl.col("is_deleted"), account_id(account * 0 + first_account), ""),
        "Name": _doubled(name),
        "Type": either(pl.col("customer").is_null(), "Prospect", "Customer"),
        "ParentId": NO_RECORD,
        "BillingStreet": either(account % 50 == 0, "12 Quay St\nUnit 4", "1 Main St"),
        "BillingCity": choice(names.CITIES, "country"),
        "BillingCountry": choice(names.COUNTRY_NAMES, "country"),
        "BillingCountryCode": choice(names.COUNTRY_CODES, "country"),
        "Phone": "+1 555 0100",
        "Website": pl.format("https://customer{}.example.com", "account"),
        "Industry": choice(names.INDUSTRIES, account % len(names.INDUSTRIES)),
        "AnnualRevenue": (account % 90 * 50_000 + 100_000).cast(pl.String),
        "NumberOfEmployees": (account % 900 + 3).cast(pl.String),
        "Description": description,
        "CurrencyIsoCode": _CURRENCY,
        "OwnerId": user_id("owner"),
        "CreatedDate": moment("created"),
        "CreatedById": user_id("owner"),
        "LastModifiedDate": since,
        "LastModifiedById": user_id("owner"),
        "SystemModstamp": since,
        "IsExcludedFromRealign": "0",
        "OperatingHoursId": NO_RECORD,
        "Segment__c": choice(names.SEGMENTS, "segment"),
    }
    return Member(
        "account",
        "Account.csv",
        versions,
        _layout(ACCOUNT_HEADERS, cells),
        {"Id": account_id("invented"), "Name": "Nobody Ltd"},
    )


def _contacts(company: Company) -> Member:
    people = company.people.filter(_is_held(company)).with_columns(
        company.of_customers("is_euro", "country")
    )
    versions = pl.concat(
        [
            people.with_columns(
                pl.col("created").alias("since"),
                pl.col("opted_out_at").alias("until"),
                is_out=False,
            ),
            people.filter(pl.col("opted_out_at") < NEVER).with_columns(
                pl.col("opted_out_at").alias("since"), pl.lit(NEVER).alias("until"), is_out=True
            ),
        ]
    ).sort("person", "since")
    owner = user_id(pl.col("customer") % company.staff.agent_count)
    since = moment("since")
    cells: Layout = {
        "Id": contact_id("person"),
        "IsDeleted": "0",
        "AccountId": account_id("customer"),
        "FirstName": choice(names.FIRST_NAMES, "first"),
        "LastName": choice(names.LAST_NAMES, "last"),
        "MailingCity": choice(names.CITIES, "country"),
        "MailingCountry": choice(names.COUNTRY_NAMES, "country"),
        "MailingCountryCode": choice(names.COUNTRY_CODES, "country"),
        "Phone": pl.format("+1 555 {}", pl.col("person") % 9000 + 1000),
        "ReportsToId": NO_RECORD,
        "Email": pl.col("email"),
        "Title": either(pl.col("person") % 3 == 0, "Operations Lead", ""),
        "CurrencyIsoCode": _CURRENCY,
        "OwnerId": owner,
        "HasOptedOutOfEmail": _flag(pl.col("is_out")),
        "HasOptedOutOfFax": "0",
        "DoNotCall": "0",
        "CreatedDate": moment("created"),
        "CreatedById": owner,
        "LastModifiedDate": since,
        "LastModifiedById": owner,
        "SystemModstamp": since,
    }
    return Member(
        "contact",
        "Contact.csv",
        versions,
        _layout(CONTACT_HEADERS, cells),
        {"Id": contact_id("invented"), "Email": "", "AccountId": NO_RECORD},
    )


def staff_address() -> pl.Expr:
    """The address of a user, over the columns user, first and last."""
    return pl.format(
        "{}.{}.{}@acme.example.com",
        choice([each.translate(names.ASCII).lower() for each in names.FIRST_NAMES], "first"),
        choice([each.translate(names.ASCII).lower() for each in names.LAST_NAMES], "last"),
        "user",
    )


def full_name() -> pl.Expr:
    """The name of a user, over the columns first and last."""
    return pl.concat_str(
        choice(names.FIRST_NAMES, "first"), pl.lit(" "), choice(names.LAST_NAMES, "last")
    )


def employee_number(user: str | pl.Expr) -> pl.Expr:
    """The number by which other systems know a user."""
    number = pl.col(user) if isinstance(user, str) else user
    return pl.format("E-{}", number.cast(pl.String).str.zfill(4))


def _users(company: Company) -> Member:
    staff, calendar = company.staff, company.calendar
    leaders = staff.users.filter("is_leader").select("user", "team")
    stays = pl.concat(
        [
            staff.stays.select(
                "user",
                "team",
                pl.col("since") * DAY,
                ((pl.col("until") + 1) * DAY).fill_null(NEVER).alias("until"),
            ),
            leaders.with_columns(
                since=pl.lit(calendar.start - 365 * DAY, pl.Int64), until=pl.lit(NEVER, pl.Int64)
            ),
        ]
    )
    versions = stays.join(
        staff.users.select("user", "first", "last", "is_leader"), on="user", maintain_order="left"
    ).sort("user", "since")
    address = staff_address()
    cells: Layout = {
        "Id": user_id("user"),
        "Username": address,
        "FirstName": choice(names.FIRST_NAMES, "first"),
        "LastName": choice(names.LAST_NAMES, "last"),
        "Department": "Support",
        "Title": either(pl.col("is_leader"), "Support Team Lead", "Support Agent"),
        "Email": address,
        "IsActive": "1",
        "TimeZoneSidKey": "Europe/Dublin",
        "UserRoleId": NO_RECORD,
        "LocaleSidKey": "en_IE",
        "EmployeeNumber": employee_number("user"),
        "ManagerId": _or_none(~pl.col("is_leader"), user_id(pl.col("team") + staff.agent_count)),
        "CreatedDate": moment(pl.lit(calendar.start - 365 * DAY)),
    }
    return Member("user", "User.csv", versions, _layout(USER_HEADERS, cells), {})


def _cases(company: Company) -> Member:
    cases = company.cases
    held = company.case_events.filter(_has_desk(company))
    versions = held.select(
        "case", "status", "owner", "until", pl.col("moment").alias("since")
    ).with_columns(pl.lit(False).alias("is_deleted"))
    facts = (
        "customer", "person", "created", "kind", "origin", "priority", "subject", "reason", "crm",
    )  # fmt: skip
    versions = versions.with_columns(
        pl.lit(cases[each]).gather(pl.col("case")).alias(each) for each in facts
    )
    versions = pl.concat([versions, _stray_cases(company)], how="diagonal").sort("case", "since")
    customer = pl.col("customer")
    versions = versions.with_columns(
        pl.lit(company.customers["is_euro"]).gather(customer).fill_null(False).alias("is_euro"),
        pl.lit(company.customers["country"]).gather(customer).fill_null(0).alias("country"),
        pl.lit(company.people["email"]).gather(pl.col("person")).alias("email"),
        ((pl.col("crm") != SOURCE).fill_null(True) | (pl.col("case") % SUPPLIED_EVERY == 0)).alias(
            "is_supplied"
        ),
        pl.col("person").fill_null(0),
        pl.col("customer").fill_null(0),
    )
    is_closed = pl.col("status") == CLOSED
    is_taken = pl.col("owner") != QUEUE
    owner = pl.max_horizontal("owner", pl.lit(0))
    since = moment("since")
    cells: Layout = {
        "Id": salesforce_id(CASE, "case"),
        "IsDeleted": _flag(pl.col("is_deleted")),
        "CaseNumber": case_number("case"),
        "ContactId": _or_none(~pl.col("is_supplied"), contact_id("person")),
        "AccountId": _or_none(~pl.col("is_supplied"), account_id("customer")),
        "AssetId": NO_RECORD,
        "EntitlementId": NO_RECORD,
        "ParentId": NO_RECORD,
        "SuppliedEmail": either(pl.col("is_supplied"), pl.col("email"), ""),
        "Type": choice(names.CASE_TYPES, "kind"),
        "Status": choice(STATUSES, "status"),
        "Reason": choice(names.CASE_REASONS, "reason"),
        "Origin": choice(names.CASE_ORIGINS, "origin"),
        "Subject": _doubled(choice(names.CASE_SUBJECTS, "subject")),
        "Priority": choice(names.CASE_PRIORITIES, "priority"),
        "Description": either(pl.col("case") % 40 == 0, "Line one\nLine two, with comma", ""),
        "IsClosed": _flag(is_closed),
        "ClosedDate": either(is_closed, since, ""),
        "IsEscalated": _flag((pl.col("priority") == 2) & (pl.col("case") % 7 == 0)),
        "CurrencyIsoCode": _CURRENCY,
        "OwnerId": either(is_taken, user_id(owner), salesforce_id(GROUP, pl.col("owner") * 0)),
        "IsClosedOnCreate": "0",
        "IsStopped": "0",
        "CreatedDate": moment("created"),
        "CreatedById": user_id(owner),
        "LastModifiedDate": since,
        "LastModifiedById": user_id(owner),
        "SystemModstamp": since,
        "Region__c": choice(names.REGIONS, "country"),
    }
    return Member(
        "case",
        "Case.csv",
        versions,
        _layout(CASE_HEADERS, cells),
        {
            "Id": salesforce_id(CASE, "invented"),
            "CaseNumber": case_number("invented"),
            "ContactId": NO_RECORD,
            "AccountId": NO_RECORD,
            "SuppliedEmail": "",
        },
    )


def _stray_cases(company: Company) -> pl.DataFrame:
    """A few cases that nobody opened: some are deleted and stay as tombstones, some vanish."""
    calendar = company.calendar
    count = 2 * max(1, company.customers.height // 400)
    at = np.arange(count)
    span = calendar.end - calendar.start
    created = calendar.start + span * (at + 1) // (2 * count + 2)
    gone = created + (calendar.end - created) * 2 // 3
    stray = pl.DataFrame(
        {
            "case": company.cases.height + at,
            "status": np.full(count, CLOSED),
            "owner": np.zeros(count, np.int64),
            "since": created,
            "until": gone,
            "is_deleted": False,
            "created": created,
            **{
                each: np.zeros(count, np.int64) for each in ("kind", "origin", "priority", "reason")
            },
            "subject": np.full(count, 6),
        }
    )
    tombstones = stray.head(count // 2).with_columns(
        pl.col("until").alias("since"), pl.lit(NEVER).alias("until"), is_deleted=True
    )
    return pl.concat([stray, tombstones])


def _case_history(company: Company) -> Member:
    versions = company.case_events.filter(_has_desk(company)).with_columns(
        pl.col("moment").alias("since"), pl.lit(NEVER).alias("until")
    )
    owner = pl.max_horizontal("owner", pl.lit(0))
    cells: Layout = {
        "Id": salesforce_id(CASE_EVENT, "event"),
        "CaseId": salesforce_id(CASE, "case"),
        "OwnerId": either(
            pl.col("owner") != QUEUE, user_id(owner), salesforce_id(GROUP, pl.col("owner") * 0)
        ),
        "Status": choice(STATUSES, "status"),
        "PreviousUpdate": moment("previous"),
        "LastModifiedDate": moment("since"),
        "LastModifiedById": user_id(owner),
        "IsDeleted": "0",
    }
    return Member(
        "case_history",
        "CaseHistory2.csv",
        versions,
        _layout(CASE_HISTORY_HEADERS, cells),
        {"Id": salesforce_id(CASE_EVENT, "invented")},
    )


def _case_comments(company: Company) -> Member:
    created, author = moment("created"), user_id("author")
    cells: Layout = {
        "Id": salesforce_id(COMMENT, "comment"),
        "ParentId": salesforce_id(CASE, "case"),
        "IsPublished": _flag(pl.col("is_published")),
        "CommentBody": either(
            pl.col("is_published"),
            'We have looked into it.\nIs it ""working"" now?',
            "Called him, no answer.",
        ),
        "CreatedById": author,
        "CreatedDate": created,
        "SystemModstamp": moment("since"),
        "LastModifiedDate": created,
        "LastModifiedById": author,
        "IsDeleted": _flag(pl.col("is_deleted")),
    }
    return Member(
        "case_comment",
        "CaseComment.csv",
        company.correspondence.comments.filter(_has_desk(company)),
        _layout(CASE_COMMENT_HEADERS, cells),
        {"Id": salesforce_id(COMMENT, "invented")},
    )


def _email_messages(company: Company) -> Member:
    # What sales writes is about no case.
    emails = company.correspondence.emails.filter(_has_desk(company).fill_null(True))
    case = emails["case"].fill_null(0)
    emails = emails.with_columns(
        company.cases["subject"].gather(case).alias("subject"),
        company.people["email"].gather(company.cases["person"].gather(case)).alias("person_email"),
        pl.col("case").fill_null(0),
        has_case=emails["case"].is_not_null(),
    )
    created, author, incoming = moment("created"), user_id("author"), pl.col("is_incoming")
    subject = _doubled(choice(names.CASE_SUBJECTS, "subject"))
    person = pl.col("person_email")
    cells: Layout = {
        "Id": salesforce_id(EMAIL, "email"),
        "ParentId": _or_none(pl.col("has_case"), salesforce_id(CASE, "case")),
        "ActivityId": NO_RECORD,
        "CreatedById": author,
        "CreatedDate": created,
        "LastModifiedDate": created,
        "LastModifiedById": author,
        "SystemModstamp": created,
        "TextBody": either(incoming, "Hello,\nwhat now?", "We have looked into it.\nGreetings"),
        "HtmlBody": either(incoming, "", '<body class=""reply"">We have looked into it.</body>'),
        "Subject": either(incoming, subject, pl.concat_str(pl.lit("RE: "), subject)),
        "FromAddress": either(incoming, person, SUPPORT_ADDRESS),
        "ToAddress": either(incoming, SUPPORT_ADDRESS, person),
        "Incoming": _flag(incoming),
        "HasAttachment": "0",
        "Status": pl.col("status").cast(pl.String),
        "MessageDate": moment("sent"),
        "IsDeleted": "0",
        "MessageSize": "1204",
        "ReplyToEmailMessageId": NO_RECORD,
        "IsPrivateDraft": "0",
        "IsExternallyVisible": "0",
        "IsClientManaged": "0",
        "RelatedToId": NO_RECORD,
        "IsTracked": "0",
        "IsBounced": "0",
        "EmailTemplateId": NO_RECORD,
    }
    return Member(
        "email_message",
        "EmailMessage.csv",
        emails,
        _layout(EMAIL_MESSAGE_HEADERS, cells),
        {"Id": salesforce_id(EMAIL, "invented")},
    )


def _opportunities(company: Company) -> Member:
    held = company.opportunity_versions.filter(_is_held(company))
    versions = held.with_columns(company.of_customers("is_euro", "first_person"))
    is_closed, is_won = pl.col("is_closed"), pl.col("is_closed") & pl.col("is_won")
    closes = pl.from_epoch("closes", time_unit="s")
    since = moment("since")
    cells: Layout = {
        "Id": salesforce_id(OPPORTUNITY, "opportunity"),
        "IsDeleted": "0",
        "AccountId": account_id("customer"),
        "IsPrivate": "0",
        "Name": either(pl.col("is_first"), "First order", "Expansion"),
        "StageName": either(
            is_closed, either(is_won, "Closed Won", "Closed Lost"), "Proposal/Price Quote"
        ),
        "Amount": money("amount"),
        "Probability": either(is_closed, either(is_won, "100", "0"), "40"),
        "CloseDate": closes.dt.strftime("%Y-%m-%d 00:00:00"),
        "Type": either(pl.col("is_first"), "New Business", "Existing Business"),
        "LeadSource": "Web",
        "IsClosed": _flag(is_closed),
        "IsWon": _flag(is_won),
        "ForecastCategory": either(is_closed, "Closed", "Pipeline"),
        "ForecastCategoryName": either(is_closed, "Closed", "Pipeline"),
        "CurrencyIsoCode": _CURRENCY,
        "CampaignId": NO_RECORD,
        "HasOpportunityLineItem": "0",
        "Pricebook2Id": NO_RECORD,
        "OwnerId": user_id("owner"),
        "CreatedDate": moment("created"),
        "CreatedById": user_id("owner"),
        "LastModifiedDate": since,
        "LastModifiedById": user_id("owner"),
        "SystemModstamp": since,
        "FiscalQuarter": closes.dt.quarter().cast(pl.String),
        "FiscalYear": closes.dt.year().cast(pl.String),
        "Fiscal": pl.format("{} {}", closes.dt.year(), closes.dt.quarter()),
        "ContactId": either(pl.col("opportunity") % 4 == 0, contact_id("first_person"), NO_RECORD),
    }
    return Member(
        "opportunity",
        "Opportunity.csv",
        versions,
        _layout(OPPORTUNITY_HEADERS, cells),
        {"Id": salesforce_id(OPPORTUNITY, "invented"), "AccountId": NO_RECORD},
    )
