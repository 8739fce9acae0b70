"""Orders 2026-01-01 (reading) and v0 confirmShipment.

Source: Amazon's models orders_2026-01-01.json and ordersV0.json; models issues 5037, 5094, 5306; read 2026-11-23.
"""

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from forain_box import trade
from forain_box.clock import parse, text
from forain_box.http import Response
from forain_box.sites import SITES
from forain_box.spapi.call import Call, Operation
from forain_box.spapi.errors import invalid, not_found
from forain_box.state import Order, OrderLine, Package

MODEL, OLD_MODEL = "orders_2026-01-01.json", "ordersV0.json"
TRACKING = ("Inventory and Order Tracking",)
INCLUDED = (
    "BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX", "PAYMENT",
    "FULFILLMENT_ORDERS",
)  # fmt: skip
NOT_YET = timedelta(minutes=2)
"""The list ends two minutes ago, at best."""
TOKEN_LIFE = timedelta(hours=24)
ADDRESS_ROLES = frozenset({"Direct-to-Consumer Shipping"})
BUYER_ROLES = frozenset({"Direct-to-Consumer Shipping", "Tax Invoicing", "Tax Remittance"})
STATUSES = (
    "PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE",
)  # fmt: skip


def search(call: Call) -> Response:
    query, now = call.request.query, call.world.now()
    by = [k for k in ("createdAfter", "lastUpdatedAfter") if k in query]
    if len(by) != 1:
        raise invalid("Exactly one of createdAfter and lastUpdatedAfter is required.")
    before = "createdBefore" if by[0] == "createdAfter" else "lastUpdatedBefore"
    since, until = call.moment(by[0]), call.moment(before) or now - NOT_YET
    assert since is not None
    if until > now - NOT_YET:
        raise invalid(f"{before} must be at least two minutes before the present.")
    size, included = call.number("maxResultsPerPage", 100, 1, 100), call.several("includedData", INCLUDED)
    sites = call.sites(50, required=False)
    states = call.several("fulfillmentStatuses", STATUSES)
    fulfilled_by = call.several("fulfilledBy", ("MERCHANT", "AMAZON"))
    fixed = {
        k: v for k, v in sorted(query.items()) if k not in ("paginationToken", "maxResultsPerPage", "includedData")
    }
    start = 0
    if token := query.get("paginationToken"):
        page = call.world.handed_out(token)
        if page is None or page.get("fixed") != fixed or page.get("seller") != call.seller.seller_id:
            raise invalid("paginationToken is invalid.")
        start, until = int(page["start"]), datetime.fromisoformat(page["through"])
    omitted = set(call.world.state.omitted)
    rows = (
        o for o in call.world.orders_of(call.seller.seller_id, by[0].removesuffix("After").removeprefix("last").lower(), since, until)
        if (not sites or o.marketplace_id in sites)
        and (not states or o.status in states)
        and (not fulfilled_by or o.fulfilled_by in fulfilled_by)
        and o.order_id not in omitted
    )  # fmt: skip
    part = list(itertools.islice(rows, start, start + size + 1))
    answer: dict[str, Any] = {"orders": [render(o, included, call.roles) for o in part[:size]], before: text(until)}
    if len(part) > size:
        following = call.world.hand_out(
            "next-",
            TOKEN_LIFE,
            fixed=fixed,
            seller=call.seller.seller_id,
            start=start + size,
            through=until.isoformat(),
        )
        answer["pagination"] = {"nextToken": following}
    return Response.json(answer)


def _own(call: Call) -> Order:
    order = call.world.state.orders.get(call.rest[0])
    if order is None or order.seller_id != call.seller.seller_id:
        raise not_found("The requested order is not found.")
    return order


def get(call: Call) -> Response:
    order, included = _own(call), call.several("includedData", INCLUDED)
    return Response.json({"order": render(order, included, call.roles)})


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    places = "1" if currency == "JPY" else "0.01"
    return {"amount": str(amount.quantize(Decimal(places))), "currencyCode": currency}


