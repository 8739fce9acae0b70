"""Orders v0, reading: deprecated, and working still. Persons are shown to a restricted data token only, by no error.

Source: Amazon's model ordersV0.json, models issues 3004, 4858, docs issues 688, 2090, 3751; read 2026-11-23.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from forain_box import amounts, order_book
from forain_box.errors import denied, invalid, not_found
from forain_box.http import Response
from forain_box.order_book import Place, Window
from forain_box.order_news import OLD_CHANNEL, OLD_STATUS, PENDING, deliver_by, order_type, ship_by
from forain_box.sites import SITES
from forain_box.spapi import order_lists
from forain_box.spapi.call import Call, Operation, payload
from forain_box.spapi.order_shape import CONDITIONS, FACILITATOR, address_of, plain
from forain_box.spapi.orders import TRACKING
from forain_box.spapi.tokens import opens
from forain_box.state import Order, OrderLine

MODEL = "ordersV0.json"
CREATED, UPDATED = ("CreatedAfter", "CreatedBefore"), ("LastUpdatedAfter", "LastUpdatedBefore")
STATUSES = (*OLD_STATUS.values(), "InvoiceUnconfirmed")
MOST_ITEMS = 100
ADDRESSED = ("Unshipped", "PartiallyShipped", "Shipped", "InvoiceUnconfirmed")
NO_FILTERS_BESIDE_SELLER_ORDER_ID = (
    "FulfillmentChannels", "OrderStatuses", "PaymentMethods", "LastUpdatedAfter", "LastUpdatedBefore", "BuyerEmail",
)  # fmt: skip


def search(call: Call) -> Response:
    """A list; its NextToken stands for the whole question, only the marketplaces are told again."""
    sites, size = call.sites(50, name="MarketplaceIds"), call.number("MaxResultsPerPage", 100, 1, 100)
    behind, token = None, call.request.query.get("NextToken")
    if token:
        told = call.world.handed_out(token)
        if told is None or told.get("seller") != call.seller.seller_id or told.get("sites") != sites:
            raise invalid("NextToken is invalid.")
        asked = Window(told["by"], datetime.fromisoformat(told["since"]), datetime.fromisoformat(told["until"]))
        behind, filters = Place(datetime.fromisoformat(told["moment"]), int(told["number"])), told["filters"]
    else:
        filters = _filters(call)
        if filters["ids"]:
            found = [call.world.state.orders.get(i) for i in dict.fromkeys(filters["ids"])]
            known = [
                o for o in found
                if o and o.seller_id == call.seller.seller_id and o.marketplace_id in sites
                and order_book.kept(o, call.world.now())
            ]  # fmt: skip
            return payload({"Orders": [_order(call, o) for o in known]})
        asked = order_lists.window(call, CREATED, UPDATED)
    part, following = order_book.page(
        call.world,
        call.seller.seller_id,
        asked,
        size,
        lambda o: o.marketplace_id in sites and _fits(o, filters),
        behind,
    )
    answer: dict[str, Any] = {"Orders": [_order(call, o) for o in part]}
    answer["CreatedBefore" if asked.by == "created" else "LastUpdatedBefore"] = seconds(asked.until)
    if following:
        answer["NextToken"] = call.world.hand_out(
            "v0-", order_book.TOKEN_LIFE, seller=call.seller.seller_id, sites=sites, filters=filters, by=asked.by,
            since=asked.since.isoformat(), until=asked.until.isoformat(), moment=following.moment.isoformat(),
            number=following.number,
        )  # fmt: skip
    return payload(answer)


def _filters(call: Call) -> dict[str, Any]:
    number = call.text("SellerOrderId", "")
    beside = [n for n in NO_FILTERS_BESIDE_SELLER_ORDER_ID if n in call.request.query]
    if number and beside:
        raise invalid(f"{beside[0]} cannot be used with SellerOrderId.")
    call.several("EasyShipShipmentStatuses")
    call.several("ElectronicInvoiceStatuses")
    return {
        "statuses": call.several("OrderStatuses", STATUSES), "channels": call.several("FulfillmentChannels", ("MFN", "AFN")),
        "payments": call.several("PaymentMethods", ("COD", "CVS", "Other")), "email": call.text("BuyerEmail", ""),
        "number": number, "ids": call.several("AmazonOrderIds", most=50),
        "easy": bool(call.request.query.get("EasyShipShipmentStatuses")),
        "pickup": call.choice("IsISPU", ("true", "false"), ""),
    }  # fmt: skip


def _fits(order: Order, told: dict[str, Any]) -> bool:
    return (
        (not told["statuses"] or OLD_STATUS[order.status] in told["statuses"])
        and (not told["channels"] or OLD_CHANNEL[order.fulfilled_by] in told["channels"])
        and (not told["payments"] or _payment(order) in told["payments"])
        and (not told["email"] or order.buyer["buyerEmail"] == told["email"])
        and (not told["number"] or order.seller_order_id == told["number"])
        and (not told["pickup"] or ("IN_STORE_PICK_UP" in order.programs) == (told["pickup"] == "true"))
        and not told["easy"]
    )


def seconds(moment: datetime) -> str:
    """v0 tells moments without their milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _payment(order: Order) -> str:
    return "COD" if order.cash_on_delivery else "Other"


