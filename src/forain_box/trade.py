"""What buyers, sellers and Amazon do with orders, and what that does to stock: from buying to giving money back.

An order's own words are those of Orders 2026-01-01. Stock falls when a buyer buys, Pending included, and comes back
with a cancellation. Money is `amounts.py` and `ledger.py`. Every no is a world.Refusal or, to a caller of SP-API, a Stop.
Source: Amazon's models ordersV0.json and orders_2026-01-01.json, models issues 5037, 528 (jlevers), read 2026-11-23.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from forain_box import amounts, ledger, offers, order_news
from forain_box.amounts import line_total, total
from forain_box.buying import Wanted, becomes_unshipped, buy, lag
from forain_box.errors import invalid
from forain_box.sites import coins
from forain_box.state import Order, OrderLine, OrderReturn, Package
from forain_box.world import Refusal, World, happens

__all__ = [
    "Wanted", "acknowledge", "buy", "cancel", "confirm_package", "deliver", "line_total", "pick_up", "possible", "refund",
    "request_cancellation", "return_pieces", "total",
]  # fmt: skip

AMAZON_DELIVERS_AFTER = (20 * 3600.0, 60 * 3600.0)
"""Between how many seconds Amazon brings what it shipped."""
CANCELLERS = ("BUYER", "MERCHANT", "AMAZON")


def _touched(world: World, order: Order, reason: str, kind: str = "OrderStatusChange") -> None:
    world.touch(order)
    lag(world, order)
    order_news.changed(world, order, reason, kind)


@happens("order.available")
def _available(world: World, told: dict[str, Any]) -> None:
    """A pre-order's goods are on sale; what is left is the payment."""
    order = world.state.orders[told["order"]]
    if order.status == "PENDING_AVAILABILITY":
        order.status = "PENDING"
        _touched(world, order, "Item became available")


@happens("order.paid")
def _paid(world: World, told: dict[str, Any]) -> None:
    order = world.state.orders[told["order"]]
    if order.status in order_news.PENDING:
        becomes_unshipped(world, order)
        _touched(world, order, "Payment authorized")


@happens("order.amazon-ships")
def _amazon_ships(world: World, told: dict[str, Any]) -> None:
    order = world.state.orders[told["order"]]
    if order.status == "UNSHIPPED":
        pieces = {
            line.item_id: line.quantity - line.cancelled for line in order.lines if line.quantity > line.cancelled
        }
        package = Package(
            "FBA-1", "AMZN", world.token("TBA", 10).upper(), "", world.now(), pieces, confirmed_at=world.now()
        )
        order.packages[package.reference] = package
        _show(world, order, package)
        world.later(world.chance.uniform(*AMAZON_DELIVERS_AFTER), "order.amazon-delivers", order=order.order_id)


@happens("order.amazon-delivers")
def _amazon_delivers(world: World, told: dict[str, Any]) -> None:
    order = world.state.orders[told["order"]]
    if order.status == "SHIPPED" and order.delivered_at is None:
        deliver(world, order)


def possible(order: Order) -> tuple[str, ...]:
    """What the control API can do with the order as it stands, by the last part of its paths."""
    found = []
    if order.status in (*order_news.PENDING, "UNSHIPPED"):
        found.append("cancel")
    if order.status == "UNSHIPPED" and order.fulfilled_by == "MERCHANT" and order.cancellation_requested_at is None:
        found.append("request-cancellation")
    if order.status in ("SHIPPED", "PARTIALLY_SHIPPED"):
        if any(p.shown and p.delivered_at is None for p in order.packages.values()):
            found.append("deliver")
        if any(line.shipped > line.returned for line in order.lines):
            found.append("return")
        if any(line.refunded < line_total(order, line) for line in order.lines if line.shipped):
            found.append("refund")
    return tuple(found)


def cancel(
    world: World, order: Order, reason: str = "", *, by: str = "AMAZON", items: Sequence[str] | None = None
) -> None:
    """The order, or these items of it (None: all), end before they were shipped; their pieces are for sale again.

    `by`: BUYER, MERCHANT, AMAZON. Raises Refusal.
    """
    assert by in CANCELLERS, by
    if order.status == "CANCELLED":
        raise Refusal("the order is CANCELLED already", 409)
    if by == "MERCHANT" and order.fulfilled_by == "AMAZON":
        raise Refusal("the order is fulfilled by Amazon; the seller cannot cancel it", 409)
    if by == "MERCHANT" and order.status in order_news.PENDING:
        raise Refusal(f"the order is {order.status}; the seller cannot cancel it before it is paid", 409)
    ids = [line.item_id for line in order.lines] if items is None else list(items)
    lines = {line.item_id: line for line in order.lines}
    unknown = [item for item in ids if item not in lines]
    if unknown:
        raise Refusal(f"the order has no item {unknown[0][:50]}", 404)
    if any(_accepted(order, item) for item in ids):
        raise Refusal(f"the order is {order.status} already, or its shipment is confirmed", 409)
    for item in ids:
        line = lines[item]
        _restock(world, order, line, line.quantity - line.cancelled)
        line.cancelled, line.cancelled_by, line.cancel_reason = line.quantity, by, reason
    if all(line.cancelled >= line.quantity for line in order.lines):
        order.status, order.cancellation_reason, order.cancelled_by = "CANCELLED", reason, by
    elif all(line.shipped >= line.quantity - line.cancelled for line in order.lines):
        order.status = "SHIPPED"
    _touched(world, order, "Order canceled")


