"""Listings Items 2021-08-01, writing: ACCEPTED is not applied, unknown SKUs are accepted too, a refusal is a 200.

Source: Amazon's model listingsItems_2021-08-01.json; models issues 4295, 4402, 4228; read 2026-11-23.
"""

from typing import Any, Literal

from forain_box import listing_rules, listing_writes
from forain_box.errors import invalid
from forain_box.http import Response
from forain_box.listing_writes import Write
from forain_box.spapi.call import Call, Operation, Wire

MODEL = "listingsItems_2021-08-01.json"
LONGEST_SKU = 40
MOST_PATCHES = 100


class Patch(Wire):
    op: str
    path: str
    value: list[dict[str, Any]] | None = None


class PatchBody(Wire):
    product_type: str
    patches: list[Patch]


class PutBody(Wire):
    product_type: str
    attributes: dict[str, list[dict[str, Any]]]
    requirements: Literal["LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"] = "LISTING"


def put(call: Call) -> Response:
    sites = call.sites(1)
    body = call.body(PutBody)
    operations: list[listing_rules.Operation] = [("replace", name, values) for name, values in body.attributes.items()]
    return _answer(call, sites, body.product_type, operations, body.requirements)


def patch(call: Call) -> Response:
    sites = call.sites()
    body = call.body(PatchBody)
    if not 1 <= len(body.patches) <= MOST_PATCHES:
        raise invalid("'patches' must not be empty, nor very many.")
    try:
        operations = [
            listing_rules.read_patch(place, told.op, told.path, told.value) for place, told in enumerate(body.patches)
        ]
    except listing_rules.Malformed as wrong:
        raise invalid(str(wrong)) from None
    return _answer(call, sites, body.product_type, operations)


def delete(call: Call) -> Response:
    seller_id, sku = _own(call)
    (site,) = call.sites(1)
    listing_writes.delete(call.world, seller_id, sku, site)
    return _submitted(call, sku, "ACCEPTED", [])


def _answer(
    call: Call, sites: list[str], product_type: str, operations: list[listing_rules.Operation], requirements: str = ""
) -> Response:
    """Check and, unless it is a preview, let it take effect later."""
    seller_id, sku = _own(call)
    preview = call.choice("mode", ("VALIDATION_PREVIEW",), "") == "VALIDATION_PREVIEW"
    call.several("includedData", ("identifiers", "issues"))
    if not sku.strip() or len(sku) > LONGEST_SKU:
        raise invalid(f"The SKU must have {LONGEST_SKU} characters at most.")
    write = Write(seller_id, sku, sites, product_type, operations, bool(requirements), requirements)
    problems = listing_writes.problems(call.world, write)
    if not problems and not preview:
        listing_writes.accept(call.world, write)
    return _submitted(call, sku, "INVALID" if problems else "VALID" if preview else "ACCEPTED", problems)


def _own(call: Call) -> tuple[str, str]:
    seller_id, sku = call.rest
    call.own(seller_id)
    return seller_id, sku


def _submitted(call: Call, sku: str, status: str, problems: list[dict[str, Any]]) -> Response:
    told: dict[str, Any] = {
        "sku": sku,
        "status": status,
        "submissionId": call.world.token("", 32).lower(),
        "issues": problems,
    }
    if "identifiers" in call.several("includedData"):
        listing = call.world.listing(call.seller.seller_id, sku)
        sites = [site for site in call.several("marketplaceIds") if listing and site in listing.marketplace_ids]
        told["identifiers"] = [
            {"marketplaceId": site, "asin": listing.asin} for site in sites if listing and listing.asin
        ]
    return Response.json(told)


PATH = "/listings/2021-08-01/items/{sellerId}/{sku}"
OPERATIONS = (
    Operation("putListingsItem", "PUT", PATH, put, MODEL, 5, 10, ("Product Listing",)),
    Operation("patchListingsItem", "PATCH", PATH, patch, MODEL, 5, 5, ("Product Listing",)),
    Operation("deleteListingsItem", "DELETE", PATH, delete, MODEL, 5, 5, ("Product Listing",)),
)
