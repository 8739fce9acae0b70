"""Feeds 2021-06-30: documents, feeds, and what became of them. The life of a feed is in `forain_box/feeds.py`.

Source: Amazon's model feeds_2021-06-30.json; changelog of the limits of JSON_LISTINGS_FEED; read 2026-11-23.
"""

from typing import Annotated, Any

import msgspec

from forain_box import documents
from forain_box import feeds as life
from forain_box.clock import text
from forain_box.errors import denied, invalid, not_found
from forain_box.http import Response
from forain_box.spapi import paging
from forain_box.spapi.call import Call, Operation, Wire
from forain_box.state import Feed

MODEL = "feeds_2021-06-30.json"
LISTINGS_RATE, LISTINGS_BURST = 5 / 300, 5
"""Five JSON_LISTINGS_FEEDs in five minutes, beside the operation's own limit: whichever is reached first throttles."""
ROLES = tuple(sorted({role for roles in life.ROLES.values() for role in roles}))


class NewDocument(Wire):
    content_type: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class NewFeed(Wire):
    feed_type: str
    marketplace_ids: Annotated[list[str], msgspec.Meta(min_length=1, max_length=25)]
    input_feed_document_id: str
    feed_options: dict[str, str] = {}


def create_document(call: Call) -> Response:
    told = call.body(NewDocument)
    if any(ord(letter) < 32 or ord(letter) > 126 for letter in told.content_type):
        raise invalid("Invalid 'contentType'.")
    document = documents.create(call.world, call.seller.seller_id, "upload", told.content_type)
    return Response.json(
        {"feedDocumentId": document.document_id, "url": documents.address(document, call.request.origin)}, 201
    )


def create(call: Call) -> Response:
    told = call.body(NewFeed)
    if told.feed_type not in life.ROLES:
        raise invalid(f"Invalid 'feedType': {told.feed_type[:100]}.")
    if not any(role in call.application.roles for role in life.ROLES[told.feed_type]):
        raise denied()
    sites = call.check_sites(list(dict.fromkeys(told.marketplace_ids)))
    document = call.world.state.documents.get(told.input_feed_document_id)
    if document is None or document.seller_id != call.seller.seller_id or document.purpose != "upload":
        raise invalid("Invalid 'inputFeedDocumentId'.")
    if told.feed_type == life.LISTINGS:
        call.take(life.LISTINGS, LISTINGS_RATE, LISTINGS_BURST)
    feed = life.submit(call.world, call.seller, told.feed_type, sites, document, told.feed_options)
    return Response.json({"feedId": feed.feed_id}, 202)


def _own(call: Call) -> Feed:
    feed = call.world.state.feeds.get(call.rest[0])
    if feed is None or feed.seller_id != call.seller.seller_id or feed.feed_type in life.OLD:
        raise not_found("The requested feed is not found.")
    return feed


def get(call: Call) -> Response:
    return Response.json(render(_own(call)))


def render(feed: Feed) -> dict[str, Any]:
    told: dict[str, Any] = {
        "feedId": feed.feed_id, "feedType": feed.feed_type, "marketplaceIds": feed.marketplace_ids,
        "createdTime": text(feed.created_at), "processingStatus": feed.status,
    }  # fmt: skip
    if feed.started_at:
        told["processingStartTime"] = text(feed.started_at)
    if feed.ended_at:
        told["processingEndTime"] = text(feed.ended_at)
    if feed.result_document:
        told["resultFeedDocumentId"] = feed.result_document
    return told


def cancel(call: Call) -> Response:
    feed = _own(call)
    if not life.cancel(call.world, feed):
        raise invalid(f"Only feeds that are IN_QUEUE can be cancelled; this one is {feed.status}.")
    return Response(200)


def many(call: Call) -> Response:
    newest_first = (f for f in reversed(call.world.state.feeds.values()) if f.feed_type not in life.OLD)
    found, following = paging.page(call, newest_first, "feedTypes", lambda f: f.feed_type, lambda f: f.feed_id)
    return Response.json({"feeds": [render(f) for f in found]} | ({"nextToken": following} if following else {}))


def get_document(call: Call) -> Response:
    document = call.world.state.documents.get(call.rest[0])
    known = document is not None and document.seller_id == call.seller.seller_id
    if document is None or not known or document.purpose not in ("upload", "feed-result") or document.content is None:
        raise not_found("The requested feed document is not found.")
    documents.present_again(call.world, document)
    encoding = ("gzip" if call.flag("enableContentEncodingUrlHeader") else "identity") if document.compression else ""
    told = {
        "feedDocumentId": document.document_id, "url": documents.address(document, call.request.origin, encoding),
    }  # fmt: skip
    return Response.json(told | ({"compressionAlgorithm": document.compression} if document.compression else {}))


OPERATIONS = (
    Operation("createFeedDocument", "POST", "/feeds/2021-06-30/documents", create_document, MODEL, 0.5, 15, ROLES),
    Operation("getFeedDocument", "GET", "/feeds/2021-06-30/documents/{feedDocumentId}", get_document, MODEL, 0.0222, 10, ROLES),
    Operation("createFeed", "POST", "/feeds/2021-06-30/feeds", create, MODEL, 0.0083, 15, ROLES),
    Operation("getFeeds", "GET", "/feeds/2021-06-30/feeds", many, MODEL, 0.0222, 10, ROLES),
    Operation("getFeed", "GET", "/feeds/2021-06-30/feeds/{feedId}", get, MODEL, 2, 15, ROLES),
    Operation("cancelFeed", "DELETE", "/feeds/2021-06-30/feeds/{feedId}", cancel, MODEL, 2, 15, ROLES),
)  # fmt: skip
