"""What the CRM knows of customers over time: accounts and their changes, deals."""

import numpy as np
import polars as pl

from pipelines.demo import names
from pipelines.demo.periods import DAY, NEVER, Array, Calendar, draws
from pipelines.demo.population import Staff

ACCOUNT_CHANGES_A_MONTH = 0.02


def draw_account_versions(
    customers: pl.DataFrame, staff: Staff, calendar: Calendar, seed: int
) -> pl.DataFrame:
    """One row per account and state of it; a change of segment, owner or country begins another.

    Beside the customers' accounts there are a few that nobody ever bought through: some are
    deleted and stay as tombstones, some vanish from the export without a word.
    """
    random = draws(seed, "accounts")
    crm = np.flatnonzero(customers["in_crm"].to_numpy())
    strays = 2 * max(1, customers.height // 400)
    stray_created = random.integers(
        calendar.start, calendar.start + max(1, (calendar.end - calendar.start) // 2), strays
    )
    account = np.concatenate([crm, customers.height + np.arange(strays)])
    created = np.concatenate([customers["created"].to_numpy()[crm], stray_created])
    segment = np.concatenate([customers["segment"].to_numpy()[crm], np.zeros(strays, int)])
    country = np.concatenate([customers["country"].to_numpy()[crm], np.zeros(strays, int)])
    owner = random.integers(0, staff.agent_count, len(account))
    gone_at = np.full(len(account), NEVER)
    gone_at[len(crm) :] = stray_created + (calendar.end - stray_created) * 2 // 3
    is_tombstone = np.arange(len(account)) < len(crm) + strays // 2

    known = np.maximum(calendar.end - np.maximum(created, calendar.start), 0) / (30 * DAY)
    changes = random.poisson(ACCOUNT_CHANGES_A_MONTH * known)
    changes[len(crm) :] = 0
    changed = np.repeat(np.arange(len(account)), changes)
    changed_at = np.maximum(created[changed], calendar.start) + 1
    changed_at += (random.random(len(changed)) * (calendar.end - changed_at)).astype(np.int64)
    what = random.choice(3, len(changed), p=(0.5, 0.4, 0.1))

    def state(values: Array, further: Array, kind: int) -> pl.Series:
        return pl.concat([pl.Series(values), pl.Series(np.where(what == kind, further, -1))])

    deleted = np.flatnonzero(is_tombstone & (gone_at < NEVER))
    tombstones = pl.DataFrame(
        {
            "account": account[deleted],
            "since": gone_at[deleted],
            "segment": segment[deleted],
            "country": country[deleted],
            "owner": owner[deleted],
            "is_deleted": True,
            "created": created[deleted],
            "gone_at": NEVER,
        }
    )
    states = pl.DataFrame(
        {
            "account": np.concatenate([account, account[changed]]),
            "since": np.concatenate([created, changed_at]),
            "segment": state(segment, random.integers(0, 3, len(changed)), 0),
            "country": state(
                country, random.integers(0, len(names.COUNTRY_CODES), len(changed)), 2
            ),
            "owner": state(owner, random.integers(0, staff.agent_count, len(changed)), 1),
            "is_deleted": False,
            "created": np.concatenate([created, created[changed]]),
            "gone_at": np.concatenate([gone_at, gone_at[changed]]),
        }
    )
    return (
        pl.concat([states, tombstones])
        .sort("account", "since", maintain_order=True)
        .with_columns(
            pl.when(pl.col(each) >= 0).then(each).forward_fill().over("account").alias(each)
            for each in ("segment", "country", "owner")
        )
        .with_columns(
            pl.col("since").shift(-1).over("account").fill_null(NEVER).alias("until"),
            pl.when(pl.col("account") < customers.height).then("account").alias("customer"),
        )
        .with_columns(pl.min_horizontal("until", "gone_at").alias("until"))
        .drop("gone_at")
    )


def draw_opportunity_versions(
    customers: pl.DataFrame, staff: Staff, calendar: Calendar, seed: int
) -> pl.DataFrame:
    """One row per deal and state: open until it closes; the first is won with the first order."""
    random = draws(seed, "opportunities")
    crm = np.flatnonzero(customers["in_crm"].to_numpy())
    birth = customers["birth_day"].to_numpy() * DAY
    further = np.repeat(crm, random.poisson(0.6, len(crm)))
    further_created = birth[further] + (
        random.random(len(further)) * (calendar.end - birth[further])
    ).astype(np.int64)
    customer = np.concatenate([crm, further])
    created = np.concatenate([customers["created"].to_numpy()[crm], further_created])
    closes = np.concatenate(
        [birth[crm], further_created + random.integers(10 * DAY, 80 * DAY, len(further))]
    )
    count = len(customer)
    is_won = (np.arange(count) < len(crm)) | (random.random(count) < 0.6)
    amount = np.round(np.exp(random.normal(8, 1, count)), 2)
    deal = pl.DataFrame(
        {
            "opportunity": np.arange(count),
            "customer": customer,
            "created": created,
            "closes": closes,
            "is_won": is_won,
            "is_first": np.arange(count) < len(crm),
            "amount": (amount * 100).astype(np.int64),
            "owner": random.integers(0, staff.agent_count, count),
        }
    )
    opened = deal.with_columns(
        pl.col("created").alias("since"), pl.col("closes").alias("until"), is_closed=False
    )
    closed = deal.with_columns(
        pl.col("closes").alias("since"), pl.lit(NEVER).alias("until"), is_closed=True
    )
    return (
        pl.concat([opened, closed])
        .filter((pl.col("since") < calendar.end) & (pl.col("since") < pl.col("until")))
        .sort("opportunity", "since")
    )
