"""Pipedrive's lists of deals, persons and organizations, as exported from the list view.

A header is the kind of record and the field's label (`Deal - Value`); fields that somebody made,
and the words of another language, are told under `[pipedrive.labels.deals]` in `sources.toml`. A
list holds the columns that it shows: the record's own `ID` has to be one of them. Records name one
another; ids of what they belong to are columns to add. A cell may hold several addresses, with
commas between them. Times are in the zone of whoever exported
(`time_zone` in `sources.toml`), who exports only what they may see, so that a record which a
delivery doesn't hold is no deletion.
"""

import pandera.polars as pa

from pipelines.contracts.contract import Money, Timestamp, column, export, labels

ID = r"^\d+$"
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")


@export(
    "pipedrive",
    "organizations",
    files=("*organization*.csv", "*organisation*.csv"),
    key=("organization_id",),
    delivery="window",
    timestamp_formats=FORMATS,
    zone="file",
    known=labels(
        """
        Organization - Owner, Organization - Label, Organization - Labels, Organization - Address,
        Organization - Full/combined address of Address, Organization - Website,
        Organization - LinkedIn profile, Organization - City/town/village/locality of Address,
        Organization - State/county of Address, Organization - Region of Address,
        Organization - ZIP/Postal code of Address, Organization - Annual revenue,
        Organization - Number of employees, Organization - People, Organization - Open deals,
        Organization - Closed deals, Organization - Won deals, Organization - Lost deals,
        Organization - Activities to do, Organization - Next activity date,
        Organization - Last activity date, Organization - Visible to
        """
    ),
)
class PipedriveOrganizations(pa.DataFrameModel):
    """One row per organization and delivery."""

    organization_id: str = column(
        "Organization - ID", "Organization - Pipedrive System ID", nullable=False, str_matches=ID
    )
    name_pseudonym: str = column("Organization - Name", personal="name")
    segment: str = column("Organization - Segment", required=False)
    industry: str = column("Organization - Industry", required=False)
    country: str = column(
        "Organization - Country of Address", "Organization - Country", required=False
    )
    created_at: Timestamp = column(
        "Organization - Organization created", "Organization - Created", nullable=False
    )
    modified_at: Timestamp = column("Organization - Update time", required=False)


@export(
    "pipedrive",
    "persons",
    files=("*people*.csv", "*person*.csv"),
    key=("person_id",),
    delivery="window",
    timestamp_formats=FORMATS,
    zone="file",
    known=labels(
        """
        Person - Name, Person - First name, Person - Last name, Person - Job title, Person - Owner,
        Person - Label, Person - Labels, Person - Phone, Person - Phone - Work,
        Person - Phone - Home, Person - Phone - Mobile, Person - Phone - Other,
        Person - Instant messenger, Person - Notes,
        Person - Postal address, Person - Full/combined address of Postal address,
        Person - City/town/village/locality of Postal address,
        Person - State/county of Postal address, Person - Region of Postal address,
        Person - ZIP/Postal code of Postal address, Person - Open deals, Person - Closed deals,
        Person - Won deals, Person - Lost deals, Person - Activities to do,
        Person - Next activity date, Person - Last activity date, Person - Birthday,
        Person - Visible to, Person - Marketing status
        """
    ),
)
class PipedrivePersons(pa.DataFrameModel):
    """One row per person and delivery."""

    person_id: str = column(
        "Person - ID", "Person - Pipedrive System ID", nullable=False, str_matches=ID
    )
    email_pseudonyms: str = column(
        "Person - Email - Work", "Person - Email (Work)", "Person - Email", personal="emails"
    )
    home_email_pseudonyms: str = column(
        "Person - Email - Home", "Person - Email (Home)", required=False, personal="emails"
    )
    other_email_pseudonyms: str = column(
        "Person - Email - Other", "Person - Email (Other)", required=False, personal="emails"
    )
    organization_id: str = column("Person - Organization ID", required=False, str_matches=ID)
    organization_name_pseudonym: str = column(
        "Person - Organization", required=False, personal="name"
    )
    country: str = column("Person - Country of Postal address", required=False)
    created_at: Timestamp = column("Person - Person created", "Person - Created", nullable=False)
    modified_at: Timestamp = column("Person - Update time", required=False)


@export(
    "pipedrive",
    "deals",
    files=("*deal*.csv",),
    key=("deal_id",),
    delivery="window",
    timestamp_formats=FORMATS,
    zone="file",
    known=labels(
        """
        Deal - Title, Deal - Owner, Deal - Creator, Deal - Contact person, Deal - Lost reason,
        Deal - Label, Deal - Probability, Deal - Weighted value,
        Deal - Currency of Weighted value, Deal - Expected close date, Deal - Last stage change,
        Deal - Last activity date, Deal - Next activity date, Deal - Last email received,
        Deal - Last email sent, Deal - Total activities, Deal - Done activities,
        Deal - Activities to do, Deal - Email messages count, Deal - Product name,
        Deal - Product quantity, Deal - Product amount, Deal - MRR, Deal - ARR, Deal - ACV,
        Deal - Source origin, Deal - Source channel, Deal - Visible to, Deal - Participants,
        Organization - Name, Person - Name
        """
    ),
)
class PipedriveDeals(pa.DataFrameModel):
    """One row per deal and delivery."""

    deal_id: str = column("Deal - ID", "Deal - Pipedrive System ID", nullable=False, str_matches=ID)
    pipeline: str = column("Deal - Pipeline", required=False)
    stage: str = column("Deal - Stage", "Deal - Stage (pipeline)", required=False)
    status: str = column("Deal - Status", nullable=False)
    deal_type: str = column("Deal - Type", "Deal - Deal type", required=False)
    amount: Money = column("Deal - Value", required=False)
    currency: str = column(
        "Deal - Currency of Value", "Deal - Currency", required=False, str_matches=r"^[A-Z]{3}$"
    )
    organization_id: str = column(
        "Deal - Organization ID", "Organization - ID", required=False, str_matches=ID
    )
    organization_name_pseudonym: str = column(
        "Deal - Organization", required=False, personal="name"
    )
    person_id: str = column(
        "Deal - Contact person ID", "Person - ID", required=False, str_matches=ID
    )
    email_pseudonyms: str = column(
        "Person - Email - Work",
        "Person - Email (Work)",
        "Person - Email",
        required=False,
        personal="emails",
    )
    created_at: Timestamp = column("Deal - Deal created", "Deal - Created", nullable=False)
    won_at: Timestamp = column("Deal - Won time", required=False)
    lost_at: Timestamp = column("Deal - Lost time", required=False)
    closed_at: Timestamp = column("Deal - Deal closed on", "Deal - Closed on", required=False)
    modified_at: Timestamp = column("Deal - Update time", required=False)