def _money(amount: Decimal, order: Order) -> dict[str, str]:
    return {"CurrencyCode": order.currency, "Amount": plain(amount, order.currency)}


def _order(call: Call, order: Order) -> dict[str, Any]:
    status, pending, gone = OLD_STATUS[order.status], order.status in PENDING, order.status == "CANCELLED"
    shipped = sum(line.shipped for line in order.lines)
    left = sum(line.quantity - line.cancelled for line in order.lines) - shipped
    told: dict[str, Any] = {
        "AmazonOrderId": order.order_id, "PurchaseDate": seconds(order.created_at), "LastUpdateDate": seconds(order.updated_at),
        "OrderStatus": status, "FulfillmentChannel": OLD_CHANNEL[order.fulfilled_by],
        "SalesChannel": SITES[order.marketplace_id][4].removeprefix("www.").capitalize(), "MarketplaceId": order.marketplace_id,
        "ShipServiceLevel": "Standard", "ShipmentServiceLevelCategory": "NextDay" if "PRIME" in order.programs else "Standard",
        "NumberOfItemsShipped": shipped, "NumberOfItemsUnshipped": left, "PaymentMethod": _payment(order),
        "PaymentMethodDetails": ["COD" if order.cash_on_delivery else "Standard"], "OrderType": order_type(order),
        "IsReplacementOrder": False, "IsBusinessOrder": "AMAZON_BUSINESS" in order.programs, "IsPrime": "PRIME" in order.programs,
        "IsPremiumOrder": "PREMIUM" in order.programs, "IsGlobalExpressEnabled": False, "IsSoldByAB": False, "IsIBA": False,
        "IsISPU": "IN_STORE_PICK_UP" in order.programs, "IsAccessPointOrder": False, "HasRegulatedItems": False,
    }  # fmt: skip
    if order.seller_order_id:
        told["SellerOrderId"] = order.seller_order_id
    if not pending and not gone:
        told["OrderTotal"] = _money(amounts.total(order), order)
    if order.fulfilled_by == "MERCHANT":
        told["EarliestShipDate"], told["LatestShipDate"] = map(seconds, ship_by(order))
        if not pending and not gone:
            told["EarliestDeliveryDate"], told["LatestDeliveryDate"] = map(seconds, deliver_by(order))
    if not pending:
        buyer = _buyer(call, order)
        if buyer:
            told["BuyerInfo"] = buyer
    if status in ADDRESSED:
        told["ShippingAddress"] = _address(call, order)
    return told


def _buyer(call: Call, order: Order) -> dict[str, Any]:
    told = {}
    if order.fulfilled_by == "MERCHANT":
        told["BuyerEmail"] = order.buyer["buyerEmail"]
    if opens(call, "buyerInfo"):
        told["BuyerName"] = order.buyer["buyerName"]
        if number := order.buyer.get("buyerPurchaseOrderNumber"):
            told["PurchaseOrderNumber"] = number
    return told


def _address(call: Call, order: Order) -> dict[str, str]:
    found = address_of(order, call.world.now(), whole=opens(call, "shippingAddress"))
    told = {name[0].upper() + name[1:]: value for name, value in found.items()}
    if "AddressType" in told:
        told["AddressType"] = told["AddressType"].capitalize()
    return told


def get(call: Call) -> Response:
    return payload(_order(call, order_lists.own(call)))


def address(call: Call) -> Response:
    order = order_lists.own(call)
    told: dict[str, Any] = {"AmazonOrderId": order.order_id}
    if OLD_STATUS[order.status] in ADDRESSED:
        told["ShippingAddress"] = _address(call, order)
        if opens(call, "shippingAddress") and "buyerCompanyName" in order.buyer:
            told["BuyerCompanyName"] = order.buyer["buyerCompanyName"]
    return payload(told)


def buyer_info(call: Call) -> Response:
    order = order_lists.own(call)
    return payload({"AmazonOrderId": order.order_id, **({} if order.status in PENDING else _buyer(call, order))})


def _lines(call: Call, order: Order) -> tuple[list[OrderLine], dict[str, str]]:
    """One page of an order's items, and the token of the next."""
    start = 0
    if token := call.request.query.get("NextToken"):
        told = call.world.handed_out(token)
        if told is None or told.get("order") != order.order_id:
            raise invalid("NextToken is invalid.")
        start = int(told["start"])
    end = start + MOST_ITEMS
    more = {}
    if end < len(order.lines):
        more["NextToken"] = call.world.hand_out("items-", order_book.TOKEN_LIFE, order=order.order_id, start=end)
    return order.lines[start:end], more


def items(call: Call) -> Response:
    order = order_lists.own(call)
    lines, more = _lines(call, order)
    return payload({"AmazonOrderId": order.order_id, "OrderItems": [_item(call, order, x) for x in lines], **more})


