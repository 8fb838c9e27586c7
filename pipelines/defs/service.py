"""Exports of service desks."""

from pipelines.contracts.freshdesk import FreshdeskTickets
from pipelines.contracts.intercom import IntercomConversations
from pipelines.contracts.zendesk import ZendeskTickets
from pipelines.defs.landed import landed

freshdesk_tickets = landed(FreshdeskTickets)
intercom_conversations = landed(IntercomConversations)
zendesk_tickets = landed(ZendeskTickets)
