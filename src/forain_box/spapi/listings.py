"""Listings Items 2021-08-01. ACCEPTED is not applied: a write takes effect later, and unknown SKUs are accepted too.

Source: Amazon's model listingsItems_2021-08-01.json; models issues 4295, 4402, 4406, 2061, 4228, 5327; read 2026-11-23.
"""

import copy
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from forain_box.clock import parse, text
from forain_box.http import Response
from forain_box.sites import SITES, coins
from forain_box.spapi.errors import error, invalid
from forain_box.world import Listing, Seller, World

if TYPE_CHECKING:
    from forain_box.spapi import Call

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
MOST_PAGED = 1000
SELECTORS = {
    "fulfillment_availability": ("fulfillment_channel_code",),
    "purchasable_offer": ("marketplace_id", "currency", "audience"),
}
KNOWN_ATTRIBUTES = (
    *SELECTORS,
    "condition_type",
    "item_name",
    "merchant_suggested_asin",
    "list_price",
    "merchant_shipping_group",
)


def _sites(call: "Call") -> list[str] | Response:
    sites = [s for s in call.request.query.get("marketplaceIds", "").split(",") if s]
    return sites or invalid("Missing required parameter 'marketplaceIds'.")


def _included(call: "Call") -> list[str] | Response:
    told = [i for i in call.request.query.get("includedData", "summaries").split(",") if i]
    wrong = [i for i in told if i not in INCLUDED]
    return invalid(f"Invalid 'includedData' value: {wrong[0]}.") if wrong else told


def _wrong_seller(call: "Call") -> Response | None:
    if call.rest[0] != call.seller.seller_id:
        return error(403, "Unauthorized", "Access to requested resource is denied.")
    return None


def get(call: "Call") -> Response:
    refused = _wrong_seller(call)
    sites, included = _sites(call), _included(call)
    for problem in (refused, sites, included):
        if isinstance(problem, Response):
            return problem
    assert isinstance(sites, list)
    assert isinstance(included, list)
    listing = call.world.listings.get((call.seller.seller_id, call.rest[1]))
    if listing is None:
        return error(404, "NOT_FOUND", f"SKU '{call.rest[1]}' not found in marketplace {', '.join(sites)}")
    return Response.json(render(listing, sites, included))


def search(call: "Call") -> Response:
    refused = _wrong_seller(call)
    sites, included = _sites(call), _included(call)
    for problem in (refused, sites, included):
        if isinstance(problem, Response):
            return problem
    assert isinstance(sites, list)
    assert isinstance(included, list)
    query = call.request.query
    try:
        size, after = int(query.get("pageSize", "10")), query.get("createdAfter")
        since = parse(after) if after else None
        start = int(query["pageToken"].removeprefix("page-")) if "pageToken" in query else 0
    except ValueError:
        return invalid("Invalid 'pageSize', 'createdAfter' or 'pageToken'.")
    if not 1 <= size <= 20:
        return invalid("'pageSize' must be between 1 and 20.")
    rows = [
        x
        for x in call.world.listings.values()
        if x.seller_id == call.seller.seller_id and set(x.marketplace_ids) & set(sites)
    ]
    if "identifiers" in query:
        wanted = query["identifiers"].split(",")
        if len(wanted) > 20:
            return invalid("'identifiers' must have at most 20 values.")
        kind = query.get("identifiersType", "")
        field = {"SKU": "sku", "ASIN": "asin", "EAN": "ean"}.get(kind)
        if field is None:
            return invalid("'identifiersType' is required with 'identifiers'.")
        rows = [x for x in rows if getattr(x, field) in wanted]
    if since:
        rows = [x for x in rows if x.created_at >= since]
    rows.sort(key=lambda x: (x.created_at, x.sku), reverse=query.get("sortOrder", "DESC") != "ASC")
    if call.request.query.get("sortBy") not in (None, "createdDate", "lastUpdatedDate", "sku"):
        return invalid("Invalid 'sortBy'.")
    part = rows[start : start + size]
    answer: dict[str, Any] = {
        "numberOfResults": len(rows),
        "items": [render(x, sites, included) for x in part],
    }
    if start + size < min(len(rows), MOST_PAGED):
        answer["pagination"] = {"nextToken": f"page-{start + size}"}
    return Response.json(answer)


