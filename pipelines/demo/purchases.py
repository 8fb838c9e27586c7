"""Orders: when (BG/NBD), how much (Gamma–Gamma), of what, and which don't count after all."""

import numpy as np
import polars as pl

from pipelines.demo import names
from pipelines.demo.periods import DAY, HOUR, NEVER, Array, Calendar, draws
from pipelines.demo.population import person_at
from pipelines.demo.truth import Parameters, Purchases, Spend

DAYS_A_WEEK = 7
OPENS, CLOSES = 13 * HOUR, 23 * HOUR + 50 * 60
"""Shop hours in UTC: the same calendar day in New York, in winter and in summer."""

CANCELLED_SHARE = 0.01
VOIDED_SHARE = 0.005
"""Orders beside the drawn purchases that never count, so that they don't bias what is recovered."""

PARTIAL_REFUND_SHARE = 0.010
FULL_REFUND_SHARE = 0.004
DISCOUNT_SHARE = 0.10
MAXIMUM_GAP_DAYS = 1_000_000


def draw_purchase_days(
    birth_day: Array, last_day: int, parameters: Purchases, random: np.random.Generator
) -> tuple[Array, Array]:
    """Every purchase of every customer by BG/NBD, on whole days.

    Times between purchases are rounded to whole days, one at least, so that no two purchases of a
    customer fall on one day.

    Args:
        birth_day: the day of each customer's first purchase.
        last_day: no purchase is later.
        parameters: per week.
        random: where the draws come from.

    Returns:
        The customer and the day of each purchase, first purchases included, by round of purchase.
    """
    count = len(birth_day)
    rate = random.gamma(parameters.r, 1 / parameters.alpha, count) / DAYS_A_WEEK
    leaving = random.beta(parameters.a, parameters.b, count)
    customer, day = np.arange(count), np.asarray(birth_day, np.int64)
    customers, days = [customer], [day]
    while len(customer):
        waited = random.exponential(1.0, len(customer)) / np.maximum(rate[customer], 1e-12)
        day = day + np.clip(np.rint(waited), 1, MAXIMUM_GAP_DAYS).astype(np.int64)
        bought = day <= last_day
        customer, day = customer[bought], day[bought]
        customers.append(customer)
        days.append(day)
        stays = random.random(len(customer)) >= leaving[customer]
        customer, day = customer[stays], day[stays]
    return np.concatenate(customers), np.concatenate(days)


def draw_order_values(
    customer: Array, count: int, parameters: Spend, random: np.random.Generator
) -> Array:
    """The value of each order in cents of reporting currency by Gamma–Gamma, one unit at least."""
    nu = random.gamma(parameters.q, 1 / parameters.v, count)
    values = random.gamma(parameters.p, 1.0, len(customer)) / nu[customer]
    return np.maximum(np.rint(values * 100), 100).astype(np.int64)


