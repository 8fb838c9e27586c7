"""Further service desks and CRMs in the marts: samples, and numbers worked out by hand."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests import dynamics
from tests.conftest import SAMPLES, TestWarehouse
from tests.dbt.conftest import BuildMarts

MARTS = (
    "csat_monthly",
    "survey_responses",
    "service_monthly",
    "identity_coverage",
    "deals_monthly",
)

# In winter an hour before UTC; the samples' times are UTC.
BUSINESS_HOURS = """\
schedule,time_zone,weekday,opens,closes
default,Europe/Berlin,Mon,9:00,18:00
default,Europe/Berlin,Tue,9:00,18:00
default,Europe/Berlin,Wed,9:00,18:00
"""


@pytest.fixture(scope="module")
def built(
    build_marts: BuildMarts, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The desks' exports of cases and the CRM's week, landed, and the marts built of them."""
    warehouse = TestWarehouse(tmp_path_factory.mktemp("desks"))
    home = warehouse.home
    tools = ("zendesk", "freshdesk", "hubspot", "pipedrive")
    zones = (f'[{tool}]\ntime_zone = "UTC"\n' for tool in tools)
    dynamics_zone = '[dynamics]\ntime_zone = "UTC"\nbad_row_limit = 0.5\n'
    (home.path / "sources.toml").write_text("".join(zones) + dynamics_zone)
    archive = "WE_00D8a000000XyZ1EAK_1.ZIP"
    warehouse.deliver("salesforce", archive, SAMPLES / "salesforce" / archive)
    for name in ("account", "contact", "user", "case", "case_history", "case_comment"):
        warehouse.land(f"salesforce/{name}")
    for export in (
        "zendesk/tickets",
        "freshdesk/tickets",
        "intercom/conversations",
        "hubspot/tickets",
    ):
        desk = export.partition("/")[0]
        for path in (SAMPLES / desk).iterdir():
            warehouse.deliver(desk, path.name, path)
        warehouse.land(export)
    for name in ("contacts", "deals"):
        warehouse.land(f"hubspot/{name}")
    for path in (SAMPLES / "pipedrive").iterdir():
        warehouse.deliver("pipedrive", path.name, path)
    for name in ("organizations", "persons", "deals"):
        warehouse.land(f"pipedrive/{name}")
    warehouse.deliver("dynamics", dynamics.ACCOUNTS, dynamics.accounts())
    warehouse.deliver("dynamics", dynamics.CONTACTS, dynamics.contacts())
    warehouse.deliver("dynamics", dynamics.CASES, dynamics.cases())
    for name in ("accounts", "contacts", "cases"):
        warehouse.land(f"dynamics/{name}")
    warehouse.deliver("reference", "business_hours.csv", BUSINESS_HOURS)
    warehouse.land("reference/business_hours")
    warehouse.deliver("reference", "holidays.csv", "schedule,date\n,2025-01-15\n")
    warehouse.land("reference/holidays")
    with duckdb.connect(str(build_marts(warehouse, *MARTS)), read_only=True) as connection:
        yield connection


def test_tickets_stand_beside_the_crms_cases(built: duckdb.DuckDBPyConnection) -> None:
    cases = built.execute(
        "select source, case_number, status, first_reply_minutes, first_reply_business_minutes, "
        "reply_count, reopen_count, transfer_count, is_first_contact_resolved, latest_csat "
        "from marts.support_cases where source = 'zendesk' order by case_number"
    ).fetchall()
    assert cases == [  # the fourth ticket is deleted
        ("zendesk", "35436", "closed", 18, 18, 2, 0, 0, False, 1),
        ("zendesk", "35437", "open", 142, 42, 4, 1, 1, None, None),
        ("zendesk", "35438", "solved", 1, 1, 5, 2, 0, False, 0),
    ]
    counted = "select count(*) from marts.support_cases where source = 'salesforce'"
    assert built.execute(counted).fetchone() == (3,)


def test_freshdesks_tickets_say_what_the_desk_knows(built: duckdb.DuckDBPyConnection) -> None:
    cases = built.execute(
        "select case_number, status, channel, first_reply_minutes, reply_count, reopen_count, "
        "is_first_contact_resolved, resolution_minutes, is_sla_met, latest_csat "
        "from marts.support_cases where source = 'freshdesk' order by case_number"
    ).fetchall()
    assert cases == [
        # Solved 28 h 50 min 18 s after the opening, and so 4 h 50 min after it was due.
        ("1042", "closed", "email", 17, 2, None, False, 1730, False, 3),
        ("1043", "open", "portal", 142, 4, None, None, None, False, None),  # overdue
        ("1044", "resolved", "phone", 1, 1, None, None, 60, True, 1),
    ]
    months = built.execute(
        "select cast(month as varchar), response_count, satisfied_count from marts.csat_monthly "
        "where dimension = 'source' and dimension_value = 'freshdesk' order by month"
    ).fetchall()
    assert months == [("2025-01-01", 1, 1), ("2025-02-01", 1, 0)]


