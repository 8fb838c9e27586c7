"""Exports of CRM systems."""

from pipelines.contracts.dynamics import DynamicsAccounts, DynamicsCases, DynamicsContacts
from pipelines.contracts.hubspot import (
    HubspotCompanies,
    HubspotContacts,
    HubspotDeals,
    HubspotTickets,
)
from pipelines.contracts.pipedrive import (
    PipedriveDeals,
    PipedriveOrganizations,
    PipedrivePersons,
)
from pipelines.contracts.salesforce import (
    SalesforceAccount,
    SalesforceCase,
    SalesforceCaseComment,
    SalesforceCaseHistory,
    SalesforceContact,
    SalesforceEmailMessage,
    SalesforceOpportunity,
    SalesforceUser,
)
from pipelines.contracts.salesforce_queries import (
    SalesforceAccountQuery,
    SalesforceCaseQuery,
    SalesforceContactQuery,
    SalesforceOpportunityQuery,
    SalesforceUserQuery,
)
from pipelines.contracts.salesforce_reports import SalesforceCaseReport
from pipelines.defs.landed import landed

salesforce_account = landed(SalesforceAccount)
salesforce_contact = landed(SalesforceContact)
salesforce_user = landed(SalesforceUser)
salesforce_case = landed(SalesforceCase)
salesforce_case_history = landed(SalesforceCaseHistory)
salesforce_case_comment = landed(SalesforceCaseComment)
salesforce_email_message = landed(SalesforceEmailMessage)
salesforce_opportunity = landed(SalesforceOpportunity)

salesforce_account_query = landed(SalesforceAccountQuery)
salesforce_contact_query = landed(SalesforceContactQuery)
salesforce_user_query = landed(SalesforceUserQuery)
salesforce_case_query = landed(SalesforceCaseQuery)
salesforce_opportunity_query = landed(SalesforceOpportunityQuery)

salesforce_case_report = landed(SalesforceCaseReport)

hubspot_companies = landed(HubspotCompanies)
hubspot_contacts = landed(HubspotContacts)
hubspot_deals = landed(HubspotDeals)
hubspot_tickets = landed(HubspotTickets)

dynamics_accounts = landed(DynamicsAccounts)
dynamics_contacts = landed(DynamicsContacts)
dynamics_cases = landed(DynamicsCases)

pipedrive_organizations = landed(PipedriveOrganizations)
pipedrive_persons = landed(PipedrivePersons)
pipedrive_deals = landed(PipedriveDeals)
