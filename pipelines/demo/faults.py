"""What is wrong with the demo's deliveries: every kind of fault, and where it is planted.

A bad row is an invented one beside the good rows, never a good one spoilt: what can be recovered
from the accepted rows stays unbiased, and the accepted rows are just the good ones. Belongs here:
the kinds and the plan. Does not belong here: how a row is written (`assembly.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from pipelines.demo.cells import Layout, clock, moment
from pipelines.demo.periods import DAY, HOUR, Array

Outcome = Literal["rejected", "duplicate", "excluded"]

IMPOSSIBLE_TIME = "2025-02-30 10:00:00"

ROWS_A_FAULT = 12_000
"""Customer months for each row of each kind: 10 of each in 5,000 customers × 24 months."""

MOST_OF_A_KIND = 200

FIRST_LIMIT, FURTHER_LIMIT = 0.02, 0.01
"""Rejected rows for each good one: more than 2 % of all rows refuses a delivery. The first row of
each kind may come close to that; further ones stay well away."""


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    Attributes:
        name: what it is called in `truth.json`.
        source: the vendor system.
        export: the kind of file.
        outcome: what landing has to do with such a row.
        column: the contract's column or the question that quarantine names; "" for a whole row.
        code: the reason code in quarantine, or the excluding rule; "" for duplicates.
        cells: the cells that make it one, by header.
        cut: cells left out at the row's end; negative: cells too many.
        ending: text behind the last cell.
        file: which of the export's files can hold it; "" when there is one.
        keeps_key: whether the row keeps the key of the row it is modelled on.
        is_last: whether it can only stand at a file's end, and so once in a delivery.
    """

    name: str
    source: str
    export: str
    outcome: Outcome
    column: str = ""
    code: str = ""
    cells: Layout = field(default_factory=dict)
    cut: int = 0
    ending: str = ""
    file: str = ""
    keeps_key: bool = False
    is_last: bool = False


def _rejected(
    export: str, name: str, column: str, code: str, cells: Layout | None = None, *,
    cut: int = 0, ending: str = "", file: str = "", is_last: bool = False,
) -> Kind:  # fmt: skip
    source, _, bare = export.partition("/")
    return Kind(
        name, source, bare, "rejected", column, code, cells or {}, cut, ending, file,
        is_last=is_last,
    )  # fmt: skip


def _wrong_width(export: str, *, file: str = "") -> tuple[Kind, Kind]:
    return (
        _rejected(export, "too_few_cells", "", "wrong_width", cut=2, file=file),
        _rejected(export, "too_many_cells", "", "wrong_width", cut=-1, file=file),
    )


def _copies(export: str, older: Layout | None = None, *, file: str = "") -> tuple[Kind, ...]:
    """Rows delivered twice; with an older modification time and another content where given."""
    source, _, bare = export.partition("/")
    kinds = [Kind("exact_duplicate", source, bare, "duplicate", file=file, keeps_key=True)]
    if older:
        kinds.append(
            Kind("older_version", source, bare, "duplicate", cells=older, file=file, keeps_key=True)
        )
    return tuple(kinds)


def _excluded(export: str, rule: str, cells: Layout, *, file: str = "") -> Kind:
    source, _, bare = export.partition("/")
    return Kind(rule, source, bare, "excluded", code=rule, cells=cells, file=file)


_HOUR_EARLIER = moment(pl.col("since") - HOUR)
_MODIFIED_EARLIER: Layout = {"LastModifiedDate": _HOUR_EARLIER, "SystemModstamp": _HOUR_EARLIER}


def _modified_earlier(since: str) -> Layout:
    """The cell of Dynamics' modification time, an hour before a moment."""
    return {"(Do Not Modify) Modified On": clock(pl.col(since) - HOUR, "America/Bogota")}