def test_business_minutes_are_those_of_the_declared_hours_unless_the_desk_states_them(
    built: duckdb.DuckDBPyConnection,
) -> None:
    cases = built.execute(
        "select source, case_number, first_reply_business_minutes, resolution_business_minutes "
        "from marts.support_cases "
        "where source in ('freshdesk', 'hubspot') and opened_on < date '2025-02-02' order by all"
    ).fetchall()
    assert cases == [
        # Opened on Tuesday at 09:12:33, 467 minutes before 17:00; Wednesday was a holiday.
        ("freshdesk", "1042", 17, 467),
        ("freshdesk", "1043", 15, None),  # On Monday from 16:45 to 19:07.
        ("freshdesk", "1044", 0, 0),  # On Saturday.
        # Tuesday as a whole, 9 hours, of what was opened before.
        ("hubspot", "11820055501", None, 540),
        ("hubspot", "11820055502", None, None),
    ]


def test_hubspots_tickets_say_when_they_were_closed(built: duckdb.DuckDBPyConnection) -> None:
    cases = built.execute(
        "select case_number, status, channel, priority, first_reply_minutes, resolution_minutes, "
        "is_first_contact_resolved, customer_key is null "
        "from marts.support_cases where source = 'hubspot' order by case_number"
    ).fetchall()
    assert cases == [
        # From 04:12 to 09:02 of the next day.
        ("11820055501", "closed", "email", "high", None, 1730, None, False),
        ("11820055502", "waiting on us", "form", None, None, None, None, False),
        ("11820055503", "new", "email", None, None, None, None, True),
    ]


def test_a_dynamics_case_is_closed_and_its_customer_is_who_it_names(
    built: duckdb.DuckDBPyConnection,
) -> None:
    cases = built.execute(
        "select case_number, status, channel, priority, first_reply_minutes, resolution_minutes, "
        "is_first_contact_resolved "
        "from marts.support_cases where source = 'dynamics' order by case_number"
    ).fetchall()
    assert cases == [  # the third was merged, the fourth is in an unknown status
        ("CAS-01042-R8C5V7", "resolved", "email", "high", None, 1730, None),
        ("CAS-01043-T1M9K2", "active", "web", "normal", None, None, None),
    ]
    rules = built.execute(
        "select id_kind, rule, count(*) from marts.customer_identities "
        "where source = 'dynamics' group by all order by all"
    ).fetchall()
    assert rules == [
        ("case_number", "email", 2),
        ("case_number", "foreign_id", 1),
        # Northwind and Harbor by their people's addresses; the twins are nobody's that is known.
        ("company_id", "email", 2),
        ("company_id", "own_id", 2),
        # Of two accounts of one name neither is meant, and without an address Kim is alone.
        ("contact_id", "email", 2),
        ("contact_id", "own_id", 1),
    ]


def test_deals_of_two_crms_count_when_they_were_closed(built: duckdb.DuckDBPyConnection) -> None:
    months = built.execute(
        "select cast(month as varchar), dimension_value, won_count, lost_count, undeclared_count, "
        "win_rate, cast(won_amount as double) "
        "from marts.deals_monthly where dimension in ('all', 'source') order by all"
    ).fetchall()
    # HubSpot's third deal, at a stage that nobody has declared, is to close in March.
    assert months == [
        ("2024-12-01", "all", 0, 2, 0, 0.0, 0.0),
        ("2024-12-01", "hubspot", 0, 1, 0, 0.0, 0.0),
        ("2024-12-01", "pipedrive", 0, 1, 0, 0.0, 0.0),
        ("2025-01-01", "all", 2, 0, 0, 1.0, 48000.0),
        ("2025-01-01", "hubspot", 1, 0, 0, 1.0, 24000.0),
        ("2025-01-01", "pipedrive", 1, 0, 0, 1.0, 24000.0),
    ]
    shared = built.execute(
        "select deals.source, deals.deal_id, cases.case_number "
        "from intermediate.int_deals as deals inner join marts.support_cases as cases "
        "using (customer_key) "
        "where cases.source = 'salesforce' and cases.case_number <> '00001044' order by all"
    ).fetchall()
    assert shared == [  # Northwind's and Harbor's, by whatever the CRM knows of them
        ("hubspot", "17799001122", "00001042"),
        ("hubspot", "17799001123", "00001043"),
        ("hubspot", "17799001124", "00001043"),
        ("pipedrive", "501", "00001042"),
        ("pipedrive", "502", "00001043"),
    ]


