"""The first screen: each group of marts in a line or two, by hand from a few rows."""

from datetime import date

import duckdb
import pytest

from pipelines.headlines import last_whole_month, standing_lines

MONTH = date(2025, 2, 1)

COLUMNS = {
    "nps_monthly": """
        month date, dimension varchar, response_count bigint, nps double, nps_low double,
        nps_high double, nps_change double, nps_change_p_value double""",
    "csat_monthly": """
        month date, dimension varchar, response_count bigint, csat double, csat_low double,
        csat_high double, csat_change double, csat_change_p_value double""",
    "ces_monthly": """
        month date, dimension varchar, scale varchar, response_count bigint, ces double,
        ces_low double, ces_high double, ces_change double, ces_change_p_value double""",
    "retention_monthly": """
        month date, dimension varchar, starting_customers bigint, churned_customers bigint,
        logo_retention double, grr double, nrr double""",
    "customer_lifetime_value": """
        order_count bigint, historic_revenue decimal(18, 2), predicted_clv_12m decimal(18, 2),
        subscription_residual_value decimal(18, 2), total_clv decimal(18, 2), clv_decile bigint""",
    "service_monthly": """
        month date, dimension varchar, closed_count bigint, backlog_count bigint,
        first_reply_minutes_median double, first_reply_business_minutes_median double,
        fcr_rate double, fcr_low double, fcr_high double, escalation_rate double,
        escalation_known_count bigint""",
    "leader_scorecard": "month date, leader varchar, kpi varchar, target_status varchar",
    "recognition_monthly": """
        month date, recognised_kind varchar, recognised varchar, recognition_rank bigint,
        response_count bigint, csat double, csat_low double, csat_high double""",
    "cx_value": """
        metric varchar, band varchar, retention_12m double, retention_difference double,
        retention_difference_low double, retention_difference_high double,
        present_customer_count bigint, present_mrr decimal(18, 4)""",
}


@pytest.fixture
def release() -> duckdb.DuckDBPyConnection:
    """The columns of the marts that the screen reads, without a row."""
    connection = duckdb.connect()
    for mart, columns in COLUMNS.items():
        connection.execute(f"create table {mart} ({columns})")
    return connection


def lines(release: duckdb.DuckDBPyConnection) -> list[str]:
    return [f"{group}: {text}" for group, text in standing_lines(release, MONTH)]


def test_each_group_says_where_it_stands(release: duckdb.DuckDBPyConnection) -> None:
    release.execute("""
        insert into nps_monthly values
            ('2025-02-01', 'all', 1200, 30, 25.04, 34.96, 6.25, 0.049),
            ('2025-02-01', 'segment', 5, 100, 17.5, 100, null, null),
            ('2025-01-01', 'all', 900, 23.75, 19, 28, null, null);
        insert into csat_monthly values
            ('2025-02-01', 'all', 400, 0.5, 0.451, 0.549, -0.05, 0.05);
        insert into ces_monthly values
            ('2025-02-01', 'all', '1-5', 20, 0.5, 0.3, 0.7, null, null),
            ('2025-02-01', 'all', '1-7', 50, 0.8, 0.67, 0.89, -0.1, 0.001);
        insert into retention_monthly values
            ('2025-02-01', 'all', 1000, 25, 0.975, 0.97, 1.012);
        insert into customer_lifetime_value values
            (3, 1000, 200, 500, 700, 1), (1, 250, 100, 200, 300, 2), (0, 0, null, 0, 0, 10);
        insert into service_monthly values
            ('2025-02-01', 'all', 116, 8, 2952, 2886, 0.6, 0.5, 0.7, 0.06, 100);
        insert into leader_scorecard values
            ('2025-02-01', 'all', 'csat', 'missed'),
            ('2025-02-01', '(not set)', 'csat', 'missed'),
            ('2025-02-01', 'Ana [Lee]', 'csat', 'missed'),
            ('2025-02-01', 'Ana [Lee]', 'first_contact_resolution', 'missed'),
            ('2025-02-01', 'Bo', 'csat', 'not_distinguishable'),
            ('2025-02-01', 'Cy', 'nps', 'no_target'),
            ('2025-01-01', 'Bo', 'csat', 'missed');
        insert into recognition_monthly values
            ('2025-02-01', 'agent', 'a key', 1, 90, 1, 0.96, 1),
            ('2025-02-01', 'team', 'North', 2, 60, 0.6, 0.47, 0.71),
            ('2025-02-01', 'team', 'South', 1, 50, 0.8, 0.67, 0.89);
        insert into cx_value values
            ('nps', 'promoter', 0.95, 0.07, 0.021, 0.12, 500, 9000),
            ('nps', 'passive', 0.88, null, null, null, 300, 5000),
            ('nps', 'detractor', 0.8, -0.08, -0.1, -0.06, 109, 3778.4),
            ('csat', 'satisfied', 0.9, 0.1, 0.05, 0.15, 9, 9);
    """)
    assert lines(release) == [
        "feedback: NPS  30.0 (25.0 … 35.0), 1,200 answers, +6.2 points on the month before",
        ": CSAT 50.0% (45.1% … 54.9%), 400 ratings",
        ": CES  80.0% (67.0% … 89.0%), 50 answers, -10.0 points on the month before, scale 1-7",
        "retention: 97.5% of 1,000 customers stayed, 25 left; GRR 97.0%, NRR 101.2%",
        "value: 3 customers, of whom 2 have ordered for 1,250; the top tenth holds 70% of CLV",
        ": next 12 months' orders are worth 300 in margin, subscriptions in force 700",
        "service: first reply after 2.0 days, 48.1 h in business hours (medians), "
        "60.0% (50.0% … 70.0%) solved at first contact",
        ": 6.0% of 100 cases escalated; 116 closed, 8 open at the month's end",
        "people: 1 of 2 leaders with targets misses one beyond doubt: "
        "Ana [Lee] (csat, first contact resolution)",
        ": recognised first of 2 teams: South, CSAT 80.0% (67.0% … 89.0%)",
        "worth: of promoters 95.0% still subscribe after 12 months, of passives 88.0%: "
        "+7.0 points (+2.1 … +12.0)",
        ": 109 detractors of the last 12 months pay 3,778 a month",
    ]


