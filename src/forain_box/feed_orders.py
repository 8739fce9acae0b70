"""Order feeds: acknowledgement (the only way to cancel), payment adjustment (the only way to refund), fulfilment.

Each message is carried out by itself; the ones that cannot be are told of in the ProcessingReport. Codes 5000, 5001 and
18028 are Amazon's; the sentences of the others are the box's own.

Source: Amazon's order feed types; OrderAcknowledgement, OrderAdjustment and OrderFulfillment schemas; read 2026-11-23.
"""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from forain_box import envelope, trade
from forain_box.clock import parse
from forain_box.envelope import Part, Result, Unreadable
from forain_box.errors import Stop
from forain_box.state import Document, Feed, Order, OrderLine, Package
from forain_box.world import Refusal, World

KINDS = {
    "POST_ORDER_ACKNOWLEDGEMENT_DATA": "OrderAcknowledgement",
    "POST_PAYMENT_ADJUSTMENT_DATA": "OrderAdjustment",
    "POST_ORDER_FULFILLMENT_DATA": "OrderFulfillment",
}
CANCEL_REASONS = frozenset({
    "NoInventory", "ShippingAddressUndeliverable", "CustomerExchange", "BuyerCanceled", "GeneralAdjustment",
    "CarrierCreditDecision", "RiskAssessmentInformationNotValid", "CarrierCoverageFailure", "CustomerReturn",
    "MerchandiseNotReceived",
})  # fmt: skip
ADJUSTMENT_REASONS = frozenset({
    "NoInventory", "CustomerReturn", "GeneralAdjustment", "CouldNotShip", "DifferentItem", "Abandoned", "CustomerCancel",
    "PriceError", "ProductOutofStock", "CustomerAddressIncorrect", "Exchange", "Other", "CarrierCreditDecision",
    "RiskAssessmentInformationNotValid", "CarrierCoverageFailure", "TransactionRecord", "Undeliverable", "RefusedDelivery",
})  # fmt: skip
PRICE_PARTS = {
    "Principal": "ITEM", "Shipping": "SHIPPING", "GiftWrap": "GIFT_WRAP", "CODFee": "COD_FEE", "Tax": "TAX ITEM",
    "ShippingTax": "TAX SHIPPING", "GiftWrapTax": "TAX GIFT_WRAP", "CODFeeTax": "TAX COD_FEE",
}  # fmt: skip
"""Components of a price, and the box's words for them."""
INVALID, NOT_FOUND, NOT_NOW = "5001", "18028", "99999"


class _Wrong(Exception):
    """One message cannot be carried out."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def take_envelope(world: World, feed: Feed, document: Document) -> dict[str, Any]:
    """Carry out every message. The answer is what `report` needs."""
    return carry_out(world, feed, document, KINDS[feed.feed_type.strip("_")], _one)


def carry_out(
    world: World, feed: Feed, document: Document, kind: str, one: Callable[[World, Feed, str, int, Part], Result | None]
) -> dict[str, Any]:
    """Every message of an envelope of `kind`, each by itself: `one` does it and answers what is wrong with it."""
    try:
        told = envelope.read(document.content or b"", document.content_type)
        if told.merchant != feed.seller_id:
            raise Unreadable(
                "25", "We are unable to process the XML feed because MerchantIdentifier is not this seller."
            )
        if told.kind != kind:
            raise Unreadable("25", f"We are unable to process the XML feed because its MessageType is not {kind}.")
    except Unreadable as wrong:
        return {"processed": 0, "results": [Result(0, wrong.code, str(wrong)).plain()]}
    results = [r.plain() for place, m in enumerate(told.messages, 1) if (r := one(world, feed, kind, place, m))]
    return {"processed": len(told.messages), "results": results}


def _one(world: World, feed: Feed, kind: str, place: int, message: Part) -> Result | None:
    number = message.get("MessageID")
    numbered = number.isascii() and number.isdigit() and len(number) < 20
    told = next(iter(message.all(kind)), None)
    order_id = told.get("AmazonOrderID") if told else ""
    try:
        if told is None or not numbered:
            raise _Wrong(INVALID, f"A message needs a MessageID and a {kind}.")
        order = _order(world, feed, order_id)
        match kind:
            case "OrderAcknowledgement":
                _acknowledge(world, order, told)
            case "OrderAdjustment":
                _adjust(world, order, told)
            case _:
                _ship(world, order, told)
    except _Wrong as wrong:
        return Result(int(number) if numbered else place, wrong.code, str(wrong), order_id=order_id[:50])
    except Refusal as refusal:
        return Result(int(number), NOT_NOW, str(refusal), order_id=order_id)
    except Stop as stop:
        return Result(int(number), NOT_NOW, _said(stop), order_id=order_id)
    return None


def _said(stop: Stop) -> str:
    return str(json.loads(stop.response.body)["errors"][0]["message"])


def _order(world: World, feed: Feed, order_id: str) -> Order:
    order = world.state.orders.get(order_id)
    if order is None or order.seller_id != feed.seller_id or order.marketplace_id not in feed.marketplace_ids:
        raise _Wrong(
            NOT_FOUND, f"Your order cannot be found using Merchant ID {feed.seller_id} and order {order_id[:50]}."
        )
    return order


def _lines(order: Order, items: list[Part]) -> list[tuple[OrderLine, Part]]:
    """The order's lines that the items name, each once."""
    known = {line.item_id: line for line in order.lines}
    found: dict[str, tuple[OrderLine, Part]] = {}
    for item in items:
        code = item.get("AmazonOrderItemCode")
        if code not in known or code in found:
            raise _Wrong(INVALID, f"AmazonOrderItemCode '{code[:50]}' names no item of the order, or one twice.")
        found[code] = known[code], item
    return list(found.values())