def _item(call: Call, order: Order, line: OrderLine) -> dict[str, Any]:
    word, _, detail = line.condition.partition("_")
    gone = line.cancelled >= line.quantity
    told: dict[str, Any] = {
        "ASIN": line.asin, "SellerSKU": line.sku, "OrderItemId": line.item_id, "Title": line.title,
        "QuantityOrdered": line.quantity - line.cancelled, "QuantityShipped": line.shipped,
        "ProductInfo": {"NumberOfItems": "1"}, "ConditionId": CONDITIONS.get(word, "NEW").capitalize(),
        "ConditionSubtypeId": (detail or "new").replace("_", " ").title(), "IsTransparency": False, "SerialNumberRequired": False,
        "BuyerRequestedCancel": {
            "IsBuyerRequestedCancel": "true" if order.cancellation_requested_at else "false",
            "BuyerCancelReason": order.request_reason,
        },
    }  # fmt: skip
    if order.status in PENDING or gone:
        return told
    parts = amounts.details(order, line)
    told |= {
        "ItemPrice": _money(parts["ITEM"], order), "ItemTax": _money(parts.get("TAX ITEM", Decimal(0)), order),
        "PromotionDiscount": _money(parts["DISCOUNT ITEM"], order), "PromotionDiscountTax": _money(Decimal(0), order),
        "IsGift": "true" if line.gift_wrap or line.gift_message else "false",
    }  # fmt: skip
    if order.fulfilled_by == "MERCHANT" or parts["SHIPPING"]:
        told |= {
            "ShippingPrice": _money(parts["SHIPPING"], order), "ShippingTax": _money(parts.get("TAX SHIPPING", Decimal(0)), order),
            "ShippingDiscount": _money(parts["DISCOUNT SHIPPING"], order), "ShippingDiscountTax": _money(Decimal(0), order),
        }  # fmt: skip
    if order.cash_on_delivery:
        told |= {"CODFee": _money(parts["COD_FEE"], order), "CODFeeDiscount": _money(Decimal(0), order)}
    if line.promotion_id:
        told["PromotionIds"] = [line.promotion_id]
    if line.business_price:
        told["PriceDesignation"] = "BusinessPrice"
    if line.points:
        told["PointsGranted"] = {
            "PointsNumber": line.points,
            "PointsMonetaryValue": _money(Decimal(line.points), order),
        }
    if order.tax_scheme:
        told["DeemedResellerCategory"] = order.tax_scheme
    if order.tax_scheme == "IOSS":
        told["IossNumber"] = "IM0000000000"
    if order.tax_on_top and line.tax:
        told["TaxCollection"] = {"Model": "MarketplaceFacilitator", "ResponsibleParty": FACILITATOR}
    gift = _gift(call, order, line)
    if gift:
        told["BuyerInfo"] = gift
    return told


def _gift(call: Call, order: Order, line: OrderLine) -> dict[str, Any]:
    """Gift wrap of an item: restricted, all of it."""
    if not opens(call, "buyerInfo") or order.status in PENDING:
        return {}
    told: dict[str, Any] = {}
    if line.gift_wrap:
        parts = amounts.details(order, line)
        told = {"GiftWrapPrice": _money(parts["GIFT_WRAP"], order), "GiftWrapLevel": "Standard"}
        told["GiftWrapTax"] = _money(parts.get("TAX GIFT_WRAP", Decimal(0)), order)
    if line.gift_message and order.fulfilled_by == "MERCHANT":
        told["GiftMessageText"] = line.gift_message
    return told


def items_buyer_info(call: Call) -> Response:
    order = order_lists.own(call)
    lines, more = _lines(call, order)
    told = [{"OrderItemId": line.item_id, **_gift(call, order, line)} for line in lines]
    return payload({"AmazonOrderId": order.order_id, "OrderItems": told, **more})


def regulated(call: Call) -> Response:
    """No order of the box has regulated items; who asks without a restricted token is not told even that."""
    if call.access.restricted is None:
        raise denied()
    order_lists.own(call)
    raise not_found("The order has no regulated information.")


ORDER = "/orders/v0/orders/{orderId}"
OPERATIONS = (
    Operation("getOrders", "GET", "/orders/v0/orders", search, MODEL, 0.0167, 20, TRACKING),
    Operation("getOrder", "GET", ORDER, get, MODEL, 0.5, 30, TRACKING),
    Operation("getOrderBuyerInfo", "GET", f"{ORDER}/buyerInfo", buyer_info, MODEL, 0.5, 30, TRACKING),
    Operation("getOrderAddress", "GET", f"{ORDER}/address", address, MODEL, 0.5, 30, TRACKING),
    Operation("getOrderItems", "GET", f"{ORDER}/orderItems", items, MODEL, 0.5, 30, TRACKING),
    Operation(
        "getOrderItemsBuyerInfo", "GET", f"{ORDER}/orderItems/buyerInfo", items_buyer_info, MODEL, 0.5, 30, TRACKING
    ),
    Operation("getOrderRegulatedInfo", "GET", f"{ORDER}/regulatedInfo", regulated, MODEL, 0.5, 30, TRACKING),
)
