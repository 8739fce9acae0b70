"""Telling Amazon quantities, prices and parcels: envelopes of XML, taken at once and carried out later.

Taken means received. What became of it is read where it shows: in the report of offers, in the order's status. A message
that Amazon could not carry out shows nowhere else here; an offer is told again and then named to a person, an order stays
unsent in Seller Central.

Source: MWS Feeds API section 2009-01-01; Inventory, Price, OrderAcknowledgement and OrderFulfillment messages as connectors
of the time sent them; read 2026-11-23.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from forain.contracts.marketplace import Accepted, Confirmed, Credentials, Parcel, ParcelRefused, Receipt
from forain.contracts.net import Net
from forain.core.clock import format_instant
from forain.core.errors import Malformed, Rejected, Throttled
from forain.core.ids import MarketplaceOrderId, SiteId, SubmissionId
from forain.core.offers import Change
from forain.marketplaces.amazon_mws import calls, document
from forain.marketplaces.amazon_mws.document import Element

STOCK, PRICES = "_POST_INVENTORY_AVAILABILITY_DATA_", "_POST_PRODUCT_PRICING_DATA_"
TAKEN_IN, SENT = "_POST_ORDER_ACKNOWLEDGEMENT_DATA_", "_POST_ORDER_FULFILLMENT_DATA_"
NAMES = {STOCK: "Inventory", PRICES: "Price", TAKEN_IN: "OrderAcknowledgement", SENT: "OrderFulfillment"}
"""Feed type -> the name of its messages."""
UNFINISHED = ("_SUBMITTED_", "_IN_PROGRESS_", "_UNCONFIRMED_", "_AWAITING_ASYNCHRONOUS_REPLY_", "_IN_SAFETY_NET_")
RESTORE = timedelta(seconds=120)
"""So long until one more feed may be sent."""
LOOK_AGAIN = timedelta(seconds=45)
"""So long until the list of feeds may be asked for once more."""
STUCK_AFTER = timedelta(hours=2)
"""A feed that is not done after so long never will be, and is not waited for."""


def envelope(seller: str, kind: str, messages: Sequence[Sequence[Element]]) -> bytes:
    """A feed of these messages, numbered from 1."""
    name = NAMES[kind]
    update: list[Element] = [("OperationType", "Update")] if kind in (STOCK, PRICES) else []
    parts: list[Element] = [
        ("Header", [("DocumentVersion", "1.01"), ("MerchantIdentifier", seller)]),
        ("MessageType", name),
        *(
            ("Message", [("MessageID", str(number)), *update, (name, list(message))])
            for number, message in enumerate(messages, 1)
        ),
    ]
    schema = {
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsi:noNamespaceSchemaLocation": "amzn-envelope.xsd",
    }  # fmt: skip
    whole = document.written(("AmazonEnvelope", parts, schema))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{whole}'.encode()


def _send(
    credentials: Credentials, net: Net, kind: str, site: SiteId, messages: Sequence[Sequence[Element]]
) -> SubmissionId:
    told = calls.ask(
        credentials, net, "", "SubmitFeed", {"FeedType": kind, "MarketplaceIdList.Id.1": site},
        body=envelope(credentials.seller, kind, messages),
    )  # fmt: skip
    return SubmissionId(told.named("FeedSubmissionInfo/FeedSubmissionId"))


def submit(credentials: Credentials, net: Net, changes: Sequence[Change]) -> Iterable[Receipt]:
    """One feed of quantities and one of prices for each site, however many changes."""
    if changes:
        _wait_for_the_former(credentials, net)
    by_site: dict[SiteId, list[Change]] = {}
    for change in changes:
        by_site.setdefault(change.key.site, []).append(change)
    told: dict[Change, SubmissionId] = {}
    sent = 0
    for site, here in by_site.items():
        for kind, wanted in ((STOCK, _quantities(here)), (PRICES, _prices(here))):
            if not wanted:
                continue
            try:
                number = _send(credentials, net, kind, site, list(wanted.values()))
            except Throttled as slow:
                # All is told anew then, and must not stop at the same feed again.
                raise Throttled(slow.until + RESTORE * sent, placeholders=slow.placeholders) from None
            sent += 1
            told |= dict.fromkeys(wanted, number)
    for change in changes:
        if (received := told.get(change)) is not None:
            yield Accepted(change.key, received)


def _wait_for_the_former(credentials: Credentials, net: Net) -> None:
    """Two feeds may overtake each other, and the older number would stay: one after the other. Raises Throttled."""
    asked = {f"FeedTypeList.Type.{n}": kind for n, kind in enumerate((STOCK, PRICES), 1)}
    asked |= {f"FeedProcessingStatusList.Status.{n}": status for n, status in enumerate(UNFINISHED, 1)}
    response = calls.call(credentials, net, "", "GetFeedSubmissionList", asked)
    told = document.read(response).all("GetFeedSubmissionListResult")
    if not told:
        raise Malformed("GetFeedSubmissionListResult")
    now = calls.moment_of(response)
    submitted = (calls.moment(feed, "SubmittedDate") for feed in told[0].all("FeedSubmissionInfo"))
    if any(now - at < STUCK_AFTER for at in submitted):
        raise Throttled(now + LOOK_AGAIN, placeholders={"operation": "SubmitFeed"})


def _quantities(changes: Sequence[Change]) -> Mapping[Change, Sequence[Element]]:
    return {
        change: [("SKU", change.key.sku), ("Quantity", str(change.quantity))]
        for change in changes
        if change.quantity is not None
    }


def _prices(changes: Sequence[Change]) -> Mapping[Change, Sequence[Element]]:
    return {
        change: [("SKU", change.key.sku), ("StandardPrice", change.price.text(), {"currency": change.price.currency})]
        for change in changes
        if change.price is not None
    }


def confirm(
    credentials: Credentials, net: Net, order_id: MarketplaceOrderId, site: SiteId, parcel: Parcel
) -> Confirmed | ParcelRefused:
    """Tell one parcel; the first one of an order after the word that the shop has the order (its acknowledgement).

    Until a parcel is there nobody can say that for sure, and Amazon asks for it no earlier.
    """
    first = parcel.reference == "1"
    try:
        if first:
            _send(credentials, net, TAKEN_IN, site, [acknowledgement(order_id, parcel)])
        _send(credentials, net, SENT, site, [shipment(order_id, parcel)])
    except Throttled as slow:
        # Both are told anew then, and must not stop between them again.
        raise Throttled(slow.until + (RESTORE if first else timedelta(0)), placeholders=slow.placeholders) from None
    except Rejected as error:
        if error.code != "rejected":
            # The address or the seller is wrong: that says nothing about this parcel.
            raise
        return ParcelRefused(parcel.reference, error.problems)
    return Confirmed(parcel.reference)


def acknowledgement(order_id: MarketplaceOrderId, parcel: Parcel) -> list[Element]:
    """The shop has the order; it is called there as here."""
    items: Sequence[Element] = [("Item", [("AmazonOrderItemCode", line)]) for line in parcel.items]
    return [("AmazonOrderID", order_id), ("MerchantOrderID", order_id), ("StatusCode", "Success"), *items]


def shipment(order_id: MarketplaceOrderId, parcel: Parcel) -> list[Element]:
    """One parcel. The same number again edits the same parcel."""
    carrier: list[Element] = [("CarrierName", parcel.carrier or "Other"), ("ShippingMethod", "Standard")]
    tracking: list[Element] = [("ShipperTrackingNumber", parcel.tracking)] if parcel.tracking else []
    return [
        ("AmazonOrderID", order_id),
        ("MerchantFulfillmentID", parcel.reference),
        ("FulfillmentDate", format_instant(parcel.shipped_at)),
        ("FulfillmentData", [*carrier, *tracking]),
        *(("Item", [("AmazonOrderItemCode", line), ("Quantity", str(count))]) for line, count in parcel.items.items()),
    ]