RELATIONSHIP, SUPPORT = "Relationship NPS", "Support CSAT"
LIKELY = "How likely are you to recommend us to a friend or colleague?"
OVERALL = "Overall, how satisfied are you with us?"
SUPPORTED = "Overall, how satisfied were you with the support you received?"
EASY = "The company made it easy to handle my issue."

_RESPONSES = "qualtrics/responses"


def _scores_by_text(source: str, *, has_copies: bool = True) -> tuple[Kind, ...]:
    """The faults of a survey tool that knows a question by its text."""
    export = f"{source}/responses"
    return (
        _rejected(export, "nps_of_11", LIKELY, "out_of_range", {LIKELY: "11"}, file=RELATIONSHIP),
        *_wrong_width(export, file=RELATIONSHIP),
        *(_copies(export, file=RELATIONSHIP) if has_copies else ()),
    )


KINDS: tuple[Kind, ...] = (
    _rejected("salesforce/account", "malformed_id", "id", "wrong_form", {"Id": "0018a00002kHz"}),
    _rejected(
        "salesforce/account", "missing_created_date", "created_date", "missing", {"CreatedDate": ""}
    ),
    _rejected(
        "salesforce/account",
        "neither_deleted_nor_not",
        "is_deleted",
        "not_a_boolean",
        {"IsDeleted": "perhaps"},
    ),
    *_copies("salesforce/account", {"Name": "An older name", **_MODIFIED_EARLIER}),
    _rejected(
        "salesforce/contact", "malformed_id", "id", "wrong_form", {"Id": "0038a-00003pQrSaAA"}
    ),
    *_wrong_width("salesforce/contact"),
    *_copies("salesforce/contact", {"Title": "An older title", **_MODIFIED_EARLIER}),
    _rejected(
        "salesforce/case",
        "closed_before_created",
        "",
        "closed_after_created",
        {"Status": "Closed", "IsClosed": "1", "ClosedDate": "2019-01-01 00:00:00"},
    ),
    _rejected(
        "salesforce/case",
        "impossible_date",
        "system_modstamp",
        "not_a_timestamp",
        {"SystemModstamp": IMPOSSIBLE_TIME},
    ),
    _rejected(
        "salesforce/case", "missing_case_number", "case_number", "missing", {"CaseNumber": ""}
    ),
    *_copies("salesforce/case", {"Subject": "An older subject", **_MODIFIED_EARLIER}),
    _rejected(
        "salesforce/case_history",
        "missing_case",
        "case_id",
        "missing",
        {"CaseId": "000000000000000AAA"},
    ),
    *_copies("salesforce/case_history"),
    _rejected(
        "salesforce/case_comment",
        "missing_case",
        "parent_id",
        "missing",
        {"ParentId": "000000000000000AAA"},
    ),
    *_copies("salesforce/case_comment", {"CommentBody": "An older text", **_MODIFIED_EARLIER}),
    _rejected(
        "salesforce/email_message",
        "neither_received_nor_sent",
        "incoming",
        "not_a_boolean",
        {"Incoming": "maybe"},
    ),
    _rejected(
        "salesforce/email_message",
        "impossible_date",
        "message_date",
        "not_a_timestamp",
        {"MessageDate": IMPOSSIBLE_TIME},
    ),
    *_copies("salesforce/email_message", {"Status": "5", **_MODIFIED_EARLIER}),
    _rejected(
        "salesforce/opportunity",
        "impossible_close_date",
        "close_date",
        "not_a_date",
        {"CloseDate": "2025-02-30 00:00:00"},
    ),
    _rejected(
        "salesforce/opportunity",
        "probability_of_140",
        "probability",
        "out_of_range",
        {"Probability": "140"},
    ),
    *_copies("salesforce/opportunity"),
    _rejected(
        _RESPONSES,
        "nps_of_11",
        "QID1",
        "out_of_range",
        {"Q1_NPS_GROUP": "3", "Q1": "11"},
        file=RELATIONSHIP,
    ),
    _rejected(
        _RESPONSES,
        "nps_below_zero",
        "QID1",
        "out_of_range",
        {"Q1_NPS_GROUP": "1", "Q1": "-1"},
        file=RELATIONSHIP,
    ),
    _rejected(
        _RESPONSES,
        "nps_of_6_5",
        "QID1",
        "not_a_whole_number",
        {"Q1_NPS_GROUP": "1", "Q1": "6.5"},
        file=RELATIONSHIP,
    ),
    _rejected(_RESPONSES, "csat_of_0", "QID2", "out_of_range", {"Q2": "0"}, file=RELATIONSHIP),
    _rejected(_RESPONSES, "csat_of_9", "QID11", "out_of_range", {"Q11": "9"}, file=SUPPORT),
    _rejected(_RESPONSES, "ces_of_8", "QID12", "out_of_range", {"Q12": "8"}, file=SUPPORT),
    _rejected(
        _RESPONSES,
        "impossible_date",
        "end_date",
        "not_a_timestamp",
        {"EndDate": IMPOSSIBLE_TIME},
        file=RELATIONSHIP,
    ),
    _rejected(
        _RESPONSES,
        "end_before_start",
        "",
        "ended_after_it_started",
        {"EndDate": "2019-06-01 12:00:00"},
        file=RELATIONSHIP,
    ),
    _rejected(
        _RESPONSES,
        "missing_response_id",
        "response_id",
        "missing",
        {"ResponseId": None},
        file=RELATIONSHIP,
    ),
    *_wrong_width(_RESPONSES, file=RELATIONSHIP),
    *_copies(
        _RESPONSES,
        {
            "RecordedDate": moment(pl.col("recorded") - 2 * DAY, zone="America/Denver"),
            "Finished": "0",
            "Progress": "50",
        },
        file=RELATIONSHIP,
    ),
    _excluded(
        _RESPONSES, "preview", {"Status": "1", "DistributionChannel": "preview"}, file=RELATIONSHIP
    ),
    _excluded(_RESPONSES, "test", {"Status": "2"}, file=RELATIONSHIP),
    _excluded(
        _RESPONSES,
        "spam",
        {"Status": "8", "Q5": "buy now, http://spam.example.com"},
        file=RELATIONSHIP,
    ),
    _excluded(_RESPONSES, "synthetic", {"Status": "256"}, file=RELATIONSHIP),
    _rejected(
        "shopify/orders",
        "unknown_financial_status",
        "financial_status",
        "unknown_value",
        {"Financial Status": "paid-ish"},
    ),
    _rejected("shopify/orders", "subtotal_of_abc", "subtotal", "not_a_number", {"Subtotal": "abc"}),
    _rejected(
        "shopify/orders",
        "quantity_of_1_5",
        "line_quantity",
        "not_a_whole_number",
        {"Lineitem quantity": "1.5"},
    ),
    _rejected("shopify/orders", "orphan_line", "", "orphan_line", {}),
    *_wrong_width("shopify/orders"),
    *_copies("shopify/orders"),
    _excluded("shopify/orders", "test_gateway", {}),
    _rejected(
        "shopify/customers", "malformed_id", "customer_id", "wrong_form", {"Customer ID": "gid-4"}
    ),
    *_wrong_width("shopify/customers"),
    *_copies("shopify/customers"),
    _rejected(
        "stripe/payments",
        "impossible_date",
        "created",
        "not_a_timestamp",
        {"Created date (UTC)": IMPOSSIBLE_TIME},
    ),
    _rejected(
        "stripe/payments",
        "refunded_more_than_paid",
        "",
        "refunded_no_more_than_paid",
        {"Amount": "10.00", "Amount Refunded": "25.00", "Status": "Refunded"},
    ),
    _rejected(
        "stripe/payments",
        "unclosed_quote",
        "",
        "unclosed_quote",
        cut=1,
        ending=',"0018a00002',
        is_last=True,
    ),
    *_copies("stripe/payments"),
    _rejected(
        "stripe/subscriptions",
        "unknown_interval",
        "interval",
        "unknown_value",
        {"Interval": "fortnight"},
    ),
    _rejected(
        "stripe/subscriptions",
        "ended_before_start",
        "",
        "ended_after_it_started",
        {"Status": "canceled", "Ended At (UTC)": "2019-01-01 00:00"},
    ),
    _rejected(
        "stripe/subscriptions", "missing_customer", "customer_id", "missing", {"Customer ID": None}
    ),
    *_copies("stripe/subscriptions"),
    _rejected(
        "chargebee/subscriptions",
        "unknown_status",
        "status",
        "wrong_form",
        {"subscriptions.status": "Sleeping"},
    ),
    _rejected(
        "chargebee/subscriptions",
        "ended_before_start",
        "",
        "ended_after_it_started",
        {
            "subscriptions.status": "Cancelled",
            "subscriptions.cancelled_at": "2019-01-01 00:00:00",
        },
    ),
    *_wrong_width("chargebee/subscriptions"),
    *_copies("chargebee/subscriptions"),
    _rejected(
        "pipedrive/organizations",
        "impossible_date",
        "created_at",
        "not_a_timestamp",
        {"Organization - Organization created": IMPOSSIBLE_TIME},
    ),
    *_wrong_width("pipedrive/organizations"),
    *_copies("pipedrive/organizations"),
    _rejected(
        "pipedrive/persons",
        "missing_created",
        "created_at",
        "missing",
        {"Person - Person created": None},
    ),
    *_wrong_width("pipedrive/persons"),
    *_copies("pipedrive/persons"),
    _rejected("pipedrive/deals", "value_of_abc", "amount", "not_a_number", {"Deal - Value": "abc"}),
    *_copies("pipedrive/deals"),
    _rejected(
        "dynamics/accounts",
        "malformed_id",
        "account_id",
        "wrong_form",
        {"(Do Not Modify) Account": "{5F0C1A2B-91D4-4E07-8A35-000000000001}"},
    ),
    *_copies("dynamics/accounts", {"Account Name": "An older name", **_modified_earlier("since")}),
    _rejected(
        "dynamics/contacts", "missing_created", "created_at", "missing", {"Created On": None}
    ),
    *_copies("dynamics/contacts", {"Full Name": "An older name", **_modified_earlier("since")}),
    _rejected("dynamics/cases", "unknown_status", "status", "wrong_form", {"Status": "Aktiv"}),
    _rejected(
        "dynamics/cases",
        "impossible_date",
        "created_at",
        "not_a_timestamp",
        {"Created On": IMPOSSIBLE_TIME},
    ),
    *_copies("dynamics/cases", {"Case Title": "An older title", **_modified_earlier("updated")}),
    *_wrong_width("hubspot/companies"),
    *_copies("hubspot/companies"),
    _rejected(
        "hubspot/contacts", "missing_create_date", "created_at", "missing", {"Create Date": None}
    ),
    *_wrong_width("hubspot/contacts"),
    *_copies("hubspot/contacts"),
    _rejected("hubspot/deals", "amount_of_abc", "amount", "not_a_number", {"Amount": "abc"}),
    *_copies("hubspot/deals"),
    _rejected(
        "hubspot/tickets",
        "impossible_date",
        "created_at",
        "not_a_timestamp",
        {"Create date": IMPOSSIBLE_TIME},
    ),
    *_wrong_width("hubspot/tickets"),
    *_copies("hubspot/tickets"),
    _rejected("zendesk/tickets", "missing_status", "status", "missing", {"status": None}),
    _rejected(
        "zendesk/tickets",
        "impossible_date",
        "updated_at",
        "not_a_timestamp",
        {"updated_at": "2025-02-30T10:00:00Z"},
    ),
    *_copies(
        "zendesk/tickets",
        {"updated_at": moment(pl.col("updated") - HOUR, "%Y-%m-%dT%H:%M:%SZ")},
    ),
    _rejected(
        "freshdesk/tickets",
        "impossible_date",
        "updated_at",
        "not_a_timestamp",
        {"Last update time": IMPOSSIBLE_TIME},
    ),
    *_wrong_width("freshdesk/tickets"),
    *_copies("freshdesk/tickets"),
    _rejected(
        "intercom/conversations",
        "rating_of_6",
        "rating",
        "out_of_range",
        {"Last teammate rating": "6"},
    ),
    *_wrong_width("intercom/conversations"),
    *_copies("intercom/conversations"),
    *_scores_by_text("surveymonkey"),
    *_scores_by_text("typeform"),
    *_scores_by_text("hotjar"),
    # Without ids a copy is another response of the same second.
    *_scores_by_text("googleforms", has_copies=False),
    *_scores_by_text("msforms"),
    _rejected(
        "delighted/responses",
        "nps_of_11",
        "nps score",
        "out_of_range",
        {"Survey Type": "nps", "Score": "11"},
    ),
    *_wrong_width("delighted/responses"),
    *_copies("delighted/responses"),
)
"""Every kind; how an orphan line and a test order look is the writer's business."""


