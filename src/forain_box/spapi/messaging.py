"""Messaging v1: messages to a buyer, of the kinds that are open for that order and no others.

Which kinds are open when is not published; the box opens those that make sense for the order's state.
Source: Amazon's model messaging.json; docs issues 114, 193, 1662; read 2026-11-23.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from forain_box.clock import text
from forain_box.errors import invalid
from forain_box.http import Response
from forain_box.order_news import deliver_by
from forain_box.sites import SITES
from forain_box.spapi import hypermedia
from forain_box.spapi.call import Call, Operation, Wire
from forain_box.state import Order

MODEL = "messaging.json"
ROLES = ("Buyer Communication",)
OPEN_AFTER_DELIVERY = timedelta(days=30)
MOST_ATTACHMENTS, LONGEST_TEXT = 5, 2000
NOT_PLAIN = re.compile(r"<[a-zA-Z/!]|[^\s@]+@[^\s@]+\.[a-zA-Z]{2,}")
"""HTML or a mail address; neither is allowed in a message."""

# name of the action -> (operationId, whether it has a text, whether attachments)
KINDS: dict[str, tuple[str, bool, bool]] = {
    "confirmCustomizationDetails": ("confirmCustomizationDetails", True, True),
    "confirmDeliveryDetails": ("createConfirmDeliveryDetails", True, False),
    "legalDisclosure": ("createLegalDisclosure", False, True),
    "confirmOrderDetails": ("createConfirmOrderDetails", True, False),
    "confirmServiceDetails": ("createConfirmServiceDetails", True, False),
    "warranty": ("CreateWarranty", False, True),
    "digitalAccessKey": ("createDigitalAccessKey", True, True),
    "unexpectedProblem": ("createUnexpectedProblem", True, False),
    "invoice": ("sendInvoice", False, True),
}


class Attachment(Wire):
    upload_destination_id: str
    file_name: str


class Message(Wire):
    text: str | None = None
    attachments: list[Attachment] = []
    coverage_start_date: datetime | None = None
    coverage_end_date: datetime | None = None


def open_kinds(order: Order, now: datetime) -> list[str]:
    """The kinds of message this order allows now."""
    if order.status in ("UNSHIPPED", "PARTIALLY_SHIPPED") and order.fulfilled_by == "MERCHANT":
        return ["confirmDeliveryDetails", "legalDisclosure", "confirmOrderDetails", "unexpectedProblem"]
    brought = order.delivered_at or deliver_by(order)[1]
    if order.status == "SHIPPED" and now <= brought + OPEN_AFTER_DELIVERY:
        if order.fulfilled_by == "AMAZON":
            return ["legalDisclosure", "warranty", "invoice"]
        return ["confirmDeliveryDetails", "legalDisclosure", "warranty", "unexpectedProblem", "invoice"]
    return []


def actions(call: Call) -> Response:
    order = hypermedia.order_of(call)
    found = [(kind, _schema(kind)) for kind in open_kinds(order, call.world.now())]
    return hypermedia.links(call, order, "messages", found)


def _schema(kind: str) -> dict[str, Any]:
    _, has_text, has_attachments = KINDS[kind]
    properties: dict[str, Any] = {}
    if has_text:
        properties["text"] = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
    if has_attachments:
        properties["attachments"] = {"type": "array", "minItems": 1, "maxItems": MOST_ATTACHMENTS}
    return {"type": "object", "properties": properties}


def _send(kind: str) -> Callable[[Call], Response]:
    _, has_text, has_attachments = KINDS[kind]

    def send(call: Call) -> Response:
        order, now = hypermedia.order_of(call), call.world.now()
        if kind not in open_kinds(order, now):
            raise hypermedia.unavailable("Invalid amazonOrderId and template combination.")
        body = call.body(Message)
        if has_text and not (body.text and 0 < len(body.text.strip()) <= LONGEST_TEXT):
            raise invalid(f"text must have 1 to {LONGEST_TEXT} characters.")
        if has_text and body.text and NOT_PLAIN.search(body.text):
            raise invalid("text must not have HTML or email addresses.")
        if has_attachments:
            _check(call, body.attachments, required=not has_text)
        files = [a.file_name for a in body.attachments]
        order.messages.append({"kind": kind, "at": text(now), "text": body.text or "", "files": files})
        return hypermedia.created()

    return send


def _check(call: Call, attachments: list[Attachment], *, required: bool) -> None:
    if len(attachments) > MOST_ATTACHMENTS or (required and not attachments):
        raise invalid(f"attachments must have 1 to {MOST_ATTACHMENTS} entries.")
    for attachment in attachments:
        upload = call.world.state.uploads.get(attachment.upload_destination_id)
        if upload is None or upload.seller_id != call.seller.seller_id or upload.content is None:
            raise invalid(
                f"uploadDestinationId {attachment.upload_destination_id[:80]} is invalid, or nothing was uploaded."
            )


def attributes(call: Call) -> Response:
    """The buyer's language: that of the site."""
    order = hypermedia.order_of(call)
    return Response.json({"buyer": {"locale": SITES[order.marketplace_id][2].replace("_", "-")}})


ORDER = "/messaging/v1/orders/{amazonOrderId}"
OPERATIONS = (
    Operation("getMessagingActionsForOrder", "GET", ORDER, actions, MODEL, 1, 5, ROLES),
    Operation("GetAttributes", "GET", f"{ORDER}/attributes", attributes, MODEL, 1, 5, ROLES),
    *(
        Operation(name, "POST", f"{ORDER}/messages/{kind}", _send(kind), MODEL, 1, 5, ROLES)
        for kind, (name, _, _) in KINDS.items()
    ),
)