def test_what_there_is_one_of_is_in_the_singular(release: duckdb.DuckDBPyConnection) -> None:
    release.execute("""
        insert into nps_monthly values ('2025-02-01', 'all', 1, 100, -20, 100, null, null);
        insert into csat_monthly values ('2025-02-01', 'all', 1, 1, 0.2, 1, null, null);
        insert into retention_monthly values ('2025-02-01', 'all', 1, 0, 1, 1, 1);
        insert into customer_lifetime_value values (1, 10, 1, 0, 1, 1);
        insert into service_monthly values ('2025-02-01', 'all', 1, 0, 30, null, 1, 0.2, 1, 0, 1);
        insert into leader_scorecard values ('2025-02-01', 'Bo', 'csat', 'met');
        insert into recognition_monthly values
            ('2025-02-01', 'team', 'North', 1, 60, 0.6, 0.47, 0.71);
        insert into cx_value values
            ('nps', 'promoter', 0.9, 0.01, -0.2, 0.3, 1, 9),
            ('nps', 'passive', 0.89, null, null, null, 1, 5),
            ('nps', 'detractor', 0.8, null, null, null, 1, 7);
    """)
    told = lines(release)
    assert [each.split(", ")[-1] for each in told[:2]] == ["1 answer", "1 rating"]
    assert told[3].startswith("retention: 100.0% of 1 customer stayed, 0 left")
    assert told[4].startswith("value: 1 customer, of whom 1 has ordered for 10")
    assert told[6].startswith("service: first reply after 30 min (median)")
    assert told[7] == ": 0.0% of 1 case escalated; 1 closed, 0 open at the month's end"
    assert told[8] == "people: none of 1 leader with targets misses one beyond doubt"
    assert told[9].startswith(": recognised first of 1 team: North")
    assert told[10].endswith("+1.0 points (-20.0 … +30.0), not beyond doubt")
    assert told[11] == ": 1 detractor of the last 12 months pays 7 a month"


def test_empty_marts_show_dashes(release: duckdb.DuckDBPyConnection) -> None:
    assert lines(release) == [
        "feedback: NPS  –, – answers",
        ": CSAT –, – ratings",
        ": CES  –, – answers",
        "retention: – of – customers stayed, – left; GRR –, NRR –",
        "value: 0 customers, of whom 0 have ordered for –; the top tenth holds – of CLV",
        ": next 12 months' orders are worth – in margin, subscriptions in force –",
        "service: first reply after – (median), – solved at first contact",
        ": – of – cases escalated; – closed, – open at the month's end",
        "people: leaders who miss a target: –",
        ": teams recognised: –",
        "worth: of promoters – still subscribe after 12 months, of passives –",
        ": – detractors of the last 12 months pay – a month",
    ]


def test_a_month_that_is_not_over_is_not_the_one_told_of() -> None:
    assert last_whole_month(date(2025, 2, 28)) == date(2025, 2, 1)
    assert last_whole_month(date(2025, 3, 30)) == date(2025, 2, 1)
    assert last_whole_month(date(2025, 1, 1)) == date(2024, 12, 1)