NAMELESS = "(source = 'intercom' and case_number <= '215469000000003')"


def test_an_intercom_conversation_says_no_more_than_it_was_asked_for(
    built: duckdb.DuckDBPyConnection,
) -> None:
    cases = built.execute(
        "select case_number, status, is_closed, strftime(opened_on, '%Y-%m-%d'), channel, "
        "latest_csat, latest_csat_band "
        f"from marts.support_cases where {NAMELESS} order by case_number"
    ).fetchall()
    assert cases == [
        ("215469000000001", "closed", True, "2025-01-14", "messenger", 5, "satisfied"),
        ("215469000000002", "open", False, "2025-01-20", "email", None, None),
        # In New York it was still January.
        ("215469000000003", "snoozed", False, "2025-02-01", "messenger", 2, "dissatisfied"),
    ]
    unknown = (
        "customer_key, agent_key, closed_at, resolution_minutes, first_reply_at, reply_count, "
        "reopen_count, transfer_count, is_first_contact_resolved, priority, is_sla_met"
    )
    rows = built.execute(f"select {unknown} from marts.support_cases where {NAMELESS}")
    assert rows.fetchall() == [(None,) * 11] * 3
    months = built.execute(
        "select cast(month as varchar), response_count, satisfied_count from marts.csat_monthly "
        "where dimension = 'source' and dimension_value = 'intercom' order by month"
    ).fetchall()
    assert months == [("2025-01-01", 1, 1), ("2025-02-01", 2, 1)]


def test_an_intercom_conversation_says_what_it_was_asked_for(
    built: duckdb.DuckDBPyConnection,
) -> None:
    cases = built.execute(
        "select status, channel, priority, case_type, first_reply_minutes, resolution_minutes, "
        "reply_count, is_first_contact_resolved, latest_csat from marts.support_cases "
        f"where source = 'intercom' and not {NAMELESS} order by case_number"
    ).fetchall()
    assert cases == [
        # From 9:00 to 9:12:30, and until 10:30 of the next day.
        ("closed", "email", "priority", "Question", 12, 1530, None, None, 4),
        # Closed once and open again.
        ("open", "chat", "not priority", None, 20, None, None, None, None),
    ]


def test_a_conversation_closed_at_an_unknown_time_is_no_backlog(
    built: duckdb.DuckDBPyConnection,
) -> None:
    backlog = built.execute(
        "select cast(month as varchar), opened_count, closed_count, backlog_count "
        "from marts.service_monthly "
        "where dimension = 'channel' and dimension_value = 'messenger' order by month"
    ).fetchall()
    assert backlog == [("2025-01-01", 1, 0, 0), ("2025-02-01", 1, 0, 1)]


def test_conversations_that_name_nobody_are_counted_as_such(
    built: duckdb.DuckDBPyConnection,
) -> None:
    coverage = built.execute(
        "select id_kind, id_count, resolved_count, unresolved_count from marts.identity_coverage "
        "where source = 'intercom' order by id_kind"
    ).fetchall()
    # 4 is found by the user's address, 5 by the company's id; 4 is the third one rated.
    assert coverage == [("case_number", 5, 2, 3), ("response_id", 3, 1, 2)]


def test_a_requester_is_the_customer_that_the_crm_knows(built: duckdb.DuckDBPyConnection) -> None:
    shared = built.execute(
        "select tickets.case_number, cases.case_number from marts.support_cases as tickets "
        "inner join marts.support_cases as cases using (customer_key) "
        "where tickets.source <> 'salesforce' and cases.source = 'salesforce' order by all"
    ).fetchall()
    # Maya (by her id or address) and Sofía are at Northwind, Liam is at Harbor Fresh Foods.
    assert shared == [
        ("1042", "00001042"),
        ("1042", "00001044"),
        ("1043", "00001043"),
        ("1044", "00001042"),
        ("1044", "00001044"),
        # The company of Maya's is what she is in the CRM: Northwind.
        ("11820055501", "00001042"),
        ("11820055501", "00001044"),
        ("11820055502", "00001043"),
        ("215469000000004", "00001042"),
        ("215469000000004", "00001044"),
        ("215469000000005", "00001043"),
        ("35436", "00001042"),
        ("35436", "00001044"),
        ("35437", "00001043"),
        ("35438", "00001042"),
        ("35438", "00001044"),
        # By the name of the company, and by the address of the person.
        ("CAS-01042-R8C5V7", "00001042"),
        ("CAS-01042-R8C5V7", "00001044"),
        ("CAS-01043-T1M9K2", "00001043"),
    ]


