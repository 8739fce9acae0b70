"""ORDER_CHANGE: told whenever an order changes. Orders v0's words, since the notification has them.

Source: Amazon's schema OrderChangeNotification (commit 34dc93f), read 2026-11-23.
"""

from datetime import datetime, timedelta
from typing import Any

from forain_box import notify
from forain_box.clock import text
from forain_box.state import Order
from forain_box.world import World

OLD_STATUS = {
    "PENDING_AVAILABILITY": "PendingAvailability", "PENDING": "Pending", "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped", "SHIPPED": "Shipped", "CANCELLED": "Canceled", "UNFULFILLABLE": "Unfulfillable",
}  # fmt: skip
"""Orders 2026-01-01's status -> that of v0 and of notifications."""
OLD_CHANNEL = {"MERCHANT": "MFN", "AMAZON": "AFN"}
PENDING = ("PENDING_AVAILABILITY", "PENDING")


def ship_by(order: Order) -> tuple[datetime, datetime]:
    """Within which time the order has to be shipped."""
    start = order.release_at or order.created_at
    return start, start + timedelta(days=order.handling_days)


def deliver_by(order: Order) -> tuple[datetime, datetime]:
    """Within which time it was promised to arrive."""
    latest = ship_by(order)[1]
    return latest + timedelta(days=1), latest + timedelta(days=3)


def order_type(order: Order) -> str:
    return "Preorder" if "PREORDER" in order.programs else "StandardOrder"


def changed(world: World, order: Order, reason: str, kind: str = "OrderStatusChange") -> None:
    """Tell who subscribed. `kind`: OrderStatusChange or BuyerRequestedChange."""
    if world.state.subscriptions:
        payload = {"OrderChangeNotification": _notification(world, order, reason, kind)}
        notify.emit(world, order.seller_id, "ORDER_CHANGE", payload)


def _notification(world: World, order: Order, reason: str, kind: str) -> dict[str, Any]:
    pending = order.status in PENDING
    shipped = sum(line.shipped for line in order.lines)
    kept = sum(line.quantity - line.cancelled for line in order.lines)
    programs = {"AMAZON_BUSINESS": "Business", "PRIME": "Prime", "PREMIUM": "Premium"}
    summary: dict[str, Any] = {
        "MarketplaceId": order.marketplace_id, "OrderStatus": OLD_STATUS[order.status], "PurchaseDate": text(order.created_at),
        "DestinationPostalCode": None if pending else order.address.get("postalCode"),
        "FulfillmentType": OLD_CHANNEL[order.fulfilled_by], "OrderType": order_type(order),
        "NumberOfItemsShipped": shipped, "NumberOfItemsUnshipped": kept - shipped,
        "OrderPrograms": [programs[p] for p in order.programs if p in programs],
        "OrderItems": [
            {
                "OrderItemId": line.item_id, "SellerSKU": line.sku, "SupplySourceId": None, "Quantity": line.quantity,
                "QuantityShipped": line.shipped, "IsBuyerRequestedCancel": order.cancellation_requested_at is not None,
            }
            for line in order.lines
        ],
    }  # fmt: skip
    if order.fulfilled_by == "MERCHANT" and not pending and order.status != "CANCELLED":
        (first_ship, last_ship), (first, last) = ship_by(order), deliver_by(order)
        summary |= {
            "EarliestShipDate": text(first_ship), "LatestShipDate": text(last_ship), "EarliestDeliveryDate": text(first),
            "LatestDeliveryDate": text(last),
        }  # fmt: skip
    return {
        "NotificationLevel": "OrderLevel", "SellerId": order.seller_id, "AmazonOrderId": order.order_id, "OrderChangeType": kind,
        "OrderChangeTrigger": {"TimeOfOrderChange": text(world.now()), "ChangeReason": reason}, "Summary": summary,
    }  # fmt: skip
