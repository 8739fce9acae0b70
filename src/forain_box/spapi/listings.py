"""Listings Items 2021-08-01, reading: what is in force, beside what was submitted.

Source: Amazon's model listingsItems_2021-08-01.json; models issue 5327; read 2026-11-23.
"""

import itertools
from typing import Any

from forain_box import codes, standing
from forain_box.clock import text
from forain_box.errors import invalid, not_found
from forain_box.http import Response
from forain_box.listing_rules import copied
from forain_box.shelves import ORDERS
from forain_box.sites import SITES
from forain_box.spapi import offsets
from forain_box.spapi.call import Call, Operation
from forain_box.standing import Kind
from forain_box.state import Listing
from forain_box.world import World

MODEL = "listingsItems_2021-08-01.json"
INCLUDED = (
    "summaries",
    "attributes",
    "issues",
    "offers",
    "fulfillmentAvailability",
    "procurement",
    "relationships",
    "productTypes",
)
STATUSES = (standing.BUYABLE, standing.DISCOVERABLE)
IDENTIFIERS = ("ASIN", "EAN", "FNSKU", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
AUDIENCES = (("B2C", "ALL", "Sell on Amazon"), ("B2B", "B2B", "Amazon Business"))


def get(call: Call) -> Response:
    seller_id, sku = call.rest
    call.own(seller_id)
    sites, included = call.sites(), call.several("includedData", INCLUDED) or ["summaries"]
    listing = call.world.listing(seller_id, sku)
    if listing is None or not any(site in listing.marketplace_ids for site in sites):
        raise not_found(f"SKU '{sku}' not found in marketplace {', '.join(sites)}", "NOT_FOUND")
    return Response.json(render(call.world, listing, sites, included))


def search(call: Call) -> Response:
    (seller_id,) = call.rest
    call.own(seller_id)
    sites, included = call.sites(), call.several("includedData", INCLUDED) or ["summaries"]
    size, start = call.number("pageSize", 10, 1, 20), offsets.start_of(call)
    order = call.choice("sortBy", ORDERS, "lastUpdatedDate")
    newest_first = call.choice("sortOrder", ("ASC", "DESC"), "DESC") == "DESC"
    windows = {
        "createdDate": (call.moment("createdAfter"), call.moment("createdBefore")),
        "lastUpdatedDate": (call.moment("lastUpdatedAfter"), call.moment("lastUpdatedBefore")),
    }
    fits = _fits(call, sites)
    named = _named(call)
    if named is None:
        total, found = call.world.shelves.find(seller_id, fits, order, newest_first, windows)
    else:
        chosen = [x for x in named if fits(standing.kind(x)) and _within(x, windows)]
        total, found = len(chosen), iter(_sorted(chosen, order, newest_first))
    items = [render(call.world, x, sites, included) for x in itertools.islice(found, start, start + size)]
    return Response.json({"numberOfResults": total, **offsets.pagination(call, start, size, total), "items": items})


def _fits(call: Call, sites: list[str]) -> Any:
    """Whether listings of a kind are asked for. A status counts where the listing has it on any of these sites."""
    wanted, unwanted = call.several("withStatus", STATUSES), call.several("withoutStatus", STATUSES)
    severities = call.several("withIssueSeverity", ("WARNING", "ERROR"))
    suspended = call.seller.suspended_listings

    def has(kind: Kind, word: str) -> bool:
        if suspended and word == standing.BUYABLE:
            return False
        return any(f"{site}:{word}" in kind for site in sites)

    def fits(kind: Kind) -> bool:
        return (
            any(site in kind for site in sites)
            and all(has(kind, word) for word in wanted)
            and not any(has(kind, word) for word in unwanted)
            and (not severities or any(has(kind, word) for word in severities))
        )

    return fits


def _named(call: Call) -> list[Listing] | None:
    """The listings that identifiers name; None: none were given."""
    wanted = call.several("identifiers", most=20)
    kind = call.choice("identifiersType", IDENTIFIERS, "")
    families = [name for name in ("variationParentSku", "packageHierarchySku") if call.text(name, "")]
    if bool(wanted) != bool(kind):
        raise invalid("'identifiers' and 'identifiersType' must be given together.")
    if len(families) + bool(wanted) > 1:
        raise invalid("Only one of 'identifiers', 'variationParentSku' and 'packageHierarchySku' may be given.")
    if families:
        return _family(call, families[0])
    if not wanted:
        return None
    world, seller_id = call.world, call.seller.seller_id
    found: dict[int, Listing] = {}
    for value in dict.fromkeys(wanted):
        if kind == "SKU":
            mine = world.listing(seller_id, value)
            listings = [mine] if mine else []
        elif kind == "MINSAN":
            asins = [product.asin for product in world.catalogue.of_code("MINSAN", value)]
            listings = [x for asin in asins for x in world.shelves.of_identifier(seller_id, "ASIN", asin)]
        else:
            listings = world.shelves.of_identifier(seller_id, kind, value)
        found |= {x.number: x for x in listings}
    return list(found.values())


def _family(call: Call, name: str) -> list[Listing]:
    """The seller's listings of the children of a variation's ASIN; the box knows no packages in packages."""
    parent = call.world.listing(call.seller.seller_id, call.text(name))
    if parent is None or name == "packageHierarchySku":
        return []
    children = call.world.catalogue.children(parent.asin)
    return [x for asin in children for x in call.world.shelves.of_identifier(call.seller.seller_id, "ASIN", asin)]


def _within(listing: Listing, windows: dict[str, Any]) -> bool:
    moments = {"createdDate": listing.created_at, "lastUpdatedDate": listing.updated_at}
    return all(
        (since is None or moments[name] >= since) and (until is None or moments[name] <= until)
        for name, (since, until) in windows.items()
    )


def _sorted(listings: list[Listing], order: str, newest_first: bool) -> list[Listing]:
    key = {"createdDate": "created_at", "lastUpdatedDate": "updated_at", "sku": "sku"}[order]
    return sorted(listings, key=lambda x: (getattr(x, key), x.number), reverse=newest_first)


def render(world: World, listing: Listing, sites: list[str], included: list[str]) -> dict[str, Any]:
    here = [s for s in sites if s in listing.marketplace_ids]
    item: dict[str, Any] = {"sku": listing.sku}
    if "summaries" in included:
        item["summaries"] = [_summary(world, listing, s) for s in here if listing.complete]
    if "attributes" in included:
        item["attributes"] = _attributes(listing, here)
    if "issues" in included:
        item["issues"] = [
            i for i in listing.issues if not i.get("marketplaceIds") or set(i["marketplaceIds"]) & set(here)
        ]
    if "offers" in included:
        item["offers"] = [offer for s in here for offer in _offers(listing, s)]
    if "fulfillmentAvailability" in included:
        item["fulfillmentAvailability"] = [
            {"fulfillmentChannelCode": channel} | ({} if quantity is None else {"quantity": quantity})
            for channel, quantity in standing.stock_on(listing, here).items()
        ]
    if "relationships" in included:
        item["relationships"] = [{"marketplaceId": s, "relationships": _relationships(world, listing)} for s in here]
    if "productTypes" in included:
        item["productTypes"] = [{"marketplaceId": s, "productType": listing.product_type} for s in here]
    return item


def _summary(world: World, listing: Listing, site: str) -> dict[str, Any]:
    suspended = world.state.sellers[listing.seller_id].suspended_listings
    told = {
        "marketplaceId": site, "asin": listing.asin, "productType": listing.product_type, "conditionType": listing.condition,
        "status": standing.statuses(listing, site, suspended=suspended), "itemName": listing.title,
        "createdDate": text(listing.created_at), "lastUpdatedDate": text(listing.updated_at),
    }  # fmt: skip
    label = standing.fn_sku(listing)
    return {**told, "fnSku": label} if label else told


def _attributes(listing: Listing, here: list[str]) -> dict[str, Any]:
    """What was submitted for these sites, and for all."""
    found = {}
    for name, entries in listing.attributes.items():
        kept = [entry for entry in entries if entry.get("marketplace_id") in (*here, None)]
        if kept:
            found[name] = copied(kept)
    number = codes.spellings(listing.ean)
    if number and "externally_assigned_product_identifier" not in found:
        kind = "EAN" if "EAN" in number else "GTIN"
        found["externally_assigned_product_identifier"] = [
            {"type": kind.lower(), "value": number[kind], "marketplace_id": site} for site in here
        ]
    return found


def _offers(listing: Listing, site: str) -> list[dict[str, Any]]:
    """The prices in force now, as strings with the currency's decimals."""
    return [
        {
            "marketplaceId": site, "offerType": kind, "price": {"amount": f"{prices[site]}", "currencyCode": SITES[site][1]},
            "audience": {"value": audience, "displayName": name},
        }
        for (kind, audience, name), prices in zip(AUDIENCES, (listing.prices, listing.business_prices), strict=True)
        if site in prices
    ]  # fmt: skip


def _relationships(world: World, listing: Listing) -> list[dict[str, Any]]:
    """The seller's SKUs above and below it in a family of variations."""

    def skus(asins: list[str]) -> list[str]:
        return [x.sku for a in asins for x in world.shelves.of_identifier(listing.seller_id, "ASIN", a)]

    product = world.state.catalogue.get(listing.asin)
    parents = skus([product.parent]) if product and product.parent else []
    children = skus(world.catalogue.children(listing.asin)) if listing.asin else []
    if not parents and not children:
        return []
    family = {"parentSkus": parents} if parents else {"childSkus": children}
    return [{"type": "VARIATION", "variationTheme": {"attributes": ["size"], "theme": "SIZE"}, **family}]


OPERATIONS = (
    Operation("searchListingsItems", "GET", "/listings/2021-08-01/items/{sellerId}", search, MODEL, 5, 5, ("Product Listing",)),
    Operation("getListingsItem", "GET", "/listings/2021-08-01/items/{sellerId}/{sku}", get, MODEL, 5, 10, ("Product Listing",)),
)  # fmt: skip
