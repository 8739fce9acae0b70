"""Solicitations v1: one request for a review an order, 5 to 30 days after delivery.

Source: Amazon's model solicitations.json; models issues 19, 4927, docs issue 121; read 2026-11-23.
"""

from datetime import datetime, timedelta

from forain_box.http import Response
from forain_box.order_news import deliver_by
from forain_box.spapi import hypermedia
from forain_box.spapi.call import Call, Operation
from forain_box.state import Order

MODEL = "solicitations.json"
ROLES = ("Buyer Solicitation",)
EARLIEST, LATEST = timedelta(days=5), timedelta(days=30)
NAME = "productReviewAndSellerFeedback"


def _in_time(order: Order, now: datetime) -> bool:
    """Without a known delivery, the latest promised one counts."""
    brought = order.delivered_at or deliver_by(order)[1]
    return brought + EARLIEST <= now <= brought + LATEST


def _open(order: Order, now: datetime) -> bool:
    return order.status == "SHIPPED" and order.solicited_at is None and _in_time(order, now)


def actions(call: Call) -> Response:
    order = hypermedia.order_of(call)
    offered = [(NAME, {"type": "object", "properties": {}})] if _open(order, call.world.now()) else []
    return hypermedia.links(call, order, "solicitations", offered)


def solicit(call: Call) -> Response:
    order, now = hypermedia.order_of(call), call.world.now()
    if order.status == "SHIPPED" and not _in_time(order, now):
        raise hypermedia.unavailable(
            "You can't use this feature to request a review outside the 5-30 day range after the order delivery date."
        )
    if not _open(order, now):
        raise hypermedia.unavailable("The requested solicitation is not available for this amazonOrderId.")
    order.solicited_at = now
    return hypermedia.created()


ORDER = "/solicitations/v1/orders/{amazonOrderId}"
OPERATIONS = (
    Operation("getSolicitationActionsForOrder", "GET", ORDER, actions, MODEL, 1, 5, ROLES),
    Operation(
        "createProductReviewAndSellerFeedbackSolicitation", "POST", f"{ORDER}/solicitations/{NAME}", solicit, MODEL, 1, 5, ROLES
    ),
)  # fmt: skip
