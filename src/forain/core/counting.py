"""Orders counted by a second source of the marketplace, held against our book: by count, by id, by money."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from forain.core.ids import MarketplaceOrderId
from forain.core.money import Money
from forain.core.orders import OrderStatus


@dataclass(frozen=True, slots=True)
class CountedOrder:
    """One order as the second source has it. `status` None: it says one that tells nothing here.

    `totals`: what the order may be worth by this source, which need not say whether tax is within its prices; empty:
    it names no price (pending, cancelled), or none that can be read.
    """

    order_id: MarketplaceOrderId
    status: OrderStatus | None = None
    totals: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """The same order in our book. `total` None: the marketplace did not tell us, or it is cancelled."""

    status: OrderStatus
    total: Money | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What the second source has otherwise than our book; ids in order.

    `missing`: not in our book. `behind`: our reading is older, and what it lacks matters: it was cancelled, or paid.
    `worth`: another amount. `absent`: in our book, and the second source does not have it: then it is not whole.
    """

    missing: tuple[MarketplaceOrderId, ...]
    behind: tuple[MarketplaceOrderId, ...]
    worth: tuple[MarketplaceOrderId, ...]
    absent: tuple[MarketplaceOrderId, ...]


def compare(
    counted: Iterable[CountedOrder],
    known: Mapping[MarketplaceOrderId, KnownOrder],
    expected: Collection[MarketplaceOrderId],
) -> Difference:
    """Pure. `known`: what our book has of the orders counted; `expected`: the ids that our book says belong into this
    count. An order counted twice is one order."""
    found = {order.order_id: order for order in counted}
    both = [(order, known[order.order_id]) for order in found.values() if order.order_id in known]
    return Difference(
        missing=tuple(sorted(set(found) - set(known))),
        behind=tuple(sorted(order.order_id for order, ours in both if _behind(ours.status, order.status))),
        worth=tuple(sorted(order.order_id for order, ours in both if _worth_differs(ours.total, order.totals))),
        absent=tuple(sorted(set(expected) - set(found))),
    )


def _behind(ours: OrderStatus, theirs: OrderStatus | None) -> bool:
    """Only what somebody would act wrongly on: a cancelled order is not sent, a paid one does not wait for ever."""
    if theirs is None or ours is OrderStatus.CANCELLED:
        return False
    if theirs is OrderStatus.CANCELLED:
        return True
    return ours is OrderStatus.PENDING and theirs is not OrderStatus.PENDING


def _worth_differs(ours: Money | None, theirs: tuple[Money, ...]) -> bool:
    return ours is not None and bool(theirs) and ours not in theirs
