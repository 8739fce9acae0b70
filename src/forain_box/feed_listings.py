"""JSON_LISTINGS_FEED: many messages at once, each checked and written as the Listings API would. Partly accepted is normal.

Source: Amazon's schemas listings-feed-schema-v2.json and listings-feed-processing-report-schema-v2.json; models issues
1098, 1133, 1593, 4801; read 2026-11-23.
"""

from typing import Any, Literal

import msgspec

from forain_box import listing_writes
from forain_box.http import decoded
from forain_box.listing_rules import Malformed, read_patch
from forain_box.listing_writes import Write
from forain_box.spapi import listing_submissions, listings
from forain_box.state import Document, Feed, Listing
from forain_box.world import World, happens

MOST_MESSAGES = 25_000
VERSION = "2.0"
Operation = tuple[str, str, list[dict[str, Any]]]
Issue = dict[str, Any]


class _Struct(msgspec.Struct, rename="camel"):
    """As the published schemas spell it; members nobody knows are ignored."""


class _Asked(_Struct):
    """What the report is to show of each item."""

    included_data: list[
        Literal[
            "summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "procurement", "relationships",
            "productTypes",
        ]
    ]  # fmt: skip
    api_version: Literal["2021-08-01"]


class _Header(_Struct):
    seller_id: str
    version: str
    issue_locale: str = ""
    report: _Asked | None = None


class _Feed(_Struct):
    header: msgspec.Raw
    messages: list[msgspec.Raw]


class _Message(_Struct):
    """`attributes` is for UPDATE and PARTIAL_UPDATE, `patches` for PATCH, neither for DELETE."""

    message_id: int
    sku: str
    operation_type: Literal["UPDATE", "PARTIAL_UPDATE", "PATCH", "DELETE"]
    product_type: str | None = None
    requirements: Literal["LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"] | None = None
    attributes: dict[str, Any] | None = None
    patches: list[listing_submissions.Patch] | None = None

    def fits(self) -> bool:
        """The combinations the schema allows."""
        if self.message_id < 1 or not self.sku:
            return False
        whole, patched = bool(self.product_type and self.attributes), bool(self.product_type and self.patches)
        match self.operation_type:
            case "UPDATE":
                return whole and self.patches is None
            case "PARTIAL_UPDATE":
                return whole and self.patches is None and self.requirements is None
            case "PATCH":
                return patched and self.attributes is None and self.requirements is None
            case "DELETE":
                told = (self.product_type, self.requirements, self.attributes, self.patches)
                return all(part is None for part in told)


_DECODE_MESSAGE = msgspec.json.Decoder(_Message)


class _Names(_Struct):
    """What can be told of a message that does not fit."""

    message_id: Any = None
    sku: Any = None


def take(world: World, feed: Feed, document: Document) -> dict[str, Any]:
    """Check every message and plan the writes of those without an error. The answer is what `report` needs."""
    try:
        told: _Feed = decoded(document.content or b"", _Feed)
    except ValueError:
        return _refused("4002001", "Item 'Feed' cannot be parsed.")
    header = _header(told.header)
    if header is None or header.seller_id != feed.seller_id:
        return _refused("4002005", "Attribute 'Merchant' is required.", seller_id="")
    if header.version != VERSION:
        return _refused("4002006", "The attribute 'version' does not match the required value.")
    if not 1 <= len(told.messages) <= MOST_MESSAGES:
        return _refused("4002001", "Item 'Feed' cannot be parsed.")
    issues: list[Issue] = []
    accepted: dict[str, None] = {}
    writes: list[dict[str, Any]] = []
    seen: set[int] = set()
    invalid = 0
    for raw in told.messages:
        message = _read(raw, seen)
        if message is None:
            issues.append(_misfit(raw))
            invalid += 1
            continue
        operations, found = _check(world, feed, message)
        issues += found
        if any(issue["severity"] == "ERROR" for issue in found):
            invalid += 1
            continue
        accepted[message.sku] = None
        writes.append(_write(feed, message, operations))
    _plan(world, writes)
    taken: dict[str, Any] = {
        "issues": issues, "processed": len(told.messages), "accepted": len(told.messages) - invalid, "invalid": invalid,
    }  # fmt: skip
    if header.report is not None:
        # A report that shows the items waits until the writes took effect; one without them does not.
        taken |= {"included": header.report.included_data, "skus": list(accepted)}
        taken["after_seconds"] = world.write_delay[1]
    return taken


def _header(raw: msgspec.Raw) -> _Header | None:
    try:
        header: _Header = decoded(raw, _Header)
        return header
    except ValueError:
        return None


def _read(raw: msgspec.Raw, seen: set[int]) -> _Message | None:
    """None: it does not meet the schema, or its number came already."""
    try:
        message = _DECODE_MESSAGE.decode(raw)
    except (ValueError, RecursionError):
        return None
    if not message.fits() or message.message_id in seen:
        return None
    seen.add(message.message_id)
    return message


