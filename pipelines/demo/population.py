"""Who there is: customers, their people, and the agents who look after them."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.demo import names
from pipelines.demo.periods import DAY, HOUR, NEVER, Array, Calendar, draws

LAUNCH_SHARE = 0.3
"""Customers whose first order falls into the first month; the others' are spread evenly."""

SHOP_ONLY_SHARE = 0.05
"""Customers who only ever bought in the shop: no account, no contact."""

OPT_OUT_SHARE = 0.05
FURTHER_PEOPLE = 2
FURTHER_PERSON_SHARE = 0.5
CUSTOMERS_AN_AGENT = 200
AGENTS_A_TEAM = 8


@dataclass(frozen=True)
class Staff:
    """Agents and their leaders, as one list of users: agents first.

    Attributes:
        users: one row per user: user, first, last, email, is_leader, team.
        stays: one row per agent and stay in a team: user, team, since and until (days since
            1970; until NULL while it lasts).
        team_count: how many teams.
        moved_on: the first day in the new teams.
    """

    users: pl.DataFrame
    stays: pl.DataFrame
    team_count: int
    moved_on: int

    @property
    def agent_count(self) -> int:
        """How many users are agents."""
        return self.users.height - self.team_count

    def team_of(self, agents: Array, moments: Array) -> Array:
        """The team that each agent was in at a moment."""
        before = self.users["team"].to_numpy()
        after = before.copy()
        moved = self.stays.filter(pl.col("since") == self.moved_on)
        after[moved["user"].to_numpy()] = moved["team"].to_numpy()
        return np.where(moments >= self.moved_on * DAY, after[agents], before[agents])


def draw_customers(count: int, calendar: Calendar, seed: int) -> pl.DataFrame:
    """One row per customer."""
    random = draws(seed, "customers")
    days = np.arange(calendar.start // DAY, calendar.end // DAY)
    launch = days[: (calendar.starts[1] - calendar.start) // DAY]
    birth_day = np.where(
        random.random(count) < LAUNCH_SHARE,
        random.choice(launch, count),
        random.choice(days, count),
    )
    country = random.choice(len(names.COUNTRY_CODES), count, p=names.COUNTRY_SHARES)
    return pl.DataFrame(
        {
            "birth_day": birth_day,
            "in_crm": random.random(count) >= SHOP_ONLY_SHARE,
            "segment": random.choice(3, count, p=(0.6, 0.3, 0.1)),
            "country": country,
            "is_euro": country >= names.FIRST_EURO_COUNTRY,
            "created": birth_day * DAY - random.integers(HOUR, 30 * DAY, count),
        }
    )


def draw_people(
    customers: pl.DataFrame, calendar: Calendar, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per person, customer by customer, and the customers with where theirs begin."""
    random = draws(seed, "people")
    in_crm = customers["in_crm"].to_numpy()
    further = random.binomial(FURTHER_PEOPLE, FURTHER_PERSON_SHARE, customers.height)
    people_count = 1 + np.where(in_crm, further, 0)
    first_person = np.cumsum(people_count) - people_count
    customer = np.repeat(np.arange(customers.height), people_count)
    count = len(customer)
    is_first = np.arange(count) == first_person[customer]
    created = customers["created"].to_numpy()[customer] + np.where(
        is_first, 0, random.integers(0, 120 * DAY, count)
    )
    opted_out = np.where(
        random.random(count) < OPT_OUT_SHARE,
        created + random.integers(DAY, 300 * DAY, count),
        NEVER,
    )
    country = customers["country"].to_numpy()[customer]
    people = pl.DataFrame(
        {
            "customer": customer,
            "created": created,
            "first": random.integers(0, len(names.FIRST_NAMES), count),
            "last": random.integers(0, len(names.LAST_NAMES), count),
            "language": np.array(names.COUNTRY_LANGUAGES)[country],
            "in_crm": in_crm[customer],
            "opted_out_at": opted_out,
        }
    ).with_row_index("person")
    plain = [
        [each.translate(names.ASCII).lower() for each in pool]
        for pool in (names.FIRST_NAMES, names.LAST_NAMES, names.COMPANY_NAMES)
    ]
    company = pl.Series(plain[2]).gather(customer % len(plain[2]))
    people = people.with_columns(
        pl.format(
            "{}.{}.{}@{}{}.example.{}",
            pl.Series(plain[0]).gather(people["first"]),
            pl.Series(plain[1]).gather(people["last"]),
            pl.col("person"),
            company,
            pl.col("customer"),
            pl.when("in_crm").then(pl.lit("com")).otherwise(pl.lit("org")),
        ).alias("email")
    ).with_columns(pl.col("person").cast(pl.Int64))
    located = customers.with_columns(
        pl.Series("first_person", first_person), pl.Series("people_count", people_count)
    )
    return people, located


def person_at(
    customers: pl.DataFrame,
    people: pl.DataFrame,
    who: Array,
    moments: Array,
    random: np.random.Generator,
) -> Array:
    """Somebody of each customer who was there at that moment; mostly the first."""
    first = customers["first_person"].to_numpy()[who]
    count = customers["people_count"].to_numpy()[who]
    other = first + random.integers(0, count)
    is_there = people["created"].to_numpy()[other] <= moments
    return np.where(is_there & (random.random(len(who)) < 0.4), other, first)


def draw_staff(customers: int, calendar: Calendar, seed: int) -> Staff:
    """Agents by the number of customers; one in eight changes team halfway."""
    random = draws(seed, "staff")
    agents = min(max(8, customers // CUSTOMERS_AN_AGENT), 600)
    teams = max(2, agents // AGENTS_A_TEAM)
    count = agents + teams
    user = np.arange(count)
    team = np.where(user < agents, user % teams, user - agents)
    users = pl.DataFrame(
        {
            "user": user,
            "first": random.integers(0, len(names.FIRST_NAMES), count),
            "last": random.integers(0, len(names.LAST_NAMES), count),
            "is_leader": user >= agents,
            "team": team,
        }
    )
    began = calendar.start // DAY - 365
    moved_on = int(calendar.starts[calendar.months // 2]) // DAY
    moves = (user < agents) & (user % AGENTS_A_TEAM == 3)
    stays = pl.concat(
        [
            pl.DataFrame(
                {
                    "user": user[:agents],
                    "team": team[:agents],
                    "since": np.full(agents, began),
                    "until": np.where(moves[:agents], moved_on - 1, -1),
                }
            ),
            pl.DataFrame(
                {
                    "user": user[moves],
                    "team": (team[moves] + 1) % teams,
                    "since": np.full(moves.sum(), moved_on),
                    "until": np.full(moves.sum(), -1),
                }
            ),
        ]
    ).with_columns(pl.when(pl.col("until") >= 0).then("until").alias("until"))
    return Staff(users, stays.sort("user", "since"), teams, moved_on)