def _count(told: str, most: int) -> int:
    if not (told.isascii() and told.isdigit() and len(told) < 9 and 1 <= int(told) <= most):
        raise _Wrong(INVALID, f"Quantity '{told[:50]}' must be between 1 and {most}.")
    return int(told)


def _acknowledge(world: World, order: Order, told: Part) -> None:
    status, items = told.get("StatusCode"), told.all("Item")
    if status == "Success":
        trade.acknowledge(world, order, told.get("MerchantOrderID")[:100] or order.seller_order_id)
        return
    if status != "Failure":
        raise _Wrong(INVALID, f"StatusCode '{status[:50]}' must be Success or Failure.")
    if not items:
        raise _Wrong(INVALID, "Item with AmazonOrderItemCode and CancelReason is required when StatusCode is Failure.")
    named = _lines(order, items)
    reasons = [item.get("CancelReason") for _, item in named]
    for reason in reasons:
        if reason not in CANCEL_REASONS:
            raise _Wrong(INVALID, f"CancelReason '{reason[:50]}' is not one of its allowed values.")
    trade.cancel(world, order, reasons[0], by="MERCHANT", items=[line.item_id for line, _ in named])


def _adjust(world: World, order: Order, told: Part) -> None:
    """A refund, part by part."""
    items = told.all("AdjustedItem")
    if not items:
        raise _Wrong(INVALID, "AdjustedItem is required.")
    refunds: dict[str, dict[str, Decimal]] = {}
    for line, item in _lines(order, items):
        reason = item.get("AdjustmentReason")
        if reason not in ADJUSTMENT_REASONS:
            raise _Wrong(INVALID, f"AdjustmentReason '{reason[:50]}' is not one of its allowed values.")
        parts = refunds.setdefault(line.item_id, {})
        for component in (c for prices in item.all("ItemPriceAdjustments") for c in prices.all("Component")):
            kind, amount = component.get("Type"), component.get("Amount")
            if kind not in PRICE_PARTS:
                raise _Wrong(INVALID, f"Type '{kind[:50]}' is no component of a price.")
            parts[PRICE_PARTS[kind]] = parts.get(PRICE_PARTS[kind], Decimal(0)) + _amount(amount)
    trade.refund(world, order, refunds)


def _amount(told: str) -> Decimal:
    try:
        amount = Decimal(told)
    except InvalidOperation:
        raise _Wrong(INVALID, f"Amount '{told[:50]}' is no amount.") from None
    if not amount.is_finite() or not 0 <= amount < 10**9:
        raise _Wrong(INVALID, f"Amount '{told[:50]}' is no amount.")
    return amount


def _ship(world: World, order: Order, told: Part) -> None:
    items = told.all("Item")
    pieces = {
        line.item_id: _count(item.get("Quantity"), line.quantity) for line, item in _lines(order, items)
    } if items else None  # fmt: skip
    data = "FulfillmentData"
    carrier = told.get(f"{data}/CarrierCode") or told.get(f"{data}/CarrierName")
    _confirm(
        world, order, pieces, told.get("FulfillmentDate"), carrier, told.get(f"{data}/ShipperTrackingNumber"),
        told.get(f"{data}/ShippingMethod"), told.get("MerchantFulfillmentID"),
    )  # fmt: skip


