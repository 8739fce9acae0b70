"""The life of a feed: IN_QUEUE, IN_PROGRESS, then DONE, CANCELLED or FATAL, whoever submitted it (SP-API or MWS).

Two feeds may overtake each other. DONE says that the messages were read, not that they were accepted.

Source: Amazon's model feeds_2021-06-30.json; best practices and deprecation pages of the feeds; read 2026-11-23.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from forain_box import documents, faults, feed_listings, feed_orders, feed_stock, notify
from forain_box.state import Document, Feed, Seller
from forain_box.world import World, happens

KEPT = timedelta(days=90)
LISTINGS = "JSON_LISTINGS_FEED"
LEGACY = frozenset({
    "POST_PRODUCT_DATA", "POST_INVENTORY_AVAILABILITY_DATA", "POST_PRODUCT_PRICING_DATA", "POST_PRODUCT_IMAGE_DATA",
    "POST_PRODUCT_RELATIONSHIP_DATA", "POST_PRODUCT_OVERRIDES_DATA", "POST_FLAT_FILE_INVLOADER_DATA",
    "POST_FLAT_FILE_LISTINGS_DATA", "POST_FLAT_FILE_PRICEANDQUANTITYONLY_UPDATE_DATA",
    "POST_FLAT_FILE_BOOKLOADER_DATA", "POST_FLAT_FILE_CONVERGENCE_LISTINGS_DATA", "POST_UIEE_BOOKLOADER_DATA",
})  # fmt: skip
"""Listing feeds that are dead: they are taken, and always end FATAL."""
ORDER_ROLES = ("Inventory and Order Tracking", "Direct-to-Consumer Shipping")
ROLES: dict[str, tuple[str, ...]] = {
    LISTINGS: ("Product Listing",),
    **dict.fromkeys(sorted(LEGACY), ("Product Listing",)),
    "POST_ORDER_ACKNOWLEDGEMENT_DATA": ORDER_ROLES,
    "POST_PAYMENT_ADJUSTMENT_DATA": (*ORDER_ROLES, "Finance and Accounting"),
    "POST_ORDER_FULFILLMENT_DATA": ORDER_ROLES,
    "POST_FLAT_FILE_FULFILLMENT_DATA": ORDER_ROLES,
}
"""Every feed type there is here, and the roles of which one is needed."""

Taken = dict[str, Any]
"""What reading a feed gave, as plain data; its report is made of it later."""
READERS: dict[str, Callable[[World, Feed, Document], Taken]] = {
    LISTINGS: feed_listings.take,
    "POST_ORDER_ACKNOWLEDGEMENT_DATA": feed_orders.take_envelope,
    "POST_PAYMENT_ADJUSTMENT_DATA": feed_orders.take_envelope,
    "POST_ORDER_FULFILLMENT_DATA": feed_orders.take_envelope,
    "POST_FLAT_FILE_FULFILLMENT_DATA": feed_orders.take_flat_file,
    **{f"_{kind}_": feed_orders.take_envelope for kind in feed_orders.KINDS},
    **dict.fromkeys(feed_stock.KINDS, feed_stock.take_envelope),
}
OLD = frozenset(kind for kind in READERS if kind.startswith("_"))
"""What the old interface takes; there stock and prices by XML are alive."""


def submit(
    world: World, seller: Seller, feed_type: str, sites: list[str], document: Document, options: dict[str, str]
) -> Feed:
    """A feed enters the queue. The caller has checked type and document."""
    number = world.digits(11)
    while number in world.state.feeds:
        number = world.digits(11)
    document.used = True
    feed = Feed(number, seller.seller_id, feed_type, sites, document.document_id, options, world.now())
    world.state.feeds[number] = feed
    world.write_later("feed.started", feed=number)
    world.at(feed.created_at + KEPT, "feed.forgotten", feed=number)
    return feed


def cancel(world: World, feed: Feed) -> bool:
    """False: it is no longer in the queue, and goes on."""
    if feed.status != "IN_QUEUE":
        return False
    _end(world, feed, "CANCELLED")
    return True


@happens("feed.started")
def _started(world: World, told: dict[str, Any]) -> None:
    feed = world.state.feeds[told["feed"]]
    if feed.status != "IN_QUEUE":
        return
    feed.status, feed.started_at = "IN_PROGRESS", world.now()
    if faults.strikes(world, "feed-stuck", feed.feed_type, feed.seller_id):
        return
    document = world.state.documents[feed.input_document]
    fatal = faults.strikes(world, "feed-fatal", feed.feed_type, feed.seller_id) is not None
    if fatal and world.chance.random() < 0.5:
        # A feed that ends FATAL may have done some, none or all of its work.
        READERS.get(feed.feed_type, _nothing)(world, feed, document)
    if fatal or feed.feed_type not in READERS or document.content is None:
        world.write_later("feed.ended", feed=feed.feed_id, status="FATAL", taken={})
        return
    taken = READERS[feed.feed_type](world, feed, document)
    delay = world.chance.uniform(*world.write_delay) + taken.pop("after_seconds", 0.0)
    world.later(delay, "feed.ended", feed=feed.feed_id, status="DONE", taken=taken)


def _nothing(world: World, feed: Feed, document: Document) -> Taken:
    return {}


@happens("feed.ended")
def _ended(world: World, told: dict[str, Any]) -> None:
    feed = world.state.feeds[told["feed"]]
    if told["status"] == "DONE":
        write = feed_listings.report if feed.feed_type == LISTINGS else feed_orders.report
        content_type, content = write(world, feed, told["taken"])
        result = documents.create_result(world, feed.seller_id, "feed-result", content_type, content)
        feed.result_document = result.document_id
    _end(world, feed, told["status"])


def _end(world: World, feed: Feed, status: str) -> None:
    feed.status, feed.ended_at = status, world.now()
    payload = {
        "sellerId": feed.seller_id, "accountId": f"amzn1.merchant.o.{feed.seller_id}", "feedId": feed.feed_id,
        "feedType": feed.feed_type, "processingStatus": status,
    }  # fmt: skip
    if feed.result_document:
        payload["resultFeedDocumentId"] = feed.result_document
    notify.emit(world, feed.seller_id, "FEED_PROCESSING_FINISHED", {"feedProcessingFinishedNotification": payload})


@happens("feed.forgotten")
def _forgotten(world: World, told: dict[str, Any]) -> None:
    feed = world.state.feeds.pop(told["feed"])
    documents.forget(world, feed.input_document)
    documents.forget(world, feed.result_document)
