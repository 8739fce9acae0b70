"""Orders 2026-01-01 (reading) and v0 confirmShipment.

Source: Amazon's models orders_2026-01-01.json and ordersV0.json; models issues 5037, 5094, 5306; read 2026-11-23.
"""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from forain_box.clock import parse, text
from forain_box.http import Response
from forain_box.sites import SITES
from forain_box.spapi.errors import error, invalid
from forain_box.world import Order, OrderLine

if TYPE_CHECKING:
    from forain_box.spapi import Call

INCLUDED = (
    "BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX", "PAYMENT",
    "FULFILLMENT_ORDERS",
)  # fmt: skip
NOT_YET = timedelta(minutes=2)
"""The list ends two minutes ago, at best."""
TOKEN_LIFE = timedelta(hours=24)
ADDRESS_ROLES = frozenset({"Direct-to-Consumer Shipping"})
BUYER_ROLES = frozenset({"Direct-to-Consumer Shipping", "Tax Invoicing", "Tax Remittance"})


def search(call: "Call") -> Response:
    query, now = dict(call.request.query), call.world.now()
    by = [k for k in ("createdAfter", "lastUpdatedAfter") if k in query]
    if len(by) != 1:
        return invalid("Exactly one of createdAfter and lastUpdatedAfter is required.")
    before = "createdBefore" if by[0] == "createdAfter" else "lastUpdatedBefore"
    try:
        since = parse(query[by[0]])
        until = parse(query[before]) if before in query else now - NOT_YET
        size = int(query.get("maxResultsPerPage", "100"))
    except ValueError:
        return invalid("A date must be in ISO 8601 format, a number must be a number.")
    if until > now - NOT_YET:
        return invalid(f"{before} must be at least two minutes before the present.")
    included = [i for i in query.get("includedData", "").split(",") if i]
    if not 1 <= size <= 100 or any(i not in INCLUDED for i in included):
        return invalid("maxResultsPerPage or includedData is invalid.")
    fixed = {k: v for k, v in query.items() if k not in ("paginationToken", "maxResultsPerPage", "includedData")}
    start = 0
    if token := query.get("paginationToken"):
        page = call.world.pages.get(token)
        if page is None or page[0] != fixed or now - page[2] >= TOKEN_LIFE:
            return invalid("paginationToken is invalid.")
        start, until = page[1], page[3]
    sites = [s for s in query.get("marketplaceIds", "").split(",") if s]
    states = [s for s in query.get("fulfillmentStatuses", "").split(",") if s]
    moment = "created_at" if by[0] == "createdAfter" else "updated_at"
    rows = [
        o for o in call.world.orders.values()
        if o.seller_id == call.seller.seller_id
        and since <= getattr(o, moment) <= until
        and (not sites or o.marketplace_id in sites)
        and (not states or o.status in states)
        and (query.get("fulfilledBy", o.fulfilled_by) == o.fulfilled_by)
    ]  # fmt: skip
    rows.sort(key=lambda o: (getattr(o, moment), o.order_id))
    hidden = {o.order_id for o in rows if o.order_id in call.world.omitted}
    part = [o for o in rows if o.order_id not in hidden][start : start + size]
    answer: dict[str, Any] = {"orders": [render(o, included, call.roles) for o in part], before: text(until)}
    if start + size < len(rows) - len(hidden):
        following = call.world.token("next-", 20)
        call.world.pages[following] = (fixed, start + size, now, until)
        answer["pagination"] = {"nextToken": following}
    return Response.json(answer)


def get(call: "Call") -> Response:
    order = call.world.orders.get(call.rest[0])
    if order is None or order.seller_id != call.seller.seller_id:
        return error(404, "NotFound", "The requested order is not found.")
    included = [i for i in call.request.query.get("includedData", "").split(",") if i]
    if any(i not in INCLUDED for i in included):
        return invalid("includedData is invalid.")
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
        total = sum((line.unit_price * line.quantity for line in order.lines), order.shipping)
        told["proceeds"] = {"grandTotal": _money(total, order.currency)}
    if "PACKAGES" in included and order.packages:
        told["packages"] = [
            {
                "packageReferenceId": name,
                "carrier": p["carrier"],
                "trackingNumber": p["trackingNumber"],
                "shipTime": p["shipDate"],
            }
            for name, p in order.packages.items()
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
        if order.shipping and line is order.lines[0]:
            breakdowns.append({"type": "SHIPPING", "subtotal": _money(order.shipping, order.currency)})
        told["proceeds"] = {"breakdowns": breakdowns}
    if "FULFILLMENT" in included:
        told["fulfillment"] = {"quantityFulfilled": line.shipped, "quantityUnfulfilled": line.quantity - line.shipped}
    return told


def confirm(call: "Call") -> Response:
    order = call.world.orders.get(call.rest[0])
    if order is None or order.seller_id != call.seller.seller_id:
        return error(404, "NotFound", "The requested order is not found.")
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
        return invalid("A required member of the shipment confirmation is missing or malformed.")
    if not isinstance(reference, str) or not reference.isdigit() or int(reference) < 1:
        return invalid("packageReferenceId must be a string of a positive number.")
    if site != order.marketplace_id:
        return invalid("marketplaceId does not match the order.")
    if shipped_at > call.world.now() + timedelta(minutes=1) or shipped_at < order.created_at - timedelta(seconds=1):
        return invalid("shipDate must be after the order date and not in the future.")
    if order.fulfilled_by == "AMAZON" or order.status in ("PENDING", "CANCELLED"):
        return invalid(f"The order cannot be confirmed in its present status ({order.status}, {order.fulfilled_by}).")
    lines = {line.item_id: line for line in order.lines}
    if not pieces or any(i not in lines or not isinstance(q, int) or q < 1 for i, q in pieces.items()):
        return invalid("orderItems names an item that is not in the order.")
    former = order.packages.get(reference, {}).get("pieces", {})
    for item, count in pieces.items():
        if lines[item].shipped - former.get(item, 0) + count > lines[item].quantity:
            return invalid(
                "PackageToUpdateNotFound: unable to find package to update, the items are already fulfilled."
            )
    for item, count in pieces.items():
        lines[item].shipped += count - former.get(item, 0)
    order.packages[reference] = {
        "carrier": carrier, "trackingNumber": tracking, "shipDate": text(shipped_at), "pieces": pieces,
    }  # fmt: skip
    call.world.later(call.world.chance.uniform(*call.world.write_delay), lambda: _shown_shipped(call, order))
    return Response(204)


def _shown_shipped(call: "Call", order: Order) -> None:
    """The status follows the confirmation with a delay."""
    if all(line.shipped >= line.quantity for line in order.lines):
        order.status = "SHIPPED"
    elif any(line.shipped for line in order.lines):
        order.status = "PARTIALLY_SHIPPED"
    order.updated_at = call.world.now()
