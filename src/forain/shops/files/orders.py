"""Orders into the folder: one JSON file each, found again by its name and its content."""

import json
from typing import Any

import msgspec

from forain.contracts.shop import ShopOrder
from forain.core.clock import format_instant
from forain.core.errors import Malformed
from forain.core.ids import MarketplaceOrderId, ShopOrderId
from forain.core.money import Money
from forain.core.orders import OrderDraft
from forain.shops.files.folder import Folder, safe_name

VERSION = 1
PLACES = ("new", "booked", "new", "cancelled")
"""Looked through in this order: the merchant's system may move a file from new to booked while we look."""


class StoredLine(msgspec.Struct):
    line: str
    variant: str
    sku: str
    quantity: int
    total: str


class StoredOrder(msgspec.Struct):
    forain_order: int
    reference: str
    currency: str
    total: str
    lines: list[StoredLine]


def document(draft: OrderDraft) -> bytes:
    """The file's content; described in docs/reference/files-shop.md."""
    to = draft.ship_to
    told: dict[str, Any] = {
        "forain_order": VERSION,
        "reference": draft.reference,
        "site": draft.site,
        "purchased_at": format_instant(draft.purchased_at),
        "ship_by": format_instant(draft.ship_by) if draft.ship_by else None,
        "currency": draft.currency,
        "lines": [
            {
                "line": line.line_id,
                "variant": line.variant,
                "sku": line.sku,
                "title": line.title,
                "quantity": line.quantity,
                "total": line.total.money.text(),
            }
            for line in draft.lines
        ],
        "shipping": draft.shipping.text(),
        "discount": draft.discount.text(),
        "total": draft.total.text(),
        "email": draft.buyer_email,
        "ship_to": {
            "name": to.name,
            "lines": list(to.lines),
            "postal_code": to.postal_code,
            "city": to.city,
            "region": to.region,
            "country": to.country,
            "phone": to.phone,
        },
    }
    return json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n"


def find(folder: Folder, reference: MarketplaceOrderId) -> tuple[str, StoredOrder] | None:
    """(place, order), None when no place has it."""
    name = f"{safe_name(reference)}.json"
    for place in PLACES:
        content = folder.read(f"orders/{place}/{name}")
        if content is None:
            continue
        try:
            stored = msgspec.json.decode(content, type=StoredOrder)
        except msgspec.DecodeError as error:
            raise Malformed(f"orders/{place}/{name}: {error}"[:200]) from None
        if stored.reference != reference:
            raise Malformed(f"orders/{place}/{name}: reference")
        return place, stored
    return None


def shop_order(folder: Folder, reference: MarketplaceOrderId) -> ShopOrder | None:
    found = find(folder, reference)
    if found is None:
        return None
    place, stored = found
    cancelled = place == "cancelled" or folder.read(f"orders/cancellations/{safe_name(reference)}.json") is not None
    try:
        total = Money.parse(stored.total, stored.currency)
    except ValueError:
        raise Malformed(f"orders/{place}/{reference}.json: total") from None
    return ShopOrder(ShopOrderId(reference), reference, total, cancelled)


def ensure(folder: Folder, draft: OrderDraft) -> ShopOrder:
    """Find, else create; the file system itself lets only one of two creators win."""
    folder.ready()
    found = shop_order(folder, draft.reference)
    if found is None:
        folder.write(f"orders/new/{safe_name(draft.reference)}.json", document(draft), fresh=True)
        found = shop_order(folder, draft.reference)
    if found is None:
        raise Malformed(f"orders/new/{draft.reference}.json: written and not there")
    return found


def cancel(folder: Folder, reference: MarketplaceOrderId) -> None:
    """A new order is taken back; for a booked one a file asks the merchant's system to cancel it."""
    folder.ready()
    name = f"{safe_name(reference)}.json"
    if folder.move(f"orders/new/{name}", f"orders/cancelled/{name}"):
        return
    if folder.read(f"orders/booked/{name}") is not None:
        asked = json.dumps({"forain_cancellation": VERSION, "reference": reference}).encode() + b"\n"
        folder.write(f"orders/cancellations/{name}", asked, fresh=True)


def waiting_pieces(folder: Folder) -> dict[str, int]:
    """Variant -> pieces in orders/new: sold, and not yet taken off the catalogue by the merchant's system."""
    found: dict[str, int] = {}
    for name in folder.names("orders/new", ".json"):
        content = folder.read(f"orders/new/{name}")
        if content is None:
            continue
        try:
            stored = msgspec.json.decode(content, type=StoredOrder)
        except msgspec.DecodeError:
            continue
        for line in stored.lines:
            found[line.variant] = found.get(line.variant, 0) + line.quantity
    return found
