"""HubSpot's exports of records: contacts, companies, tickets, deals.

Headers are the labels of the portal's language and of whoever renamed them (further ones: `labels`
under `[hubspot]` in `sources.toml`); times are the portal's (`time_zone` there); a view exports
what its filter shows, so that a record which a delivery doesn't hold is no deletion. Owners are
named and have no id, so that they don't land.
"""

import pandera.polars as pa

from pipelines.contracts.contract import Money, Timestamp, column, export, labels

ID = r"^\d+$"
IDS = r"^\d+(\s*;\s*\d+)*;?$"
"""Several ids in a cell."""

FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
RECORD_ID = ("Record ID", "ID de registro", "Datensatz-ID", "ID de l'enregistrement")
CREATED = (
    "Create Date",
    "Created Date",
    "Fecha de creación",
    "Erstellungsdatum",
    "Date de création",
)
MODIFIED = ("Last Modified Date", "Object last modified date/time")
MERGED = ("Merged record IDs", "Merged Contact IDs", "Merged Company IDs", "Merged Ticket IDs")


@export(
    "hubspot",
    "contacts",
    files=("*contact*.csv", "*kontakt*.csv"),
    key=("record_id",),
    delivery="window",
    timestamp_formats=FORMATS,
    zone="file",
    known=labels(
        """
        First Name, Last Name, Full Name, Salutation, Phone Number, Mobile Phone Number, Fax Number,
        Contact owner, Last Activity Date, Lead Status,
        Marketing contact status, Associated Company, Preferred channels, Street Address, City,
        State/Region, Postal Code, Job Title, Company Name, Date of birth, Website URL,
        Email Domain, Twitter Username, LinkedIn URL, Vorname, Nachname, Nombre, Apellidos,
        Número de teléfono, Prénom, Nom, Numéro de téléphone, Associated Deal IDs,
        Associated Ticket IDs
        """
    ),
)
class HubspotContacts(pa.DataFrameModel):
    """One row per contact (a person) and delivery."""

    record_id: str = column(*RECORD_ID, nullable=False, str_matches=ID)
    salesforce_contact_id: str = column(
        "Salesforce Contact ID",
        required=False,
        salesforce_id=True,
        str_matches=r"^(003|00Q)[0-9A-Za-z]{15}$",
    )
    email_pseudonym: str = column("Email", "Correo", "E-Mail", "E-mail", personal="email")
    additional_email_pseudonyms: str = column(
        "Additional email addresses", required=False, personal="emails"
    )
    company_id: str = column("Primary Associated Company ID", required=False, str_matches=ID)
    company_ids: str = column("Associated Company IDs", required=False, str_matches=IDS)
    merged_record_ids: str = column(*MERGED, required=False, str_matches=IDS)
    lifecycle_stage: str = column("Lifecycle Stage", required=False)
    country_code: str = column("Country/Region Code", "Country Code", required=False)
    country: str = column("Country/Region", "Country", required=False)
    created_at: Timestamp = column(*CREATED, nullable=False)
    modified_at: Timestamp = column(*MODIFIED, required=False)


@export(
    "hubspot",
    "companies",
    files=("*compan*.csv", "*empresa*.csv", "*unternehmen*.csv", "*entreprise*.csv"),
    key=("record_id",),
    delivery="window",
    timestamp_formats=FORMATS,
    zone="file",
    known=labels(
        """
        Company name, Company owner, Phone Number, Street Address, Street Address 2, City,
        State/Region, Postal Code, Company Domain Name, Website URL, Last Activity Date,
        Description, Annual Revenue, Number of Employees, Associated Contact IDs,
        Associated Contact, Lead Status
        """
    ),
)
class HubspotCompanies(pa.DataFrameModel):
    """One row per company and delivery."""

    record_id: str = column(*RECORD_ID, nullable=False, str_matches=ID)
    salesforce_account_id: str = column(
        "Salesforce Account ID",
        required=False,
        salesforce_id=True,
        str_matches=r"^001[0-9A-Za-z]{15}$",
    )
    merged_record_ids: str = column(*MERGED, required=False, str_matches=IDS)
    segment: str = column("Segment", "Customer Segment", "Customer Tier", "Tier", required=False)
    industry: str = column("Industry", required=False)
    country_code: str = column("Country/Region Code", "Country Code", required=False)
    country: str = column("Country/Region", "Country", required=False)
    lifecycle_stage: str = column("Lifecycle Stage", required=False)
    created_at: Timestamp = column(*CREATED, nullable=False)
    modified_at: Timestamp = column(*MODIFIED, required=False)