@dataclass(frozen=True)
class Planned:
    """So many rows of a kind in one delivery."""

    kind: Kind
    rows: int


def rows_of_a_kind(customers: int, months: int) -> int:
    """How many rows of each kind to plant."""
    return min(MOST_OF_A_KIND, max(1, round(customers * months / ROWS_A_FAULT)))


def plan(
    source: str,
    export: str,
    rows: Array,
    each: int,
    *,
    barred: Mapping[str, Sequence[int]] | None = None,
) -> dict[int, list[Planned]]:
    """Spread an export's faults over its deliveries.

    Every kind gets its first row before any gets its second, so that a small company has one of
    each as long as the limit leaves room.

    Args:
        source: the vendor system.
        export: the kind of file.
        rows: good rows by delivery.
        each: how many rows of each kind.
        barred: by file, the deliveries in which that file must stay clean.

    Returns:
        What to plant, by delivery.
    """
    kinds = [kind for kind in KINDS if (kind.source, kind.export) == (source, export)]
    planted: dict[tuple[int, str], int] = {}
    taken = np.zeros(len(rows), np.int64)
    # Strides through the deliveries, so that neighbours in the list lie months apart.
    order = [int(at) for at in np.argsort((np.arange(len(rows)) * 0.618) % 1, kind="stable")]
    turn = 0
    for round_number in range(each):
        for kind in kinds:
            if kind.outcome == "excluded":
                continue
            limit = FIRST_LIMIT if round_number == 0 else FURTHER_LIMIT
            room = np.floor(limit * rows).astype(np.int64) - taken
            if kind.outcome == "duplicate":
                room = (rows >= 10).astype(np.int64)
            for delivery in (barred or {}).get(kind.file, ()):
                room[delivery] = 0
            if kind.is_last:
                for delivery in range(len(rows)):
                    if planted.get((delivery, kind.name)):
                        room[delivery] = 0
            for step in range(len(order)):
                delivery = order[(turn + step) % len(order)]
                if room[delivery] > 0:
                    planted[delivery, kind.name] = planted.get((delivery, kind.name), 0) + 1
                    taken[delivery] += kind.outcome == "rejected"
                    turn += step + 1
                    break
    for kind in kinds:
        if kind.outcome == "excluded":
            for delivery, count in enumerate(rows):
                if count >= 10 and delivery not in (barred or {}).get(kind.file, ()):
                    planted[delivery, kind.name] = max(1, int(count) // 500)
    by_name = {kind.name: kind for kind in kinds}
    result: dict[int, list[Planned]] = {}
    for (delivery, name), count in sorted(planted.items()):
        result.setdefault(delivery, []).append(Planned(by_name[name], count))
    return result
