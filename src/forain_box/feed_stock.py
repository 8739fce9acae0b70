"""Stock and price envelopes of the old interface: Inventory and Price messages, written as the Listings API would.

Source: Inventory and Price message types as connectors of MWS sent them; result code 13013; read 2026-11-23.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from forain_box import feed_orders, listing_writes
from forain_box.envelope import Part, Result
from forain_box.listing_writes import Write
from forain_box.sites import SITES
from forain_box.state import Document, Feed
from forain_box.world import World

KINDS = {"_POST_INVENTORY_AVAILABILITY_DATA_": "Inventory", "_POST_PRODUCT_PRICING_DATA_": "Price"}
UNKNOWN_SKU, WRONG = "13013", "5000"


def take_envelope(world: World, feed: Feed, document: Document) -> dict[str, Any]:
    """Plan the write of every message. The answer is what `feed_orders.report` needs."""
    return feed_orders.carry_out(world, feed, document, KINDS[feed.feed_type], _one)


def _one(world: World, feed: Feed, kind: str, place: int, message: Part) -> Result | None:
    number = message.get("MessageID")
    numbered = int(number) if re.fullmatch(r"\d{1,19}", number, re.ASCII) else place
    told = next(iter(message.all(kind)), Part())
    sku = told.get("SKU")
    listing = world.listing(feed.seller_id, sku)
    if listing is None:
        return Result(numbered, UNKNOWN_SKU, f"SKU '{sku[:50]}' is not in the catalogue of the seller.", sku=sku[:50])
    change = _quantity(told) if kind == "Inventory" else _price(told, feed.marketplace_ids[0])
    if isinstance(change, str):
        return Result(numbered, WRONG, change, sku=sku)
    write = Write(feed.seller_id, sku, feed.marketplace_ids, listing.product_type, [change])
    for issue in listing_writes.problems(world, write):
        return Result(numbered, WRONG, str(issue["message"]), sku=sku)
    listing_writes.accept(world, write)
    return None


Change = tuple[str, str, list[dict[str, Any]]]


def _quantity(told: Part) -> Change | str:
    """The patch an Inventory message is; a sentence where it is none."""
    quantity, latency = told.get("Quantity"), told.get("FulfillmentLatency")
    if not re.fullmatch(r"\d{1,9}", quantity, re.ASCII):
        return f"Quantity '{quantity[:50]}' must be a whole number of 0 or more."
    value: dict[str, Any] = {"fulfillment_channel_code": "DEFAULT", "quantity": int(quantity)}
    if latency:
        if not re.fullmatch(r"\d{1,2}", latency, re.ASCII):
            return f"FulfillmentLatency '{latency[:50]}' must be a number of days."
        value["lead_time_to_ship_max_days"] = int(latency)
    # A message says all there is to say: a handling time that is not repeated is gone.
    return "replace", "fulfillment_availability", [value]


def _price(told: Part, site: str) -> Change | str:
    """The patch a Price message is; a sentence where it is none."""
    named = next(iter(told.all("StandardPrice")), Part())
    try:
        amount = Decimal(named.text)
    except InvalidOperation:
        return f"StandardPrice '{named.text[:50]}' must be a decimal."
    currency = named.attributes.get("currency", "")
    if currency not in (SITES[site][1], "DEFAULT"):
        return f"The currency '{currency[:10]}' is not that of the marketplace."
    if not amount.is_finite() or not 0 < amount < 10**9:
        return f"StandardPrice '{named.text[:50]}' must be above zero."
    offer = {
        "marketplace_id": site, "currency": SITES[site][1], "audience": "ALL",
        "our_price": [{"schedule": [{"value_with_tax": float(amount)}]}],
    }  # fmt: skip
    return "merge", "purchasable_offer", [offer]