def _misfit(raw: msgspec.Raw) -> Issue:
    try:
        names: _Names = decoded(raw, _Names)
    except ValueError:
        names = _Names()
    text = "The provided message did not meet the schema validation requirements for a feed message."
    issue: Issue = {"code": "4002008", "severity": "ERROR", "message": text}
    if isinstance(names.message_id, int) and not isinstance(names.message_id, bool) and names.message_id >= 1:
        issue["messageId"] = names.message_id
    if isinstance(names.sku, str) and names.sku:
        issue["sku"] = names.sku
    return issue


# -- what a message means, said in the words of the Listings API: the only place that knows both


def _operations(message: _Message) -> list[Operation]:
    """Raises listing_rules.Malformed for a patch that is none."""
    if message.patches is not None:
        return [read_patch(place, p.op, p.path, p.value) for place, p in enumerate(message.patches)]
    return [("replace", name, values) for name, values in (message.attributes or {}).items()]


def _check(world: World, feed: Feed, message: _Message) -> tuple[list[Operation], list[Issue]]:
    """What is to be written, and what is wrong with it."""
    for name, values in (message.attributes or {}).items():
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            return [], [_issue(message, "4000001", f"The attribute '{name}' must be an array of objects.", name)]
    try:
        operations = _operations(message)
    except Malformed as wrong:
        return [], [_issue(message, "4000001", str(wrong), "")]
    if message.operation_type == "DELETE":
        return [], []
    whole = message.operation_type == "UPDATE"
    requirements = (message.requirements or "LISTING") if whole else ""
    write = Write(
        feed.seller_id, message.sku, feed.marketplace_ids, message.product_type or "", operations, whole, requirements
    )
    issues = []
    for told in listing_writes.problems(world, write):
        attribute = next(iter(told.get("attributeNames", [])), "")
        issues.append(_issue(message, told["code"], told["message"], attribute, told["severity"]))
    return operations, issues


def _write(feed: Feed, message: _Message, operations: list[Operation]) -> dict[str, Any]:
    """The write as plain data, for `_carry_out`."""
    whole = message.operation_type == "UPDATE"
    return {
        "seller": feed.seller_id, "sku": message.sku, "sites": feed.marketplace_ids, "product_type": message.product_type,
        "operations": operations, "deletes": message.operation_type == "DELETE", "whole": whole,
        "requirements": (message.requirements or "LISTING") if whole else "",
    }  # fmt: skip


def _carry_out(world: World, write: dict[str, Any]) -> None:
    """As the acts `listing.write` and `listing.delete` do, which both interfaces end in."""
    if not write["deletes"]:
        listing_writes.apply(world, write)
        return
    for site in write["sites"]:
        listing_writes.remove(world, {**write, "site": site})


def _shown(world: World, listing: Listing, feed: Feed, included: list[str]) -> dict[str, Any]:
    return listings.render(world, listing, feed.marketplace_ids, included)


# -- end of that


CHUNK = 500


def _plan(world: World, writes: list[dict[str, Any]]) -> None:
    """The writes take effect some at a time, in no order between the parts: one event for each would cost too much."""
    for start in range(0, len(writes), CHUNK):
        world.write_later("feed.written", writes=writes[start : start + CHUNK])


@happens("feed.written")
def _written(world: World, told: dict[str, Any]) -> None:
    for write in told["writes"]:
        _carry_out(world, write)


def _issue(message: _Message, code: str, text: str, attribute: str, severity: str = "ERROR") -> Issue:
    issue: Issue = {
        "messageId": message.message_id, "sku": message.sku, "code": code, "severity": severity, "message": text,
    }  # fmt: skip
    return issue | ({"attributeName": attribute} if attribute else {})


def _refused(code: str, text: str, **more: str) -> dict[str, Any]:
    """The whole feed is refused: nothing was processed."""
    issue = {"code": code, "severity": "ERROR", "message": text}
    return {"issues": [issue], "processed": 0, "accepted": 0, "invalid": 0, **more}


def report(world: World, feed: Feed, taken: dict[str, Any]) -> tuple[str, bytes]:
    """(content type, content) of the processing report."""
    issues = taken["issues"]
    header: dict[str, Any] = {
        "sellerId": taken.get("seller_id", feed.seller_id), "version": VERSION, "feedId": feed.feed_id,
    }  # fmt: skip
    summary: dict[str, Any] = {
        "errors": sum(i["severity"] == "ERROR" for i in issues), "warnings": sum(i["severity"] == "WARNING" for i in issues),
        "messagesProcessed": taken["processed"], "messagesAccepted": taken["accepted"], "messagesInvalid": taken["invalid"],
    }  # fmt: skip
    told: dict[str, Any] = {"header": header, "issues": issues, "summary": summary}
    if "skus" in taken:
        header["report"] = {"includedData": taken["included"], "apiVersion": "2021-08-01"}
        shown = (world.listing(feed.seller_id, sku) for sku in taken["skus"])
        items = [_shown(world, x, feed, taken["included"]) for x in shown if x is not None]
        found = [i["severity"] for x in items for i in x.get("issues", [])]
        told["items"] = items
        summary["itemSummary"] = {
            "items": len(items), "errors": found.count("ERROR"), "warnings": found.count("WARNING"),
        }  # fmt: skip
    return "application/json; charset=UTF-8", msgspec.json.encode(told)
