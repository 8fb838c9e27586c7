"""The whole demo company: drawn here, topic by topic, before anybody exports anything.

Belongs here: the order of the draws and what comes of them. Does not belong here: how a topic is
drawn (`population.py`, `purchases.py`, …) or how a vendor writes it down (`salesforce.py`, …).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.demo import (
    accounts,
    follow_ups,
    investments,
    population,
    purchases,
    replies,
    service,
    subscriptions,
    surveys,
    training,
)
from pipelines.demo.periods import Array, Calendar
from pipelines.demo.truth import Parameters


@dataclass(frozen=True)
class Company:
    """The whole demo company, before anybody exports anything.

    Frames are numeric: a column named after a thing (`customer`, `person`, `case`) is the row's
    number in that thing's frame, times are seconds since 1970, amounts are cents of the
    customer's currency.

    Attributes:
        calendar: the months.
        parameters: what it was drawn from.
        customers: birth_day, in_crm, segment, country, is_euro, created, first_person,
            people_count.
        people: customer, created, first, last, email, language, in_crm, opted_out_at.
        staff: agents, leaders and teams.
        euro_rates: US dollars per euro by month, the two months before the first included.
        account_versions: one row per account and state: account, customer (NULL for accounts that
            never became one), since, until, segment, country, owner, is_deleted, created.
        opportunity_versions: likewise for deals.
        orders: by time; see `purchases.draw_orders`.
        lines: by order and line number.
        case_events: by case and time; see `service.draw_cases`.
        cases: one row per case.
        correspondence: what is written about cases, agents' replies among it.
        responses: answers to the relationship survey, by the time they were recorded; see
            `investments.pleased`.
        ratings: answers to the support survey, by the time they were recorded; see
            `training.taught`.
        transcripts: which agent took which course; see `training.draw_transcripts`.
        follow_ups: what became of the detractors; see `follow_ups.draw_follow_ups`.
        billing: subscriptions and payments; see `subscriptions.draw_billing`.
    """

    calendar: Calendar
    parameters: Parameters
    customers: pl.DataFrame
    people: pl.DataFrame
    staff: population.Staff
    euro_rates: Array
    account_versions: pl.DataFrame
    opportunity_versions: pl.DataFrame
    orders: pl.DataFrame
    lines: pl.DataFrame
    cases: pl.DataFrame
    case_events: pl.DataFrame
    correspondence: replies.Correspondence
    responses: pl.DataFrame
    ratings: pl.DataFrame
    transcripts: pl.DataFrame
    follow_ups: pl.DataFrame
    billing: subscriptions.Billing

    def of_customers(self, *columns: str) -> list[pl.Expr]:
        """What is known of the customer of each row, over the column customer."""
        return [_beside(self.customers, each, "customer") for each in columns]

    def of_people(self, *columns: str) -> list[pl.Expr]:
        """What is known of the person of each row, over the column person."""
        return [_beside(self.people, each, "person") for each in columns]


def _beside(frame: pl.DataFrame, column: str, number: str) -> pl.Expr:
    return pl.lit(frame[column]).gather(pl.col(number)).alias(column)


def draw_company(customers: int, months: int, seed: int, parameters: Parameters) -> Company:
    """Draw a company: the same arguments give the same company."""
    calendar = Calendar(months)
    who = population.draw_customers(customers, calendar, seed)
    people, who = population.draw_people(who, calendar, seed)
    staff = population.draw_staff(customers, calendar, seed)
    rates = euro_rates(months)
    orders, lines = purchases.draw_orders(who, people, rates, calendar, parameters, seed)
    cases, events = service.draw_cases(who, people, staff, calendar, parameters.service, seed)
    account_versions = accounts.draw_account_versions(who, staff, calendar, seed)
    responses = investments.pleased(
        surveys.draw_responses(people, calendar, parameters.loyalty, seed, customers),
        account_versions,
        calendar,
        parameters.investments,
        seed,
    )
    ratings = surveys.draw_ratings(cases, people, calendar, parameters.service, seed)
    transcripts = training.draw_transcripts(staff, calendar, seed)
    followed = follow_ups.draw_follow_ups(responses, staff, calendar, seed)
    billing = subscriptions.draw_billing(who, responses, followed, calendar, parameters.churn, seed)
    return Company(
        calendar,
        parameters,
        who,
        people,
        staff,
        rates,
        account_versions,
        accounts.draw_opportunity_versions(who, staff, calendar, seed),
        orders,
        lines,
        cases,
        events,
        replies.draw_correspondence(cases, events, customers, calendar, seed),
        responses,
        training.taught(ratings, cases, transcripts, parameters.training, seed),
        transcripts,
        followed,
        billing,
    )


def euro_rates(months: int) -> Array:
    """US dollars per euro, fixed for each month, from two months before the first."""
    return np.round(1.08 + 0.03 * np.sin(np.arange(months + 2) / 3), 4)
