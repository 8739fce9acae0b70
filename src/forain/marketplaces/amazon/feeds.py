"""Telling Amazon many quantities and prices at once: JSON_LISTINGS_FEED, one patch a message, the same as one by one.

A feed is a file that is uploaded to an address of five minutes, and then begun. DONE says that its messages were read; which
of them were refused stands in its report, by messageId, beside what Amazon shows of each SKU after the feed.

Sources: Feeds 2021-06-30 model; listings-feed-schema-v2.json, listings-feed-processing-report-schema-v2.json; best practices
page; Amazon staff in models issue 4907 of 2026-05-18: an upload may not be compressed, a report may be; read 2026-11-30.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote, urlsplit

import msgspec

from forain.contracts.marketplace import Credentials, FeedEnd, FeedSeen, Shown
from forain.contracts.net import Net, Request, Response
from forain.core.clock import Instant, format_instant, parse_instant
from forain.core.errors import Malformed, Problem, Rejected, ServerFault
from forain.core.ids import FeedId, SiteId
from forain.core.money import Money
from forain.core.offers import Change, FulfilledBy
from forain.marketplaces.amazon import errors, offers, wire
from forain.marketplaces.amazon.attributes import OWN_CHANNEL
from forain.marketplaces.amazon.listings import address
from forain.net.redaction import scrub

FEED_TYPE = "JSON_LISTINGS_FEED"
CONTENT_TYPE = "application/json; charset=UTF-8"
VERSION = "2.0"
MOST_MESSAGES = 25_000
"""Messages of one feed. Source: maxItems of listings-feed-schema-v2.json, read 2026-11-30."""
LARGEST_REPORT = 128 * 1024 * 1024
"""Bytes, unpacked: some five kilobytes a message."""
LONGEST_LIST = 20
"""Feeds that are asked for at once: with one begun every two minutes, those of the last forty minutes."""
MOST_PROBLEMS = 10
CLOCKS_APART = timedelta(minutes=2)
"""Amazon's clock and ours may differ by so much and nobody be wrong."""
UNDER_WAY = ("IN_QUEUE", "IN_PROGRESS")
SHOWN = ("offers", "fulfillmentAvailability")
"""What the report is to show of each SKU: what is in force, so that the twenty thousand need not be read one by one."""


class _Message(msgspec.Struct, rename="camel", gc=False):
    message_id: int
    sku: str
    product_type: str
    patches: list[msgspec.Raw]
    operation_type: str = "PATCH"


def hand_in(credentials: Credentials, net: Net, site: SiteId, changes: Sequence[Change]) -> str:
    """See `contracts.marketplace.BulkWriter`. The answer is the document's id."""
    told = json.dumps({"contentType": CONTENT_TYPE}).encode()
    request = Request("createFeedDocument", "POST", f"{_url(credentials)}/documents", json=told)
    place = wire.read(_ask(net, request, 201), wire.FeedDocumentMade)
    if not _plain_address(place.url, address(credentials)):
        raise Malformed("url")
    # The storage's address: it gets no token of ours, and minds that the type is the one told before.
    upload = Request(
        "feedFile", "PUT", place.url, headers={"content-type": CONTENT_TYPE, "accept": "*/*"}, authorized=False,
        json=document(credentials, changes), timeout_seconds=60,
    )  # fmt: skip
    response = net.send(upload)
    if response.status != 200:
        raise ServerFault("feed_file", placeholders={"status": str(response.status)})
    return place.feed_document_id


def document(credentials: Credentials, changes: Sequence[Change]) -> bytes:
    """The file of a feed. A message's id is its change's place, counted from 1."""
    patches = offers.Patches()
    messages = [
        _Message(number, change.key.sku, change.product_type or offers.GENERIC_TYPE, patches.of(change))
        for number, change in enumerate(changes, 1)
    ]
    header = {
        "sellerId": credentials.seller, "version": VERSION, "issueLocale": "en_US",
        "report": {"includedData": list(SHOWN), "apiVersion": "2021-08-01"},
    }  # fmt: skip
    return msgspec.json.encode({"header": header, "messages": messages})


def start(credentials: Credentials, net: Net, site: SiteId, handed_in: str) -> FeedId:
    """See `contracts.marketplace.BulkWriter`."""
    told = {"feedType": FEED_TYPE, "marketplaceIds": [site], "inputFeedDocumentId": handed_in}
    request = Request("createFeed", "POST", f"{_url(credentials)}/feeds", json=json.dumps(told).encode())
    return FeedId(wire.read(_ask(net, request, 202), wire.FeedBegun).feed_id)