def _restock(world: World, order: Order, line: OrderLine, count: int, *, reserved: bool = True) -> None:
    listing = world.listing(order.seller_id, line.sku)
    if listing and count > 0:
        offers.move(world, listing, line.channel, count, order.marketplace_id, reserved=reserved)


def request_cancellation(world: World, order: Order, reason: str = "") -> None:
    """The buyer asks the seller to cancel; the seller may still ship. Raises Refusal."""
    if order.status != "UNSHIPPED" or order.fulfilled_by != "MERCHANT":
        raise Refusal(f"a buyer asks only while the seller has not shipped; the order is {order.status}", 409)
    if order.cancellation_requested_at is None:
        order.cancellation_requested_at, order.request_reason = world.now(), reason or "ORDER_CREATED_BY_MISTAKE"
        _touched(world, order, "Buyer Requested Cancel", "BuyerRequestedChange")


def acknowledge(world: World, order: Order, merchant_order_id: str) -> None:
    """The seller took the order over, under a number of his own. Raises Refusal."""
    if order.status in order_news.PENDING or order.status == "CANCELLED":
        raise Refusal(f"the order is {order.status}; it cannot be acknowledged", 409)
    order.seller_order_id = merchant_order_id
    world.touch(order)


def _accepted(order: Order, item: str) -> int:
    """How many pieces of the item are in confirmed packages, shown by the order or not yet."""
    return sum(p.pieces.get(item, 0) for p in order.packages.values())


def confirm_package(world: World, order: Order, package: Package) -> None:
    """The seller shipped; the order shows it after a delay. The same reference edits the same package.

    Raises errors.Stop with Amazon's refusal.
    """
    if order.fulfilled_by == "AMAZON":
        raise invalid("The order is fulfilled by Amazon; its shipment cannot be confirmed by the seller.")
    if order.status in (*order_news.PENDING, "CANCELLED"):
        raise invalid(f"The order cannot be confirmed in its present status ({order.status}).")
    lines = {line.item_id: line for line in order.lines}
    pieces, former = package.pieces, order.packages.get(package.reference)
    if not pieces or any(i not in lines or not isinstance(q, int) or q < 1 for i, q in pieces.items()):
        raise invalid(
            "OrderItemId is invalid, please obtain the value through the getOrderItems API or Manage Orders page"
        )
    for item, count in pieces.items():
        elsewhere = _accepted(order, item) - (former.pieces.get(item, 0) if former else 0)
        if elsewhere + count > lines[item].quantity - lines[item].cancelled:
            raise invalid(
                "Failed to create package due to not finding a matching package or order already fulfilled. "
                "ErrorMessage(errorCode=GeneralError, errorDescription=Unable to find package to update for order "
                f"({order.order_id}), errorMetric=PackageToUpdateNotFound, packageIndex=null)"
            )
    package.shown = former.shown if former else {}
    package.delivered_at = former.delivered_at if former else None
    package.confirmed_at = world.now()
    order.packages[package.reference] = package
    world.write_later("order.shipped", order=order.order_id, package=package.reference)


@happens("order.shipped")
def _shown_shipped(world: World, told: dict[str, Any]) -> None:
    order = world.state.orders[told["order"]]
    if order.status != "CANCELLED":
        _show(world, order, order.packages[told["package"]])


def _show(world: World, order: Order, package: Package) -> None:
    """The order shows the package as it was accepted, and its money is posted."""
    package.shown = dict(package.pieces)
    for line in order.lines:
        before, line.shipped = line.shipped, sum(p.shown.get(line.item_id, 0) for p in order.packages.values())
        listing = world.listing(order.seller_id, line.sku)
        if listing and line.channel.startswith("AMAZON_"):
            offers.left_amazons_stock(world, listing, line.shipped - before)
    done = all(line.shipped >= line.quantity - line.cancelled for line in order.lines)
    order.status = "SHIPPED" if done else "PARTIALLY_SHIPPED"
    ledger.post_shipment(world, order, package.reference, package.shown)
    _touched(world, order, "Shipment confirmed")


def deliver(world: World, order: Order, reference: str = "") -> None:
    """The buyer has it: this package, or ("") all that are under way. Raises Refusal."""
    under_way = [
        p for p in order.packages.values()
        if p.shown and p.delivered_at is None and reference in ("", p.reference)
    ]  # fmt: skip
    if not under_way:
        raise Refusal(f"nothing of the order is under way ({order.status}); confirm a shipment first", 409)
    for package in under_way:
        package.delivered_at = world.now()
    if order.status == "SHIPPED" and all(p.delivered_at for p in order.packages.values()):
        order.delivered_at = world.now()
        ledger.delivered(world, order)
    _touched(world, order, "Package delivered")


