"""Orders 2013-09-01: reading orders and their items, as the old interface spelled them.

Pending orders carry no price and no address; a line's ItemPrice is for all its pieces.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from forain_box import amounts, order_book, trade
from forain_box.clock import text
from forain_box.mws.call import Action, MwsCall, Section, stop
from forain_box.mws.sellers import status
from forain_box.sites import SITES
from forain_box.state import Order, OrderLine

NAMESPACE = "https://mws.amazonservices.com/Orders/2013-09-01"
STATUSES = {
    "PENDING_AVAILABILITY": "PendingAvailability", "PENDING": "Pending", "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped", "SHIPPED": "Shipped", "CANCELLED": "Canceled", "UNFULFILLABLE": "Unfulfillable",
}  # fmt: skip
AMOUNTS = {
    "ItemPrice": "ITEM", "ShippingPrice": "SHIPPING", "GiftWrapPrice": "GIFT_WRAP", "CODFee": "COD_FEE", "ItemTax": "TAX ITEM",
    "ShippingTax": "TAX SHIPPING", "GiftWrapTax": "TAX GIFT_WRAP", "PromotionDiscount": "DISCOUNT ITEM",
    "ShippingDiscount": "DISCOUNT SHIPPING",
}  # fmt: skip
"""What an item tells -> the detail of its amounts."""
ALWAYS_TOLD = ("ItemPrice", "ShippingPrice", "PromotionDiscount")


def list_orders(call: MwsCall) -> dict[str, Any]:
    by = [name for name in ("CreatedAfter", "LastUpdatedAfter") if call.told.get(name)]
    if len(by) != 1:
        raise stop(400, "InvalidParameterValue", "Exactly one of CreatedAfter and LastUpdatedAfter must be specified.")
    if not call.several("MarketplaceId.Id"):
        raise stop(400, "MissingParameter", "The request must contain the parameter MarketplaceId.Id.1.")
    before = by[0].replace("After", "Before")
    since, until = call.moment(by[0]), call.moment(before) or call.world.now() - order_book.NOT_YET
    assert since is not None
    if until > call.world.now() - order_book.NOT_YET:
        raise stop(400, "InvalidParameterValue", f"{before} must be no later than two minutes before now.")
    return _page(
        call,
        {
            "by": "created" if by[0] == "CreatedAfter" else "updated", "since": since.isoformat(), "through": until.isoformat(),
            "sites": call.sites("MarketplaceId.Id"), "states": call.several("OrderStatus.Status"),
            "channels": call.several("FulfillmentChannel.Channel"),
            "size": call.number("MaxResultsPerPage", 100, 1, 100), "seller": call.seller.seller_id,
        },
    )  # fmt: skip


def list_more(call: MwsCall) -> dict[str, Any]:
    page = call.world.handed_out(call.text("NextToken"))
    if page is None or page.get("seller") != call.seller.seller_id or "by" not in page:
        raise stop(400, "InvalidParameterValue", "NextToken is invalid.")
    return _page(call, {k: v for k, v in page.items() if k != "until"})


def _page(call: MwsCall, asked: dict[str, Any]) -> dict[str, Any]:
    window = order_book.Window(
        asked["by"], datetime.fromisoformat(asked["since"]), datetime.fromisoformat(asked["through"])
    )
    behind = order_book.Place(datetime.fromisoformat(asked["moment"]), asked["number"]) if asked.get("moment") else None

    def wanted(o: Order) -> bool:
        return (
            o.marketplace_id in asked["sites"]
            and (not asked["states"] or STATUSES[o.status] in asked["states"])
            and (not asked["channels"] or _channel(o) in asked["channels"])
        )

    found, following = order_book.page(call.world, call.seller.seller_id, window, asked["size"], wanted, behind)
    more = None
    if following:
        place = {"moment": following.moment.isoformat(), "number": following.number}
        more = call.world.hand_out("mws-", order_book.TOKEN_LIFE, **asked | place)
    name = "CreatedBefore" if asked["by"] == "created" else "LastUpdatedBefore"
    return {"NextToken": more, name: text(window.until), "Orders": {"Order": [_order(o) for o in found]}}


def _channel(order: Order) -> str:
    return "AFN" if order.fulfilled_by == "AMAZON" else "MFN"


def _money(amount: Decimal, order: Order) -> dict[str, str]:
    places = Decimal(1) if order.currency == "JPY" else Decimal("0.01")
    return {"CurrencyCode": order.currency, "Amount": str(amount.quantize(places))}


def _order(o: Order) -> dict[str, Any]:
    pending = o.status in ("PENDING", "PENDING_AVAILABILITY")
    shipped = sum(line.shipped for line in o.lines)
    told: dict[str, Any] = {
        "LatestShipDate": text(o.created_at + timedelta(days=2)), "OrderType": "StandardOrder", "PurchaseDate": text(o.created_at),
        "AmazonOrderId": o.order_id, "LastUpdateDate": text(o.updated_at), "IsReplacementOrder": False,
        "NumberOfItemsShipped": shipped, "NumberOfItemsUnshipped": sum(line.quantity - line.cancelled for line in o.lines) - shipped,
        "OrderStatus": STATUSES[o.status], "SalesChannel": SITES[o.marketplace_id][4].removeprefix("www.").capitalize(),
        "FulfillmentChannel": _channel(o), "IsBusinessOrder": "AMAZON_BUSINESS" in o.programs, "IsPrime": "PRIME" in o.programs,
        "MarketplaceId": o.marketplace_id, "SellerOrderId": o.seller_order_id or o.order_id,
    }  # fmt: skip
    if not pending:
        told["OrderTotal"] = _money(trade.total(o), o)
        told["BuyerName"], told["BuyerEmail"] = o.buyer["buyerName"], o.buyer["buyerEmail"]
        told["ShippingAddress"] = {
            "Name": o.address.get("name"), "AddressLine1": o.address.get("addressLine1"), "City": o.address.get("city"),
            "PostalCode": o.address.get("postalCode"), "CountryCode": o.address.get("countryCode"), "Phone": o.address.get("phone"),
        }  # fmt: skip
    return told


def _found(call: MwsCall, order_id: str) -> Order:
    order = call.world.state.orders.get(order_id)
    if order is None or order.seller_id != call.seller.seller_id:
        raise stop(400, "InvalidParameterValue", f"{order_id[:50]} is no order of the seller.")
    return order


def get_order(call: MwsCall) -> dict[str, Any]:
    wanted = call.several("AmazonOrderId.Id")
    if not 1 <= len(wanted) <= 50:
        raise stop(400, "MissingParameter", "The request must contain AmazonOrderId.Id.1, and 50 ids at most.")
    return {"Orders": {"Order": [_order(_found(call, name)) for name in wanted]}}


def list_items(call: MwsCall) -> dict[str, Any]:
    order = _found(call, call.text("AmazonOrderId"))
    return {"AmazonOrderId": order.order_id, "OrderItems": {"OrderItem": [_item(order, line) for line in order.lines]}}


def more_items(call: MwsCall) -> dict[str, Any]:
    # All items of an order fit on its first page here, so that no token for more was ever handed out.
    call.text("NextToken")
    raise stop(400, "InvalidParameterValue", "NextToken is invalid.")


def _item(order: Order, line: OrderLine) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ASIN": line.asin, "SellerSKU": line.sku, "OrderItemId": line.item_id, "Title": line.title,
        "QuantityOrdered": line.quantity, "QuantityShipped": line.shipped,
    }  # fmt: skip
    if order.status not in ("PENDING", "PENDING_AVAILABILITY"):
        parts = amounts.details(order, line)
        for name, part in AMOUNTS.items():
            if parts.get(part) or name in ALWAYS_TOLD:
                told[name] = _money(parts[part], order)
    return told


ACTIONS = (
    Action("ListOrders", 6, 60, list_orders),
    Action("ListOrdersByNextToken", 6, 60, list_more),
    Action("GetOrder", 6, 60, get_order),
    Action("ListOrderItems", 30, 2, list_items),
    Action("ListOrderItemsByNextToken", 30, 2, more_items),
    Action("GetServiceStatus", 2, 300, status),
)
SECTION = Section("Orders", NAMESPACE, {action.name: action for action in ACTIONS})