def render(order: Order, included: list[str], roles: frozenset[str]) -> dict[str, Any]:
    """The order as Amazon shows it: pending ones have neither price nor address, roles decide on buyer and address."""
    pending = order.status == "PENDING"
    told: dict[str, Any] = {
        "orderId": order.order_id,
        "createdTime": text(order.created_at),
        "lastUpdatedTime": text(order.updated_at),
        "programs": order.programs,
        "salesChannel": {
            "channelName": "AMAZON", "marketplaceId": order.marketplace_id,
            "marketplaceName": SITES[order.marketplace_id][4].removeprefix("www.").capitalize(),
        },
        "orderItems": [_line(order, line, included, pending) for line in order.lines],
    }  # fmt: skip
    if "FULFILLMENT" in included:
        told["fulfillment"] = {
            "fulfillmentStatus": order.status, "fulfilledBy": order.fulfilled_by,
            "shipByWindow": {
                "earliestDateTime": text(order.created_at), "latestDateTime": text(order.created_at + timedelta(days=2)),
            },
        }  # fmt: skip
    if "BUYER" in included and not pending and roles & BUYER_ROLES:
        told["buyer"] = dict(order.buyer)
    if "RECIPIENT" in included and not pending:
        whole = roles & ADDRESS_ROLES
        shown = (
            order.address
            if whole
            else {k: v for k, v in order.address.items() if k in ("city", "postalCode", "countryCode")}
        )
        told["recipient"] = {"deliveryAddress": dict(shown)}
    if "PROCEEDS" in included and not pending:
        told["proceeds"] = {"grandTotal": _money(trade.total(order), order.currency)}
    if "PACKAGES" in included and order.packages:
        told["packages"] = [
            {
                "packageReferenceId": p.reference,
                "carrier": p.carrier,
                "trackingNumber": p.tracking,
                "shipTime": text(p.shipped_at),
            }
            for p in order.packages.values()
        ]
    return told


def _line(order: Order, line: OrderLine, included: list[str], pending: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "orderItemId": line.item_id,
        "quantityOrdered": line.quantity,
        "product": {"asin": line.asin, "title": line.title, "sellerSku": line.sku},
    }
    if not pending:
        told["product"]["price"] = {"unitPrice": _money(line.unit_price, order.currency)}
    if "PROCEEDS" in included and not pending:
        breakdowns = [{"type": "ITEM", "subtotal": _money(line.unit_price * line.quantity, order.currency)}]
        if line.shipping:
            breakdowns.append({"type": "SHIPPING", "subtotal": _money(line.shipping, order.currency)})
        told["proceeds"] = {"breakdowns": breakdowns}
    if "FULFILLMENT" in included:
        told["fulfillment"] = {"quantityFulfilled": line.shipped, "quantityUnfulfilled": line.quantity - line.shipped}
    return told


def confirm(call: Call) -> Response:
    order = _own(call)
    try:
        body = call.request.json()
        detail = body["packageDetail"]
        reference, items = detail["packageReferenceId"], detail["orderItems"]
        pieces = {i["orderItemId"]: i["quantity"] for i in items}
        shipped_at = parse(detail["shipDate"])
        carrier = detail["carrierName"] if detail["carrierCode"] == "Other" else detail["carrierCode"]
        tracking = detail["trackingNumber"]
        site = body["marketplaceId"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise invalid("A required member of the shipment confirmation is missing or malformed.") from None
    if not isinstance(reference, str) or not reference.isdigit() or int(reference) < 1:
        raise invalid("packageReferenceId must be a string of a positive number.")
    if site != order.marketplace_id:
        raise invalid("marketplaceId does not match the order.")
    if shipped_at > call.world.now() + timedelta(minutes=1) or shipped_at < order.created_at - timedelta(seconds=1):
        raise invalid("shipDate must be after the order date and not in the future.")
    if order.fulfilled_by == "AMAZON" or order.status in ("PENDING", "CANCELLED"):
        raise invalid(f"The order cannot be confirmed in its present status ({order.status}, {order.fulfilled_by}).")
    package = Package(reference, str(carrier), str(tracking), str(detail.get("shippingMethod", "")), shipped_at, pieces)
    trade.confirm_package(call.world, order, package)
    return Response(204)


OPERATIONS = (
    Operation("searchOrders", "GET", "/orders/2026-01-01/orders", search, MODEL, 0.0056, 20, TRACKING),
    Operation("getOrder", "GET", "/orders/2026-01-01/orders/{orderId}", get, MODEL, 0.5, 30, TRACKING),
    Operation("confirmShipment", "POST", "/orders/v0/orders/{orderId}/shipmentConfirmation", confirm, OLD_MODEL, 2, 10, TRACKING),
)  # fmt: skip
