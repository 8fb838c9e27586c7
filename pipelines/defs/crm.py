"""Exports of CRM systems."""

from pipelines.contracts.salesforce import (
    SalesforceAccount,
    SalesforceCase,
    SalesforceCaseHistory,
    SalesforceContact,
    SalesforceOpportunity,
    SalesforceUser,
)
from pipelines.defs.landed import landed

salesforce_account = landed(SalesforceAccount)
salesforce_contact = landed(SalesforceContact)
salesforce_user = landed(SalesforceUser)
salesforce_case = landed(SalesforceCase)
salesforce_case_history = landed(SalesforceCaseHistory)
salesforce_opportunity = landed(SalesforceOpportunity)