def since(credentials: Credentials, net: Net, moment: Instant) -> tuple[FeedSeen, ...]:
    """See `contracts.marketplace.BulkWriter`. Amazon's list does not name the document a feed was made of."""
    query = {
        "feedTypes": FEED_TYPE, "pageSize": str(LONGEST_LIST), "createdSince": format_instant(moment - CLOCKS_APART),
    }  # fmt: skip
    page = wire.read(_ask(net, Request("getFeeds", "GET", f"{_url(credentials)}/feeds", query=query)), wire.FeedPage)
    return tuple(FeedSeen(FeedId(feed.feed_id), _instant(feed.created_time)) for feed in page.feeds)


def call_off(credentials: Credentials, net: Net, feed: FeedId) -> None:
    """See `contracts.marketplace.BulkWriter`. Amazon does it only while the feed is in the queue."""
    response = net.send(Request("cancelFeed", "DELETE", f"{_url(credentials)}/feeds/{quote(feed, safe='')}"))
    if response.status != 200:
        error = errors.of_api(response, "cancelFeed")
        if not isinstance(error, Rejected):
            raise error


def followed(credentials: Credentials, net: Net, feed: FeedId, changes: Sequence[Change]) -> FeedEnd | None:
    """See `contracts.marketplace.BulkWriter`. A report that is missing or cannot be read is no report: its end is known."""
    request = Request("getFeed", "GET", f"{_url(credentials)}/feeds/{quote(feed, safe='')}")
    told = wire.read(_ask(net, request), wire.Feed)
    if told.processing_status in UNDER_WAY:
        return None
    if told.processing_status == "CANCELLED":
        return FeedEnd("cancelled")
    if told.processing_status == "FATAL":
        return FeedEnd("aborted", problems=(Problem("FATAL"),))
    if told.processing_status != "DONE":
        raise Malformed(f"processingStatus {told.processing_status[:50]}")
    if not told.result_feed_document_id:
        return FeedEnd("done", problems=(Problem("no_report"),))
    try:
        return read(credentials, feed, changes, _report(credentials, net, told.result_feed_document_id))
    except Malformed as error:
        return FeedEnd("done", problems=(Problem("report_unreadable", error.field),))
    except Rejected as error:
        if error.code != "not_found":
            raise
        return FeedEnd("done", problems=(Problem("no_report"),))


def read(credentials: Credentials, feed: FeedId, changes: Sequence[Change], body: bytes) -> FeedEnd:
    """What a report says of each change. Raises Malformed for what is no report of this feed."""
    header, summary, issues, items = _decoded(body)
    if header.feed_id != feed or header.seller_id not in (credentials.seller, ""):
        # An empty sellerId is Amazon's answer to a header it could not read: models issue 1098, read 2026-11-23.
        raise Malformed("header.feedId")
    places = {str(change.key.sku): place for place, change in enumerate(changes)}
    refused: dict[int, tuple[Problem, ...]] = {}
    about_it: list[Problem] = []
    strangers = 0
    for issue in issues:
        found = Problem(issue.code or "", scrub(issue.message)[:500], issue.attribute_name or "")
        place = None if issue.message_id is None else issue.message_id - 1
        if place is None:
            place = places.get(issue.sku or "")
        if place is None and not issue.sku:
            about_it.append(found)
        elif place is None or not 0 <= place < len(changes) or issue.sku not in (None, "", changes[place].key.sku):
            strangers += 1
        elif issue.severity not in ("WARNING", "INFO"):
            # An unknown severity counts as an error: nothing is played down.
            refused[place] = (*refused.get(place, ()), found)[:MOST_PROBLEMS]
    shown: dict[int, Shown] = {}
    seen = _Seen()
    for item in items:
        place = places.get(item.sku)
        if place is None:
            strangers += 1
            continue
        # Of one that cannot be read nothing was seen here: it is looked at like any offer.
        with suppress(Malformed):
            shown[place] = seen.shown(changes[place].key.site, item)
    counted = summary.messages_processed == summary.messages_accepted + summary.messages_invalid == len(changes)
    whole = counted and not about_it and not strangers and summary.messages_invalid == len(refused)
    return FeedEnd("done", whole, refused, shown, tuple(about_it[:MOST_PROBLEMS]), strangers)