def render(listing: Listing, sites: list[str], included: list[str]) -> dict[str, Any]:
    here = [s for s in sites if s in listing.marketplace_ids]
    item: dict[str, Any] = {"sku": listing.sku}
    if "summaries" in included:
        item["summaries"] = [_summary(listing, s) for s in here if listing.complete]
    if "attributes" in included:
        item["attributes"] = copy.deepcopy(listing.attributes)
        if listing.ean:
            item["attributes"]["externally_assigned_product_identifier"] = [{"type": "ean", "value": listing.ean}]
    if "issues" in included:
        item["issues"] = listing.issues
    if "offers" in included:
        item["offers"] = [
            {
                "marketplaceId": s, "offerType": "B2C",
                "price": {"amount": f"{listing.prices[s]}", "currencyCode": SITES[s][1]},
                "audience": {"value": "ALL", "displayName": "Sell on Amazon"},
            }
            for s in here if s in listing.prices
        ]  # fmt: skip
    if "fulfillmentAvailability" in included:
        item["fulfillmentAvailability"] = [
            {"fulfillmentChannelCode": channel} | ({} if quantity is None else {"quantity": quantity})
            for channel, quantity in listing.availability.items()
        ]
    if "productTypes" in included:
        item["productTypes"] = [{"marketplaceId": s, "productType": listing.product_type} for s in here]
    return item


def buyable(listing: Listing, site: str) -> bool:
    return (
        listing.complete and site in listing.prices and any(q is None or q > 0 for q in listing.availability.values())
    )


def _summary(listing: Listing, site: str) -> dict[str, Any]:
    status = ["DISCOVERABLE"] if listing.complete else []
    if buyable(listing, site):
        status.insert(0, "BUYABLE")
    return {
        "marketplaceId": site, "asin": listing.asin, "productType": listing.product_type, "conditionType": "new_new",
        "status": status, "itemName": listing.title, "createdDate": text(listing.created_at),
        "lastUpdatedDate": text(listing.created_at),
    }  # fmt: skip


def _issue(code: str, message: str, attribute: str, category: str = "INVALID_ATTRIBUTE") -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "severity": "ERROR",
        "attributeNames": [attribute],
        "categories": [category],
    }


def patch(call: "Call") -> Response:
    refused = _wrong_seller(call)
    sites = _sites(call)
    for problem in (refused, sites):
        if isinstance(problem, Response):
            return problem
    assert isinstance(sites, list)
    try:
        body = call.request.json()
        patches = body["patches"]
        if not isinstance(body["productType"], str) or not isinstance(patches, list) or not patches:
            return invalid("'productType' and 'patches' are required.")
        checked = [_checked(p) for p in patches]
    except (ValueError, KeyError, TypeError):
        return invalid("Could not match input arguments")
    for found in checked:
        if isinstance(found, Response):
            return found
    sku = call.rest[1]
    problems = [p for op in checked if not isinstance(op, Response) for p in _problems(op, sites)]
    preview = call.request.query.get("mode") == "VALIDATION_PREVIEW"
    answer: dict[str, Any] = {
        "sku": sku,
        "status": "INVALID",
        "submissionId": call.world.token("", 32).lower(),
        "issues": problems,
    }
    if not problems:
        answer["status"] = "VALID" if preview else "ACCEPTED"
        if not preview:
            operations = [op for op in checked if not isinstance(op, Response)]
            delay = call.world.chance.uniform(*call.world.write_delay)
            world, seller, product_type = call.world, call.seller, body["productType"]
            world.later(delay, lambda: _apply(world, seller, sku, product_type, sites, operations))
    return Response.json(answer)


