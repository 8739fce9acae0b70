"""Orders v0, writing: confirmShipment and updateShipmentStatus; neither is deprecated.

Source: Amazon's model ordersV0.json; models issues 5037, 5094, jlevers issues 489, 528; read 2026-11-23.
"""

from datetime import timedelta
from typing import Any, Literal

from forain_box import trade
from forain_box.clock import parse
from forain_box.errors import invalid
from forain_box.http import Response, decoded
from forain_box.sites import SITES
from forain_box.spapi import order_lists
from forain_box.spapi.call import Call, Operation, Wire
from forain_box.spapi.orders import TRACKING
from forain_box.state import Package
from forain_box.world import Refusal

MODEL = "ordersV0.json"
SKEW = timedelta(minutes=1)


class Item(Wire):
    order_item_id: str
    quantity: int


class Detail(Wire):
    package_reference_id: str
    carrier_code: str
    tracking_number: str
    ship_date: str
    order_items: list[Item]
    carrier_name: str = ""
    shipping_method: str = ""


class Confirmation(Wire):
    marketplace_id: str
    package_detail: Detail
    cod_collection_method: Literal["DirectPayment"] | None = None


class StatusBody(Wire):
    marketplace_id: str
    shipment_status: Literal["ReadyForPickup", "PickedUp", "RefusedPickup"]
    order_items: list[dict[str, Any]] = []


def confirm(call: Call) -> Response:
    order = order_lists.own(call)
    try:
        body: Confirmation = decoded(call.request.body, Confirmation)
    except ValueError as wrong:
        place = str(wrong).partition("$.")[2].rstrip("`") or "body"
        raise invalid(
            f"The input you have submitted is not valid. Please check the fields with invalid type [{place[:100]}]."
        ) from None
    detail = body.package_detail
    reference = detail.package_reference_id
    if not (reference.isascii() and reference.isdigit() and len(reference) < 20 and int(reference) > 0):
        raise invalid("PackageReferenceId: is invalid, must be a positive numeric value.")
    if (
        not detail.carrier_code
        or not detail.tracking_number
        or (detail.carrier_code == "Other" and not detail.carrier_name)
    ):
        raise invalid("carrierCode, trackingNumber, and for carrierCode Other the carrierName, must not be empty.")
    if body.marketplace_id != order.marketplace_id:
        raise invalid("marketplaceId does not match the order.")
    if body.cod_collection_method and SITES[order.marketplace_id][0] != "JP":
        raise invalid("codCollectionMethod is supported in the JP marketplace only.")
    try:
        shipped_at = parse(detail.ship_date)
    except ValueError:
        raise invalid("shipDate must be a date in ISO 8601 format.") from None
    if shipped_at > call.world.now() + SKEW or shipped_at < order.created_at - timedelta(seconds=1):
        raise invalid("shipDate must be after the order date and not in the future.")
    pieces: dict[str, int] = {}
    for item in detail.order_items:
        pieces[item.order_item_id] = pieces.get(item.order_item_id, 0) + item.quantity
    carrier = detail.carrier_name if detail.carrier_code == "Other" else detail.carrier_code
    package = Package(reference, carrier, detail.tracking_number, detail.shipping_method, shipped_at, pieces)
    trade.confirm_package(call.world, order, package)
    return Response(204)


def update_status(call: Call) -> Response:
    """Orders the buyer fetches from a shop; no others have such a status."""
    order = order_lists.own(call)
    body = call.body(StatusBody)
    if body.marketplace_id != order.marketplace_id:
        raise invalid("Marketplace ID is not defined", "1001")
    try:
        trade.pick_up(call.world, order, body.shipment_status)
    except Refusal as refusal:
        raise invalid(str(refusal)) from None
    return Response(204)


ORDER = "/orders/v0/orders/{orderId}"
OPERATIONS = (
    Operation("confirmShipment", "POST", f"{ORDER}/shipmentConfirmation", confirm, MODEL, 2, 10, TRACKING),
    Operation("updateShipmentStatus", "POST", f"{ORDER}/shipment", update_status, MODEL, 5, 15, TRACKING),
)