Parts = tuple[wire.FeedReportHeader, wire.FeedSummary, list[wire.FeedIssue], Iterator[wire.FeedItem]]


def _decoded(body: bytes) -> Parts:
    """At once where all of it is as it should be; else item by item, without those that are not."""
    try:
        whole = wire.decoded(body, wire.FeedReport)
        return whole.header, whole.summary, whole.issues, iter(whole.items)
    except Malformed:
        raw = wire.decoded(body, wire.FeedReportRaw)
    except ServerFault:
        raise Malformed("no JSON") from None
    return raw.header, raw.summary, raw.issues, _readable(raw.items)


def _readable(items: Sequence[msgspec.Raw]) -> Iterator[wire.FeedItem]:
    for item in items:
        with suppress(Malformed):
            yield wire.part(item, wire.FeedItem)


class _Seen:
    """What items show. The same few quantities and prices stand in almost all of them, so that each spelling is read once."""

    def __init__(self) -> None:
        self._channels: dict[bytes, tuple[int | None, FulfilledBy]] = {}
        self._prices: dict[tuple[SiteId, bytes], Money | None] = {}

    def shown(self, site: SiteId, item: wire.FeedItem) -> Shown:
        """Raises Malformed for one that cannot be read."""
        channels, offered = bytes(item.fulfillment_availability), (site, bytes(item.offers))
        if channels not in self._channels:
            self._channels[channels] = _channels(wire.part(item.fulfillment_availability, list[wire.Availability]))
        if offered not in self._prices:
            self._prices[offered] = _price(site, wire.part(item.offers, list[wire.ListingOffer]))
        quantity, by = self._channels[channels]
        return Shown(quantity, self._prices[offered], by)


def _channels(told: Sequence[wire.Availability]) -> tuple[int | None, FulfilledBy]:
    quantity = next((one.quantity for one in told if one.fulfillment_channel_code == OWN_CHANNEL), None)
    by_amazon = any(one.fulfillment_channel_code.startswith("AMAZON_") for one in told)
    return quantity, "marketplace" if by_amazon else "merchant"


def _price(site: SiteId, told: Sequence[wire.ListingOffer]) -> Money | None:
    price = None
    for offer in told:
        if offer.marketplace_id == site and offer.offer_type == "B2C":
            try:
                price = Money.parse(offer.price.amount, offer.price.currency_code)
            except ValueError:
                price = None
    return price


def _report(credentials: Credentials, net: Net, document: str) -> bytes:
    url = f"{_url(credentials)}/documents/{quote(document, safe='')}"
    told = wire.read(_ask(net, Request("getFeedDocument", "GET", url)), wire.FeedDocument)
    if told.compression_algorithm not in (None, "", "GZIP"):
        raise Malformed("compressionAlgorithm")
    if not _plain_address(told.url, address(credentials)):
        raise Malformed("url")
    request = Request("feedFile", "GET", told.url, headers={"accept": "*/*"}, authorized=False, timeout_seconds=60)
    response = net.send(request)
    if response.status != 200:
        # Its address died on the way: the next look gets a fresh one.
        raise ServerFault("feed_file", placeholders={"status": str(response.status)})
    return _unpacked(response.body)


def _unpacked(body: bytes) -> bytes:
    """What is packed says so itself: whether somebody unpacked it on the way does not matter."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(body, LARGEST_REPORT + 1)
    except zlib.error:
        raise Malformed("gzip") from None
    if len(found) > LARGEST_REPORT:
        raise Malformed("file too large")
    if not unpacker.eof:
        raise ServerFault("feed_file", placeholders={"status": "cut"})
    return found


def _instant(text: str) -> Instant:
    try:
        return parse_instant(text)
    except ValueError:
        raise Malformed("createdTime") from None


def _url(credentials: Credentials) -> str:
    return f"{address(credentials)}/feeds/2021-06-30"


def _ask(net: Net, request: Request, good: int = 200) -> Response:
    response = net.send(request)
    if response.status != good:
        raise errors.of_api(response, request.operation)
    return response


def _plain_address(url: str, api: str) -> bool:
    """https, as the interface itself; where that is a box, the box's own kind of address."""
    try:
        scheme = urlsplit(url).scheme
        return bool(urlsplit(url).hostname) and url.isascii() and scheme in ("https", urlsplit(api).scheme)
    except ValueError:
        return False
