"""Exports of shops and billing systems."""

from pipelines.contracts.chargebee import ChargebeeSubscriptions
from pipelines.contracts.shopify import ShopifyCustomers, ShopifyOrders
from pipelines.contracts.stripe import StripePayments, StripeSubscriptions
from pipelines.defs.landed import landed

chargebee_subscriptions = landed(ChargebeeSubscriptions)
shopify_customers = landed(ShopifyCustomers)
shopify_orders = landed(ShopifyOrders)
stripe_payments = landed(StripePayments)
stripe_subscriptions = landed(StripeSubscriptions)
