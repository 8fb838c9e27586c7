"""Exports of service desks."""

from pipelines.contracts.zendesk import ZendeskTickets
from pipelines.defs.landed import landed

zendesk_tickets = landed(ZendeskTickets)
