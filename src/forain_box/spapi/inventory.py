"""FBA Inventory v1: what of a seller lies in Amazon's stock. Stock of a region shows on each of its sites: never add up.

Source: Amazon's model fbaInventory.json, read 2026-11-23.
"""

import itertools
from datetime import datetime, timedelta
from typing import Any

from forain_box import standing
from forain_box.clock import text
from forain_box.errors import invalid
from forain_box.http import Response
from forain_box.spapi.call import Call, Operation
from forain_box.state import Listing

MODEL = "fbaInventory.json"
TOKEN_LIFE = timedelta(seconds=30)
PAGE = 50
EARLIEST = timedelta(days=548)
"""`startDateTime` may lie eighteen months back."""


def summaries(call: Call) -> Response:
    call.choice("granularityType", ("Marketplace",))
    (site,) = call.sites(1)
    if call.text("granularityId") != site:
        raise invalid("'granularityId' must be the marketplace of 'marketplaceIds'.")
    details, since = call.flag("details"), call.moment("startDateTime")
    skus = call.several("sellerSkus", most=50) or call.several("sellerSku", most=1)
    if since and since < call.world.now() - EARLIEST:
        raise invalid("'startDateTime' must be within the last 18 months.")
    rows = _named(call, skus) if skus else _all(call, since)
    rows = (row for row in rows if site in row[1].marketplace_ids)
    page = list(itertools.islice(rows, PAGE + 1))
    told = [_summary(listing, changed, details) for changed, listing in page[:PAGE]]
    granularity = {"granularityType": "Marketplace", "granularityId": site}
    answer: dict[str, Any] = {"payload": {"granularity": granularity, "inventorySummaries": told}}
    if len(page) > PAGE:
        moment, listing = page[PAGE - 1]
        name = call.world.hand_out(
            "fba", TOKEN_LIFE, seller=call.seller.seller_id, moment=moment.isoformat(), number=listing.number
        )
        answer["pagination"] = {"nextToken": name}
    return Response.json(answer)


def _named(call: Call, skus: list[str]) -> Any:
    found = (call.world.listing(call.seller.seller_id, sku) for sku in dict.fromkeys(skus))
    return ((x.fba_changed_at or x.created_at, x) for x in found if x and standing.by_amazon(x))


def _all(call: Call, since: datetime | None) -> Any:
    """Those whose stock changed at `since` or later, behind the place the token stands for."""
    after = (since, 0) if since else None
    name = call.text("nextToken", "")
    if name:
        told = call.world.handed_out(name)
        if told is None or told.get("seller") != call.seller.seller_id or "moment" not in told:
            raise invalid("The 'nextToken' is invalid or has expired; it lives for 30 seconds.")
        after = (datetime.fromisoformat(told["moment"]), told["number"])
    return call.world.shelves.in_amazons_stock(call.seller.seller_id, after)


def _summary(listing: Listing, changed: datetime, details: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "asin": listing.asin, "fnSku": standing.fn_sku(listing), "sellerSku": listing.sku, "condition": "NewItem",
        "lastUpdatedTime": text(changed), "productName": listing.title,
        "totalQuantity": listing.fba_quantity + listing.fba_reserved, "stores": [],
    }  # fmt: skip
    if details:
        told["inventoryDetails"] = {
            "fulfillableQuantity": listing.fba_quantity, "inboundWorkingQuantity": 0, "inboundShippedQuantity": 0,
            "inboundReceivingQuantity": 0,
            "reservedQuantity": {
                "totalReservedQuantity": listing.fba_reserved, "pendingCustomerOrderQuantity": listing.fba_reserved,
                "pendingTransshipmentQuantity": 0, "fcProcessingQuantity": 0,
            },
            "researchingQuantity": {"totalResearchingQuantity": 0, "researchingQuantityBreakdown": []},
            "unfulfillableQuantity": {
                "totalUnfulfillableQuantity": 0, "customerDamagedQuantity": 0, "warehouseDamagedQuantity": 0,
                "distributorDamagedQuantity": 0, "carrierDamagedQuantity": 0, "defectiveQuantity": 0, "expiredQuantity": 0,
            },
        }  # fmt: skip
    return told


OPERATIONS = (
    Operation("getInventorySummaries", "GET", "/fba/inventory/v1/summaries", summaries, MODEL, 2, 2,
              ("Amazon Fulfillment", "Product Listing")),
)  # fmt: skip