def draw_orders(
    customers: pl.DataFrame,
    people: pl.DataFrame,
    euro_rates: Array,
    calendar: Calendar,
    parameters: Parameters,
    seed: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All orders by time, and their lines by order and number.

    Orders: order, customer, person, created, subtotal (after the discount), discount, shipping,
    tax, line_count, refund (cents), refunded_at, cancelled_at, is_voided, is_euro, counts. Lines:
    order, number, quantity, price, product.
    """
    random = draws(seed, "orders")
    birth = customers["birth_day"].to_numpy()
    customer, day = draw_purchase_days(
        birth, calendar.end // DAY - 1, parameters.purchases, draws(seed, "purchases")
    )
    counted = len(customer)
    extra = [max(2, round(counted * share)) for share in (CANCELLED_SHARE, VOIDED_SHARE)]
    added = random.integers(0, customers.height, sum(extra))
    last_day = calendar.end // DAY - 1
    added_day = birth[added] + (random.random(len(added)) * (last_day - birth[added] + 1)).astype(
        np.int64
    )
    customer, day = np.concatenate([customer, added]), np.concatenate([day, added_day])
    kind = np.repeat([0, 1, 2], [counted, *extra])
    created = day * DAY + random.integers(OPENS, CLOSES, len(customer))
    order = np.lexsort((np.arange(len(created)), created))
    customer, created, kind = customer[order], created[order], kind[order]

    count = len(customer)
    is_euro = customers["is_euro"].to_numpy()[customer]
    values = draw_order_values(customer, customers.height, parameters.spend, draws(seed, "spend"))
    rate = np.where(is_euro, euro_rates[calendar.delivery_of(created) + 2], 1.0)
    subtotal = np.rint(values / rate).astype(np.int64)
    discount = np.where(random.random(count) < DISCOUNT_SHARE, subtotal // 10, 0)
    is_exempt = random.random(count) < 0.4
    tax = np.where(is_exempt, 0, subtotal * 8 // 100)
    shipping = np.where(is_exempt, 0, random.choice([0, 500, 900], count))
    refunded_at, refund = _refunds(subtotal, is_exempt, created, kind, random)
    cancelled_at = np.where(
        kind == 1,
        np.minimum(created + random.integers(HOUR, 20 * DAY, count), calendar.end - 300),
        NEVER,
    )
    total = subtotal + tax + shipping
    orders = pl.DataFrame(
        {
            "order": np.arange(count),
            "customer": customer,
            "person": person_at(customers, people, customer, created, random),
            "created": created,
            "subtotal": subtotal,
            "discount": discount,
            "shipping": shipping,
            "tax": tax,
            "total": total,
            "line_count": random.choice([1, 2, 3, 4], count, p=(0.5, 0.3, 0.15, 0.05)),
            "refund": np.where(kind == 1, total, refund),
            "refunded_at": np.where(kind == 1, cancelled_at, refunded_at),
            "cancelled_at": cancelled_at,
            "is_voided": kind == 2,
            "is_euro": is_euro,
            "counts": kind == 0,
        }
    )
    return orders, _draw_lines(orders, random)


def _refunds(
    subtotal: Array, is_exempt: Array, created: Array, kind: Array, random: np.random.Generator
) -> tuple[Array, Array]:
    """When and how much is refunded.

    Only orders without tax and shipping are refunded in full, so that what is left of the
    subtotal is never below zero.
    """
    count = len(subtotal)
    dice = random.random(count)
    is_full = (dice < FULL_REFUND_SHARE / 0.4) & is_exempt & (kind == 0)
    is_partial = (dice > 1 - PARTIAL_REFUND_SHARE) & (kind == 0)
    part = np.maximum(subtotal * random.integers(10, 50, count) // 100, 1)
    refund = np.where(is_full, subtotal, np.where(is_partial, part, 0))
    refunded_at = np.where(refund > 0, created + random.integers(6 * HOUR, 25 * DAY, count), NEVER)
    return refunded_at, refund


def _draw_lines(orders: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Lines whose prices times quantities, less the discount, are the order's subtotal."""
    line_count = orders["line_count"].to_numpy()
    order = np.repeat(np.arange(orders.height), line_count)
    first = np.cumsum(line_count) - line_count
    number = np.arange(len(order)) - first[order] + 1
    gross = (orders["subtotal"] + orders["discount"]).to_numpy()
    weight = random.uniform(0.5, 1.5, len(order))
    share = weight / np.bincount(order, weight)[order]
    quantity = np.where(number == 1, 1, random.integers(1, 4, len(order)))
    price = np.maximum((gross[order] * share).astype(np.int64) // quantity, 1)
    others = np.bincount(order, np.where(number == 1, 0, price * quantity)).astype(np.int64)
    price = np.where(number == 1, gross[order] - others[order], price)
    return pl.DataFrame(
        {
            "order": order,
            "number": number,
            "quantity": quantity,
            "price": price,
            "product": random.integers(0, len(names.PRODUCTS), len(order)),
        }
    )