def _checked(told: Any) -> tuple[str, str, list[dict[str, Any]]] | Response:
    op, path, value = told["op"], told["path"], told.get("value", [])
    if op not in ("add", "replace", "merge", "delete"):
        return invalid(f"Invalid 'op': {op}.")
    if not isinstance(path, str) or not path.startswith("/attributes/") or "/" in path.removeprefix("/attributes/"):
        return invalid("Invalid path provided.")
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value) or (not value and op != "delete"):
        return invalid("'value' must be an array of objects.")
    return op, path.removeprefix("/attributes/"), value


def _problems(operation: tuple[str, str, list[dict[str, Any]]], sites: list[str]) -> list[dict[str, Any]]:
    op, name, values = operation
    if name not in KNOWN_ATTRIBUTES:
        return [_issue("90000900", f"The attribute '{name}' is not known.", name)]
    if op == "delete":
        return []
    found = []
    for value in values:
        if name == "fulfillment_availability":
            quantity = value.get("quantity", 0)
            if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 0:
                found.append(_issue("4000001", f"'{quantity}' is no valid quantity.", name))
            if not isinstance(value.get("fulfillment_channel_code"), str):
                found.append(
                    _issue("90220", "'fulfillment_channel_code' is required but missing.", name, "MISSING_ATTRIBUTE")
                )
        if name == "purchasable_offer":
            site = value.get("marketplace_id", sites[0])
            if site not in SITES or value.get("currency") != SITES[site][1]:
                found.append(_issue("4000001", "The currency does not fit the marketplace.", name, "INVALID_PRICE"))
            elif _price_of(value) is None:
                found.append(_issue("4000001", "The price is missing, zero or negative.", name, "INVALID_PRICE"))
    return found


def _price_of(value: dict[str, Any]) -> Decimal | None:
    try:
        price = Decimal(str(value["our_price"][0]["schedule"][0]["value_with_tax"]))
    except (KeyError, IndexError, TypeError, InvalidOperation):
        return None
    return price if price.is_finite() and price > 0 else None


def _apply(
    world: World, seller: Seller, sku: str, product_type: str, sites: list[str],
    operations: list[tuple[str, str, list[dict[str, Any]]]],
) -> None:  # fmt: skip
    """The write takes effect. An SKU nobody has makes an incomplete listing, as it does at Amazon."""
    listing = world.listings.get((seller.seller_id, sku))
    if listing is None:
        listing = Listing(
            seller.seller_id, sku, "", "", product_type, "", list(sites), world.now(), complete=False,
            issues=[_issue("90220", "'item_name' is required but missing.", "item_name", "MISSING_ATTRIBUTE")],
        )  # fmt: skip
        world.listings[seller.seller_id, sku] = listing
    for op, name, values in operations:
        listing.attributes[name] = _merged(listing.attributes.get(name, []), op, name, values)
        if name == "fulfillment_availability":
            told = {v["fulfillment_channel_code"]: v.get("quantity") for v in listing.attributes[name]}
            changed = {v["fulfillment_channel_code"] for v in values}
            kept = {c: q for c, q in listing.availability.items() if c in told and c not in changed}
            listing.availability = {c: kept.get(c, told[c]) for c in told} | {
                c: q for c, q in listing.availability.items() if c.startswith("AMAZON_") and c not in told
            }
        if name == "purchasable_offer":
            for value in listing.attributes[name]:
                price = _price_of(value)
                if value.get("audience", "ALL") == "ALL" and price is not None and value.get("marketplace_id") in SITES:
                    listing.prices[value["marketplace_id"]] = coins(price, value["marketplace_id"])


def _merged(old: list[dict[str, Any]], op: str, name: str, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`merge` changes the entries its selectors name; `replace` and `add` put these values in place of all."""
    if op in ("replace", "add"):
        return copy.deepcopy(values)
    keys = SELECTORS.get(name, ("marketplace_id",))
    same = [tuple(v.get(k) for k in keys) for v in values]
    if op == "delete":
        return [] if not values else [o for o in old if tuple(o.get(k) for k in keys) not in same]
    merged = copy.deepcopy(old)
    for value in values:
        match = next((o for o in merged if all(o.get(k) == value.get(k) for k in keys)), None)
        if match is None:
            merged.append(copy.deepcopy(value))
        else:
            match.update(copy.deepcopy(value))
    return merged
