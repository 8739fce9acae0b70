"""Listings Restrictions 2021-08-01: may this seller offer this ASIN there.

Its model spells errors as a bare list. Source: Amazon's model listingsRestrictions_2021-08-01.json, read 2026-11-23.
"""

from typing import Any

from forain_box import listing_writes
from forain_box.http import Response
from forain_box.product_types import CONDITIONS
from forain_box.sites import SITES
from forain_box.spapi.call import Call, Operation

MODEL = "listingsRestrictions_2021-08-01.json"
MESSAGES = {
    "APPROVAL_REQUIRED": "You need approval to list this product.",
    "ASIN_NOT_FOUND": "This product is not in the catalogue of this marketplace.",
    "NOT_ELIGIBLE": "You cannot list this product.",
}


def restrictions(call: Call) -> Response:
    asin, sites = call.text("asin"), call.sites()
    call.own(call.text("sellerId"))
    condition = call.choice("conditionType", CONDITIONS, "")
    found = []
    for site in sites:
        reason = listing_writes.restriction(call.world.state.catalogue.get(asin), site)
        if reason:
            told: dict[str, Any] = {"marketplaceId": site, "reasons": [_reason(reason, asin, site)]}
            found.append({**told, "conditionType": condition} if condition else told)
    return Response.json({"restrictions": found})


def _reason(reason: str, asin: str, site: str) -> dict[str, Any]:
    told: dict[str, Any] = {"message": MESSAGES[reason], "reasonCode": reason}
    if reason == "APPROVAL_REQUIRED":
        address = f"https://sellercentral.{SITES[site][4].removeprefix('www.')}/hz/approvalrequest/restrictions/approve?asin={asin}"
        told["links"] = [{"resource": address, "verb": "GET", "title": "Request Approval via Seller Central.", "type": "text/html"}]  # fmt: skip
    return told


OPERATIONS = (
    Operation("getListingsRestrictions", "GET", "/listings/2021-08-01/restrictions", restrictions, MODEL, 5, 10,
              ("Product Listing",), bare_errors=True),
)  # fmt: skip