@export(
    "hubspot",
    "tickets",
    files=("*ticket*.csv",),
    key=("ticket_id",),
    delivery="window",
    timestamp_formats=FORMATS,
    zone="file",
    known=labels(
        """
        Ticket name, Ticket description, Ticket owner, Last activity date, Associated Contact,
        Associated Company (Primary), Associated Company, Resolution, HubSpot team,
        Last contacted date, Next activity date
        """
    ),
)
class HubspotTickets(pa.DataFrameModel):
    """One row per ticket and delivery."""

    ticket_id: str = column(
        "Ticket ID", "Record ID", "ID del ticket", "Ticket-ID", nullable=False, str_matches=ID
    )
    pipeline: str = column("Pipeline", required=False)
    status: str = column("Ticket status", "Estado del ticket", "Ticketstatus", nullable=False)
    priority: str = column("Priority", "Prioridad", "Priorität", required=False)
    channel: str = column("Source", "Origen", "Quelle", required=False)
    ticket_type: str = column("Category", required=False)
    contact_ids: str = column("Associated Contact IDs", required=False, str_matches=IDS)
    company_id: str = column("Associated Company IDs (Primary)", required=False, str_matches=ID)
    company_ids: str = column("Associated Company IDs", required=False, str_matches=IDS)
    merged_record_ids: str = column(*MERGED, required=False, str_matches=IDS)
    created_at: Timestamp = column("Create date", *CREATED, nullable=False)
    closed_at: Timestamp = column("Close date", "Fecha de cierre", required=False)
    first_reply_at: Timestamp = column(
        "First agent email response date", "First agent response date", required=False
    )
    time_to_close_ms: int = column("Time to close", required=False, ge=0)
    time_to_first_reply_ms: int = column(
        "Time to first agent email reply", "Time to first agent reply", required=False, ge=0
    )
    modified_at: Timestamp = column("Last modified date", *MODIFIED, required=False)


@export(
    "hubspot",
    "deals",
    files=("*deal*.csv", "*negocio*.csv"),
    key=("record_id",),
    delivery="window",
    timestamp_formats=FORMATS,
    zone="file",
    known=labels(
        """
        Deal Name, Deal owner, Associated Company (Primary), Associated Company, Associated Contact,
        Last Activity Date, Deal Description, Next step
        """
    ),
)
class HubspotDeals(pa.DataFrameModel):
    """One row per deal and delivery."""

    record_id: str = column(*RECORD_ID, nullable=False, str_matches=ID)
    pipeline: str = column("Pipeline", required=False)
    stage: str = column("Deal Stage", "Etapa del negocio", "Deal-Phase", nullable=False)
    deal_type: str = column("Deal Type", required=False)
    amount: Money = column("Amount", "Valor", "Betrag", required=False)
    currency: str = column("Currency", "Divisa", required=False, str_matches=r"^[A-Z]{3}$")
    company_id: str = column("Associated Company IDs (Primary)", required=False, str_matches=ID)
    company_ids: str = column("Associated Company IDs", required=False, str_matches=IDS)
    contact_ids: str = column("Associated Contact IDs", required=False, str_matches=IDS)
    created_at: Timestamp = column(*CREATED, nullable=False)
    closed_at: Timestamp = column("Close Date", required=False)
    modified_at: Timestamp = column(*MODIFIED, required=False)