def return_pieces(world: World, order: Order, pieces: Mapping[str, int] | None = None, reason: str = "") -> None:
    """Pieces come back (`pieces` None: all that were shipped). Amazon takes its own back into stock; a seller's stock
    is his to count. Raises Refusal."""
    lines = {line.item_id: line for line in order.lines}
    if pieces is None:
        pieces = {line.item_id: line.shipped - line.returned for line in order.lines if line.shipped > line.returned}
    wrong = [i for i, q in pieces.items() if i not in lines or not 0 < q <= lines[i].shipped - lines[i].returned]
    if not pieces or wrong:
        raise Refusal(f"only pieces that were shipped and not returned yet come back; the order is {order.status}", 409)
    for item, count in pieces.items():
        lines[item].returned += count
        order.returns.append(
            OrderReturn(world.now(), item, count, reason or "UNWANTED_ITEM", f"D{world.token('', 8)}RRMA")
        )
        if order.fulfilled_by == "AMAZON":
            _restock(world, order, lines[item], count, reserved=False)
    world.touch(order)


def refund(
    world: World, order: Order, lines: Mapping[str, Mapping[str, Decimal]] | None = None, *, reference: str = ""
) -> None:
    """Money goes back to the buyer: item id -> part (ITEM, SHIPPING, GIFT_WRAP, COD_FEE, or "TAX ITEM" and so on) ->
    amount; None: all of it. Tax goes back with its part by itself. Raises Refusal."""
    known = {line.item_id: line for line in order.lines}
    if not any(line.shipped for line in order.lines):
        raise Refusal(f"only what was shipped is refunded; the order is {order.status}", 409)
    told = lines if lines is not None else {i: _refundable(order, line) for i, line in known.items() if line.shipped}
    given: dict[str, dict[str, Decimal]] = {}
    for item, parts in told.items():
        if item not in known:
            raise Refusal(f"the order has no item {item[:50]}", 404)
        left = _refundable(order, known[item])
        wanted = {part: amount for part, amount in parts.items() if amount}
        for part, amount in wanted.items():
            if part not in left or amount != coins(amount, order.marketplace_id) or not 0 < amount <= left[part]:
                raise Refusal(
                    f"of {part[:20]} of item {item}, at most {left.get(part, Decimal(0))} can be refunded", 409
                )
        given[item] = _with_tax(order, known[item], wanted, left)
    if not any(given.values()):
        raise Refusal("there is nothing left to refund", 409)
    for item, parts in given.items():
        line = known[item]
        for part, amount in parts.items():
            line.refunds[part] = line.refunds.get(part, Decimal(0)) + amount
        line.refunded += amounts.summed(order, parts)
    ledger.post_refund(world, order, given, reference or world.token("", 16))
    world.touch(order)


def _refundable(order: Order, line: OrderLine) -> dict[str, Decimal]:
    """What is left to give back of the shipped pieces, part by part, discounts taken off their part."""
    parts = amounts.details(order, line, line.shipped)
    for part in ("ITEM", "SHIPPING"):
        parts[part] -= parts.pop(f"DISCOUNT {part}")
    left = {part: amount - line.refunds.get(part, Decimal(0)) for part, amount in parts.items()}
    return {part: amount for part, amount in left.items() if amount > 0}


def _with_tax(order: Order, line: OrderLine, parts: dict[str, Decimal], left: dict[str, Decimal]) -> dict[str, Decimal]:
    """The parts, and the share of the tax of those whose tax was not named."""
    whole = dict(parts)
    for part, amount in parts.items():
        tax = f"TAX {part}"
        if tax in left and tax not in whole:
            share = left[tax] if amount == left[part] else coins(left[tax] * amount / left[part], order.marketplace_id)
            if share:
                whole[tax] = share
    return whole


def pick_up(world: World, order: Order, status: str) -> None:
    """An order the buyer fetches from a shop: ReadyForPickup, then PickedUp or RefusedPickup. Raises Refusal."""
    if "IN_STORE_PICK_UP" not in order.programs:
        raise Refusal("shipmentStatus can be updated for in-store pickup orders only", 409)
    before, wanted = order.pickup_status, "" if status == "ReadyForPickup" else "ReadyForPickup"
    if order.status != "UNSHIPPED" or before != wanted:
        raise Refusal(f"{status} does not follow {before or 'no status'} of an order that is {order.status}", 409)
    order.pickup_status = status
    if status == "PickedUp":
        pieces = {
            line.item_id: line.quantity - line.cancelled for line in order.lines if line.quantity > line.cancelled
        }
        now = world.now()
        package = Package("1", "Self", order.order_id, "Pickup", now, pieces, confirmed_at=now)
        order.packages[package.reference] = package
        _show(world, order, package)
        deliver(world, order)
    elif status == "RefusedPickup":
        cancel(world, order, "RefusedPickup", by="BUYER")
    else:
        world.touch(order)
