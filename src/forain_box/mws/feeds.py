"""Feeds 2009-01-01: stock, prices, shipments and cancellations as XML envelopes, taken at once and carried out later.

DONE says that the messages were read; the processing report says which of them could not be carried out.
"""

import base64
import gzip
import hashlib
from datetime import timedelta
from itertools import islice
from typing import Any

from forain_box import documents, feeds
from forain_box.clock import text
from forain_box.http import Response
from forain_box.mws import reports
from forain_box.mws.call import XML, Action, MwsCall, Section, stop
from forain_box.state import Feed

NAMESPACE = "http://mws.amazonaws.com/doc/2009-01-01/"
STATUSES = {
    "IN_QUEUE": "_SUBMITTED_", "IN_PROGRESS": "_IN_PROGRESS_", "DONE": "_DONE_", "CANCELLED": "_CANCELLED_", "FATAL": "_CANCELLED_",
}  # fmt: skip
TOKEN_LIFE = timedelta(days=1)


def submit(call: MwsCall) -> dict[str, Any]:
    kind = call.text("FeedType")
    if kind not in feeds.OLD:
        raise stop(400, "InvalidParameterValue", f"Value {kind[:60]} for parameter FeedType is invalid.")
    content = call.request.body
    told = call.request.headers.get("content-md5") or call.told.get("ContentMD5Value", "")
    if base64.b64encode(hashlib.md5(content).digest()).decode() != told:
        raise stop(400, "ContentMD5DoesNotMatch", "the Content-MD5 HTTP header you passed for your feed did not match the Content-MD5 we calculated for your feed")  # fmt: skip
    sites = call.sites("MarketplaceIdList.Id")
    content_type = call.request.headers.get("content-type", "text/xml")
    document = documents.create(call.world, call.seller.seller_id, "upload", content_type, content)
    feed = feeds.submit(call.world, call.seller, kind, sites, document, {})
    return {"FeedSubmissionInfo": _info(feed)}


def _info(feed: Feed) -> dict[str, Any]:
    return {
        "FeedSubmissionId": feed.feed_id, "FeedType": feed.feed_type, "SubmittedDate": text(feed.created_at),
        "FeedProcessingStatus": STATUSES[feed.status], "StartedProcessingDate": text(feed.started_at) if feed.started_at else None,
        "CompletedProcessingDate": text(feed.ended_at) if feed.ended_at else None,
    }  # fmt: skip


def listed(call: MwsCall) -> dict[str, Any]:
    asked = {
        "ids": call.several("FeedSubmissionIdList.Id"), "types": call.several("FeedTypeList.Type"),
        "states": call.several("FeedProcessingStatusList.Status"), "most": call.number("MaxCount", 10, 1, 100), "start": 0,
        "feeds_of": call.seller.seller_id,
    }  # fmt: skip
    return _page(call, asked)


def more(call: MwsCall) -> dict[str, Any]:
    page = call.world.handed_out(call.text("NextToken"))
    if page is None or page.get("feeds_of") != call.seller.seller_id:
        raise stop(400, "InvalidParameterValue", "NextToken is invalid.")
    return _page(call, {k: v for k, v in page.items() if k != "until"})


def _page(call: MwsCall, asked: dict[str, Any]) -> dict[str, Any]:
    rows = (
        f for f in reversed(call.world.state.feeds.values())
        if f.seller_id == call.seller.seller_id and f.feed_type in feeds.OLD
        and (not asked["ids"] or f.feed_id in asked["ids"])
        and (not asked["types"] or f.feed_type in asked["types"])
        and (not asked["states"] or STATUSES[f.status] in asked["states"])
    )  # fmt: skip
    start, most = asked["start"], asked["most"]
    found = list(islice(rows, start, start + most + 1))
    following = (
        call.world.hand_out("mwsf-", TOKEN_LIFE, **{**asked, "start": start + most}) if len(found) > most else None
    )
    return {
        "NextToken": following,
        "HasNext": following is not None,
        "FeedSubmissionInfo": [_info(f) for f in found[:most]],
    }


def result(call: MwsCall) -> Response:
    """The processing report itself, with its checksum."""
    feed = call.world.state.feeds.get(call.text("FeedSubmissionId"))
    if feed is None or feed.seller_id != call.seller.seller_id or feed.feed_type not in feeds.OLD:
        raise stop(404, "InvalidRequest", "Feed Submission Result is not found.")
    if not feed.result_document:
        raise stop(404, "FeedProcessingResultNotReady", f"Feed Submission Result is not ready for Feed {feed.feed_id}")
    document = call.world.state.documents[feed.result_document]
    content = document.content or b""
    if document.compression:
        content = gzip.decompress(content)
    return Response(200, content, {**XML, "content-md5": documents.checksum(content)})


ACTIONS = (
    Action("SubmitFeed", 15, 120, submit),
    Action("GetFeedSubmissionList", 10, 45, listed),
    Action("GetFeedSubmissionListByNextToken", 30, 2, more),
    Action("GetFeedSubmissionResult", 15, 60, result),
)
SECTION = Section("Feeds", NAMESPACE, {action.name: action for action in (*ACTIONS, *reports.ACTIONS)})
"""Reports live at the same address, under the same version."""
