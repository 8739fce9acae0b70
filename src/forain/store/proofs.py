"""Our orders as a second source's count is held against them, and what came of each count."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Q

from forain.core.clock import Instant
from forain.core.counting import KnownOrder
from forain.core.ids import AccountId, MarketplaceOrderId
from forain.core.money import Money
from forain.core.orders import OrderStatus
from forain.store import models
from forain.store.orders import ENDED

UNREAD = "unknown"
"""The `status` of an order that is known by name only."""


def latest(account: AccountId) -> models.OrderProof | None:
    """The newest count, None before the first."""
    return models.OrderProof.objects.filter(account_id=account).order_by("-id").first()


def last_whole(account: AccountId) -> models.OrderProof | None:
    """The newest count that is whole, None before the first such."""
    return models.OrderProof.objects.filter(account_id=account, absent=0, unread=0).order_by("-id").first()


def known(account: AccountId, ids: Collection[MarketplaceOrderId]) -> dict[MarketplaceOrderId, KnownOrder]:
    """What our book has of these orders. One that is known by name only is not in it, unless a person put it aside.

    A cancelled one has no total: it is worth nothing any more, and a count made before it was cancelled names its price.
    """
    rows = models.Order.objects.filter(account_id=account, order_id__in=ids).exclude(
        Q(status=UNREAD) & ~Q(state__in=ENDED)
    )
    return {
        MarketplaceOrderId(name): KnownOrder(
            status,
            None if minor is None or not currency or status is OrderStatus.CANCELLED else Money(minor, currency),
        )
        for name, status, minor, currency in (
            # Put aside unread: nobody acts on it any more.
            (name, OrderStatus.CANCELLED if status == UNREAD else OrderStatus(status), minor, currency)
            for name, status, minor, currency in rows.values_list("order_id", "status", "total_minor", "currency")
        )
    }


def placed(account: AccountId, sites: Iterable[str], since: Instant, until: Instant) -> set[MarketplaceOrderId]:
    """The ids of the merchant's own orders of our book that were placed on these sites between the two moments."""
    rows = models.Order.objects.filter(
        account_id=account,
        site__in=list(sites),
        fulfilled_by="merchant",
        purchased_at__gt=since,
        purchased_at__lt=until,
    )
    return {MarketplaceOrderId(name) for name in rows.exclude(status=UNREAD).values_list("order_id", flat=True)}


def add(account: AccountId, **fields: Any) -> models.OrderProof:
    """Keep a count; `models.OrderProof` names its fields."""
    return models.OrderProof.objects.create(account_id=account, **fields)


def note(proof: models.OrderProof, still_missing: Collection[str], worth: Mapping[str, Any], now: Instant) -> None:
    """What of a count is still missing, and still worth something else."""
    proof.still_missing, proof.worth, proof.done_at = sorted(still_missing), dict(worth), now
    proof.save(update_fields=["still_missing", "worth", "done_at"])