def test_ratings_count_in_the_month_in_which_they_were_given(
    built: duckdb.DuckDBPyConnection,
) -> None:
    months = built.execute(
        "select cast(month as varchar), asked_count, response_count, satisfied_count, csat "
        "from marts.csat_monthly where dimension = 'source' and dimension_value = 'zendesk' "
        "order by month"
    ).fetchall()
    assert months == [("2025-01-01", 1, 1, 1, 1.0), ("2025-02-01", 1, 1, 0, 0.0)]
    orphans = built.execute(
        "select source, count(*), count(case_key) from marts.survey_responses "
        "where case_key is null or customer_key is null group by source"
    ).fetchall()
    assert orphans == [("intercom", 2, 2)]  # of people who are only named


@dataclass(frozen=True)
class SameCase:
    """A case that every desk has, in its own way: answered or not, solved or not."""

    number: int

    @property
    def opened_at(self) -> datetime:
        """UTC; in December and January, one on the border of months for each zone."""
        return datetime(2024, 12, 1) + self.number * timedelta(hours=5, minutes=17)

    @property
    def replied_at(self) -> datetime | None:
        minutes = 3 + self.number * 11 % 400
        return self.opened_at + timedelta(minutes=minutes) if self.number % 6 else None

    @property
    def closed_at(self) -> datetime | None:
        minutes = 500 + self.number * 97 % 9000
        return self.opened_at + timedelta(minutes=minutes) if self.number % 5 else None

    @property
    def status(self) -> str:
        return "Closed" if self.closed_at else "Open"


