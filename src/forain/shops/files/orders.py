"""Orders into the folder: one JSON file each, found again by its name and its content."""

import json
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from forain.contracts.shop import ShopOrder
from forain.core.clock import format_instant
from forain.core.errors import Malformed, Problem, Rejected, ServerFault
from forain.core.ids import MarketplaceOrderId, ShopOrderId, VariantId
from forain.core.money import Money
from forain.core.orders import OrderDraft
from forain.core.stock import ABSURD_QUANTITY
from forain.net.answers import Name, Plain, decoded
from forain.shops.files.folder import Changing, Folder, safe_name

VERSION = 1
NEW, BOOKED, CANCELLED, REFUSED = "orders/new", "orders/booked", "orders/cancelled", "orders/refused"
CANCELLATIONS = "orders/cancellations"
PLACES = (NEW, BOOKED, CANCELLED, REFUSED, NEW)
"""Looked through in the order in which the merchant's system moves files, so that one on its way is met later
on; and once more in the first place, should somebody put one back."""

Pieces = Annotated[int, msgspec.Meta(ge=1, le=ABSURD_QUANTITY)]


class StoredLine(msgspec.Struct):
    """What is read back of a line; the file holds more."""

    variant: Name
    quantity: Pieces


class StoredOrder(msgspec.Struct):
    """What is read back of an order; the merchant's system may add fields of its own."""

    forain_order: int
    reference: Name
    currency: Plain
    total: Plain
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
                "tax": line.tax.text() if line.tax else None,
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
    return json.dumps(told, ensure_ascii=False, indent=2).encode("utf-8", "replace") + b"\n"


def find(folder: Folder, reference: MarketplaceOrderId) -> tuple[str, StoredOrder] | None:
    """(place, order), None when no place has it. Raises Malformed for a file that is not what its name says."""
    for place in PLACES:
        name = f"{place}/{safe_name(reference)}.json"
        try:
            content = folder.read(name)
        except Changing:
            raise Malformed(name) from None
        if content is None:
            continue
        stored = _stored(content)
        if stored is None or stored.reference != reference:
            raise Malformed(name)
        return place, stored
    return None


def _stored(content: bytes) -> StoredOrder | None:
    try:
        stored = decoded(content, StoredOrder)
    except (Malformed, ServerFault):
        return None
    return stored if stored.forain_order == VERSION else None


def shop_order(folder: Folder, reference: MarketplaceOrderId) -> ShopOrder | None:
    """The order as the folder has it; one that was refused or shall be cancelled counts as cancelled."""
    found = find(folder, reference)
    if found is None:
        return None
    place, stored = found
    try:
        total = Money.parse(stored.total, stored.currency)
    except ValueError:
        raise Malformed(f"{place}/{reference}.json: total") from None
    cancelled = place in (CANCELLED, REFUSED) or folder.exists(f"{CANCELLATIONS}/{safe_name(reference)}.json")
    return ShopOrder(ShopOrderId(reference), reference, total, cancelled)


def ensure(folder: Folder, draft: OrderDraft) -> ShopOrder:
    """Find, else create; the file system itself lets only one of two creators win.

    Raises Rejected where the merchant's system has put the order into orders/refused.
    """
    name = f"{safe_name(draft.reference)}.json"
    found = find(folder, draft.reference)
    if found is None:
        folder.write(f"{NEW}/{name}", document(draft), fresh=True)
    elif found[0] == REFUSED:
        raise Rejected([Problem("order_refused", f"{REFUSED}/{name}")], "order_refused")
    order = shop_order(folder, draft.reference)
    if order is None:
        raise Malformed(f"{NEW}/{name}: written and not there")
    return order


def cancel(folder: Folder, reference: MarketplaceOrderId) -> None:
    """A new order is taken back; for a booked one a file asks the merchant's system to cancel it."""
    name = f"{safe_name(reference)}.json"
    if folder.move(f"{NEW}/{name}", f"{CANCELLED}/{name}"):
        return
    if folder.exists(f"{BOOKED}/{name}"):
        asked = json.dumps({"forain_cancellation": VERSION, "reference": reference}).encode() + b"\n"
        folder.write(f"{CANCELLATIONS}/{name}", asked, fresh=True)


def waiting(folder: Folder) -> tuple[dict[VariantId, int], tuple[Problem, ...]]:
    """Variant -> pieces in orders/new (sold, not yet taken off the catalogue), and files that cannot be read.

    A file is read once and remembered by its mark: Forain writes it whole and never again.
    """
    pieces: dict[VariantId, int] = {}
    problems: list[Problem] = []
    for name, mark in folder.files(NEW, ".json"):
        found = _pieces_of(str(folder.root), name, mark)
        if found is None and folder.exists(f"{NEW}/{name}"):
            problems.append(Problem("order_unreadable", "", f"{NEW}/{name}"))
        for variant, count in found or ():
            pieces[variant] = pieces.get(variant, 0) + count
    return pieces, tuple(problems)


@lru_cache(maxsize=10_000)
def _pieces_of(root: str, name: str, mark: str) -> tuple[tuple[VariantId, int], ...] | None:
    try:
        content = Folder(root).read(f"{NEW}/{name}")
    except Changing:
        return None
    stored = _stored(content) if content is not None else None
    return None if stored is None else tuple((VariantId(line.variant), line.quantity) for line in stored.lines)