def _confirm(
    world: World, order: Order, pieces: dict[str, int] | None, date: str, carrier: str, tracking: str, method: str, reference: str
) -> None:  # fmt: skip
    """One package. `pieces` None: everything that is left."""
    if not carrier:
        raise _Wrong(INVALID, "CarrierCode or CarrierName is required.")
    try:
        shipped_at = parse(date)
    except ValueError:
        raise _Wrong(INVALID, f"FulfillmentDate '{date[:50]}' is no date in ISO 8601 with its zone.") from None
    if not order.created_at - timedelta(seconds=1) <= shipped_at <= world.now() + timedelta(minutes=1):
        raise _Wrong(NOT_NOW, "FulfillmentDate must be after the order date and not in the future.")
    if pieces is None:
        packed = [package.pieces for package in order.packages.values()]
        left = {x.item_id: x.quantity - x.cancelled - sum(p.get(x.item_id, 0) for p in packed) for x in order.lines}
        pieces = {item: count for item, count in left.items() if count > 0}
    if not pieces:
        raise _Wrong(NOT_NOW, "There is nothing left to ship.")
    trade.confirm_package(
        world,
        order,
        Package(
            reference[:50] or f"F{world.number()}", carrier[:100], tracking[:100], method[:100], shipped_at, pieces
        ),
    )


COLUMNS = (
    "order-id", "order-item-id", "quantity", "ship-date", "carrier-code", "carrier-name", "tracking-number", "ship-method",
)  # fmt: skip


def take_flat_file(world: World, feed: Feed, document: Document) -> dict[str, Any]:
    """POST_FLAT_FILE_FULFILLMENT_DATA: tab separated, one line a package; no item: everything that is left."""
    try:
        text = (document.content or b"").decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
    except (UnicodeDecodeError, csv.Error):
        rows = []
    if not rows or not {"order-id", "ship-date"} <= set(rows[0]):
        return {
            "processed": 0,
            "results": [Result(0, "5000", "The file is not tab separated with its headings.").plain()],
        }
    results = []
    for place, row in enumerate(rows, 1):
        told = {name: (row.get(name) or "").strip() for name in COLUMNS}
        try:
            _ship_row(world, feed, told)
        except (_Wrong, Refusal, Stop) as wrong:
            text = _said(wrong) if isinstance(wrong, Stop) else str(wrong)
            results.append(Result(place, getattr(wrong, "code", NOT_NOW), text, order_id=told["order-id"][:50]).plain())
    return {"processed": len(rows), "results": results}


def _ship_row(world: World, feed: Feed, told: dict[str, str]) -> None:
    order = _order(world, feed, told["order-id"])
    pieces = None
    if told["order-item-id"]:
        line = next((x for x in order.lines if x.item_id == told["order-item-id"]), None)
        if line is None:
            raise _Wrong(INVALID, "order-item-id names no item of the order.")
        pieces = {line.item_id: _count(told["quantity"] or str(line.quantity), line.quantity)}
    # A date without its hour is allowed here: it is the start of that day, or the order's own moment on its first day.
    date = told["ship-date"]
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
        date = max(f"{date}T00:00:00+00:00", order.created_at.isoformat())
    carrier = told["carrier-name"] if told["carrier-code"] in ("", "Other") else told["carrier-code"]
    _confirm(world, order, pieces, date, carrier, told["tracking-number"], told["ship-method"], "")


def report(world: World, feed: Feed, taken: dict[str, Any]) -> tuple[str, bytes]:
    """(content type, content): XML for the envelopes, text for the flat file."""
    results = taken["results"]
    if feed.feed_type != "POST_FLAT_FILE_FULFILLMENT_DATA":
        return envelope.TYPE, envelope.processing_report(feed.feed_id, feed.seller_id, taken["processed"], results)
    wrong = len({r["message_id"] for r in results} - {0})
    lines = [
        "Feed Processing Summary:",
        f"\tNumber of records processed\t\t{taken['processed']}",
        f"\tNumber of records successful\t\t{taken['processed'] - wrong}",
        "",
        "original-record-number\torder-id\terror-code\terror-type\terror-message",
        *(f"{r['message_id']}\t{r['order_id']}\t{r['code']}\tError\t{r['text']}" for r in results),
    ]
    return "text/plain; charset=UTF-8", "\n".join(lines).encode("utf-8", "replace")