SAME_CASES = [SameCase(number) for number in range(1, 261)]
AGENT = "0058a00000MNWtZAAX"
NO_RECORD = "000000000000000AAA"


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def at(moment: datetime | None, zone: str = "UTC", form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """What a clock in that zone shows; nothing for nothing."""
    if moment is None:
        return ""
    return f"{moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)):{form}}"


def salesforce_files() -> dict[str, str]:
    cases = (
        (
            f"500{one.number:012}AAA", "0", f"{one.number}", NO_RECORD, NO_RECORD, one.status,
            "salesforce", "1" if one.closed_at else "0", at(one.closed_at), AGENT,
            at(one.opened_at), at(one.closed_at or one.opened_at),
        )
        for one in SAME_CASES
    )  # fmt: skip
    comments = (
        (
            f"00a{one.number:012}AAA", "0", f"500{one.number:012}AAA", "1", AGENT,
            at(one.replied_at), at(one.replied_at),
        )
        for one in SAME_CASES
        if one.replied_at
    )  # fmt: skip
    return {
        "Case.csv": as_csv(
            (
                "Id", "IsDeleted", "CaseNumber", "ContactId", "AccountId", "Status", "Origin",
                "IsClosed", "ClosedDate", "OwnerId", "CreatedDate", "SystemModstamp",
            ),
            cases,
        ),
        "CaseComment.csv": as_csv(
            (
                "Id", "IsDeleted", "ParentId", "IsPublished", "CreatedById", "CreatedDate",
                "SystemModstamp",
            ),
            comments,
        ),
    }  # fmt: skip


def zendesk_files() -> dict[str, str]:
    def minutes(one: SameCase) -> str:
        if one.replied_at is None:
            return ""
        return str(int((one.replied_at - one.opened_at) / timedelta(minutes=1)))

    header = (
        "Id", "Status", "Via", "Created at", "Updated at", "Solved at",
        "First reply time in minutes",
    )  # fmt: skip
    times = ("Asia/Kolkata", "%Y-%m-%d %H:%M")
    rows = (
        (
            f"{one.number}", one.status, "zendesk", at(one.opened_at, *times),
            at(one.closed_at or one.opened_at, *times), at(one.closed_at, *times), minutes(one),
        )
        for one in SAME_CASES
    )  # fmt: skip
    return {"export-tickets.csv": as_csv(header, rows)}


def hubspot_files() -> dict[str, str]:
    header = (
        "Ticket ID", "Ticket status", "Source", "Create date", "Close date",
        "First agent email response date",
    )  # fmt: skip
    times = ("America/Denver", "%Y-%m-%d %H:%M")
    rows = (
        (
            f"{one.number}", one.status, "hubspot",
            *(at(each, *times) for each in (one.opened_at, one.closed_at, one.replied_at)),
        )
        for one in SAME_CASES
    )  # fmt: skip
    return {"tickets.csv": as_csv(header, rows)}


def intercom_files() -> dict[str, str]:
    zone = "Europe/Berlin"
    times = (
        "Conversation started at", "Conversation updated at", "Conversation first replied at",
        "Conversation last closed at",
    )  # fmt: skip
    header = (
        *("Conversation ID", "Current conversation state", "Channel"),
        *(f"{each} ({zone})" for each in times),
    )
    rows = (
        (
            f"{one.number}", one.status, "intercom",
            at(one.opened_at, zone), at(one.closed_at or one.opened_at, zone),
            at(one.replied_at, zone), at(one.closed_at, zone),
        )
        for one in SAME_CASES
    )  # fmt: skip
    return {"conversations.csv": as_csv(header, rows)}


def freshdesk_files() -> dict[str, str]:
    header = (
        "Ticket ID", "Status", "Source", "Created time", "Last update time",
        "Initial response time", "Resolved time", "Closed time",
    )  # fmt: skip
    zone = "America/New_York"
    rows = (
        (
            f"{one.number}", one.status, "freshdesk",
            at(one.opened_at, zone), at(one.closed_at or one.opened_at, zone),
            at(one.replied_at, zone), at(one.closed_at, zone), at(one.closed_at, zone),
        )
        for one in SAME_CASES
    )  # fmt: skip
    return {"tickets.csv": as_csv(header, rows)}


DESKS = {
    "freshdesk": (freshdesk_files, ("tickets",)),
    "hubspot": (hubspot_files, ("tickets",)),
    "intercom": (intercom_files, ("conversations",)),
    "salesforce": (salesforce_files, ("case", "case_comment")),
    "zendesk": (zendesk_files, ("tickets",)),
}


@pytest.fixture(scope="module")
def same(
    build_marts: BuildMarts, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same cases as each desk exports them, and the marts built of them."""
    warehouse = TestWarehouse(tmp_path_factory.mktemp("same"))
    (warehouse.home.path / "sources.toml").write_text(
        '[zendesk]\ntime_zone = "Asia/Kolkata"\n[hubspot]\ntime_zone = "America/Denver"\n'
        '[freshdesk]\ntime_zone = "America/New_York"\n'
    )
    for desk, (write, exports) in DESKS.items():
        for name, content in write().items():
            warehouse.deliver(desk, name, content)
        for export in exports:
            account = warehouse.land(f"{desk}/{export}")
            assert account is not None
            assert account.accepted == account.read
    with duckdb.connect(str(build_marts(warehouse, *MARTS)), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("desk", DESKS)
def test_each_desk_gives_the_same_times_of_the_same_cases(
    same: duckdb.DuckDBPyConnection, desk: str
) -> None:
    def minutes(one: SameCase, until: datetime | None) -> int | None:
        return None if until is None else int((until - one.opened_at) / timedelta(minutes=1))

    found = same.execute(
        "select case_number, cast(opened_on as varchar), is_closed, first_reply_minutes, "
        "resolution_minutes from marts.support_cases where source = ? "
        "order by cast(case_number as int)",
        [desk],
    ).fetchall()
    assert found == [
        (
            f"{one.number}", f"{one.opened_at:%Y-%m-%d}", one.closed_at is not None,
            minutes(one, one.replied_at), minutes(one, one.closed_at),
        )
        for one in SAME_CASES
    ]  # fmt: skip


@pytest.mark.parametrize("desk", DESKS)
def test_each_desk_gives_the_same_months_of_the_same_cases(
    same: duckdb.DuckDBPyConnection, desk: str
) -> None:
    found = same.execute(
        "select month, opened_count, closed_count, first_reply_minutes_median, "
        "resolution_minutes_median from marts.service_monthly "
        "where dimension = 'channel' and dimension_value = ? and month < '2025-02-01' "
        "order by month",
        [desk],
    ).fetchall()
    expected = []
    for year, month in ((2024, 12), (2025, 1)):

        def is_in(moment: datetime | None, year: int = year, month: int = month) -> bool:
            return moment is not None and (moment.year, moment.month) == (year, month)

        replies = [
            (one.replied_at - one.opened_at) / timedelta(minutes=1)
            for one in SAME_CASES
            if one.replied_at and is_in(one.replied_at)
        ]
        times = [
            (one.closed_at - one.opened_at) / timedelta(minutes=1)
            for one in SAME_CASES
            if one.closed_at and is_in(one.closed_at)
        ]
        expected.append(
            (
                datetime(year, month, 1).date(),
                sum(is_in(one.opened_at) for one in SAME_CASES),
                len(times),
                pytest.approx(median(replies)),
                pytest.approx(median(times)),
            )
        )
    assert found == expected
