"""Exports of shops and billing systems."""

from pipelines.contracts.shopify import ShopifyOrders
from pipelines.contracts.stripe import StripePayments, StripeSubscriptions
from pipelines.defs.landed import landed

shopify_orders = landed(ShopifyOrders)
stripe_payments = landed(StripePayments)
stripe_subscriptions = landed(StripeSubscriptions)
