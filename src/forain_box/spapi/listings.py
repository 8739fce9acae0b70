"""Listings Items 2021-08-01. ACCEPTED is not applied: a write takes effect later, and unknown SKUs are accepted too.

Source: Amazon's model listingsItems_2021-08-01.json; models issues 4295, 4402, 4406, 2061, 4228, 5327; read 2026-11-23.
"""

import copy
import itertools
from decimal import Decimal, InvalidOperation
from typing import Any

from forain_box import trade
from forain_box.clock import text
from forain_box.http import Response
from forain_box.sites import SITES, coins
from forain_box.spapi.call import Call, Operation, Wire
from forain_box.spapi.errors import invalid, not_found
from forain_box.state import Listing, Product, Seller
from forain_box.world import World, happens

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


def get(call: Call) -> Response:
    seller_id, sku = call.rest
    call.own(seller_id)
    sites, included = call.sites(), call.several("includedData", INCLUDED) or ["summaries"]
    listing = call.world.listing(seller_id, sku)
    if listing is None:
        raise not_found(f"SKU '{sku}' not found in marketplace {', '.join(sites)}", "NOT_FOUND")
    return Response.json(render(listing, sites, included))


def search(call: Call) -> Response:
    (seller_id,) = call.rest
    call.own(seller_id)
    sites, included = call.sites(), call.several("includedData", INCLUDED) or ["summaries"]
    size, since = call.number("pageSize", 10, 1, 20), call.moment("createdAfter")
    call.choice("sortBy", ("createdDate", "lastUpdatedDate", "sku"), "lastUpdatedDate")
    newest_first = call.choice("sortOrder", ("ASC", "DESC"), "DESC") == "DESC"
    start = call.text("pageToken", "page-0").removeprefix("page-")
    if not start.isdigit() or int(start) > MOST_PAGED:
        raise invalid("Invalid 'pageToken'.")
    wanted = call.several("identifiers", most=20)
    if wanted:
        kind = {"SKU": "sku", "ASIN": "asin", "EAN": "ean"}.get(call.text("identifiersType"))
        if kind is None:
            raise invalid("Invalid 'identifiersType'.")
        found = [x for x in _identified(call, kind, wanted) if _here(x, sites)]
        total, part = len(found), found[int(start) : int(start) + size]
    else:
        total = call.world.count_of(seller_id, sites, since)
        rows = call.world.listings_of(seller_id, since=since, newest_first=newest_first)
        part = list(itertools.islice((x for x in rows if _here(x, sites)), int(start), int(start) + size))
    answer: dict[str, Any] = {"numberOfResults": total, "items": [render(x, sites, included) for x in part]}
    if int(start) + size < min(total, MOST_PAGED):
        answer["pagination"] = {"nextToken": f"page-{int(start) + size}"}
    return Response.json(answer)


def _here(listing: Listing, sites: list[str]) -> bool:
    return any(site in listing.marketplace_ids for site in sites)


def _identified(call: Call, kind: str, wanted: list[str]) -> list[Listing]:
    shelf = call.world.state.listings.get(call.seller.seller_id, {})
    if kind == "sku":
        return [shelf[sku] for sku in dict.fromkeys(wanted) if sku in shelf]
    return [x for x in shelf.values() if getattr(x, kind) in wanted]


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


def _summary(listing: Listing, site: str) -> dict[str, Any]:
    status = ["DISCOVERABLE"] if listing.complete else []
    if trade.buyable(listing, site):
        status.insert(0, "BUYABLE")
    return {
        "marketplaceId": site, "asin": listing.asin, "productType": listing.product_type, "conditionType": "new_new",
        "status": status, "itemName": listing.title, "createdDate": text(listing.created_at),
        "lastUpdatedDate": text(listing.updated_at),
    }  # fmt: skip


def _issue(code: str, message: str, attribute: str, category: str = "INVALID_ATTRIBUTE") -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "severity": "ERROR",
        "attributeNames": [attribute],
        "categories": [category],
    }


class Patch(Wire):
    op: str
    path: str
    value: list[dict[str, Any]] = []


class PatchBody(Wire):
    product_type: str
    patches: list[Patch]


def patch(call: Call) -> Response:
    seller_id, sku = call.rest
    call.own(seller_id)
    sites = call.sites()
    preview = call.choice("mode", ("VALIDATION_PREVIEW",), "") == "VALIDATION_PREVIEW"
    body = call.body(PatchBody)
    if not body.patches:
        raise invalid("'patches' must not be empty.")
    operations = [_checked(told) for told in body.patches]
    problems = [problem for operation in operations for problem in _problems(operation, sites)]
    status = "INVALID" if problems else "VALID" if preview else "ACCEPTED"
    if status == "ACCEPTED":
        call.world.write_later(
            "listing.write", seller=seller_id, sku=sku, product_type=body.product_type, sites=sites,
            operations=[list(operation) for operation in operations],
        )  # fmt: skip
    submission = call.world.token("", 32).lower()
    return Response.json({"sku": sku, "status": status, "submissionId": submission, "issues": problems})


def _checked(told: Patch) -> tuple[str, str, list[dict[str, Any]]]:
    if told.op not in ("add", "replace", "merge", "delete"):
        raise invalid(f"Invalid 'op': {told.op[:50]}.")
    name = told.path.removeprefix("/attributes/")
    if not told.path.startswith("/attributes/") or not name or "/" in name:
        raise invalid("Invalid path provided.")
    if not told.value and told.op != "delete":
        raise invalid("'value' must be an array of objects.")
    return told.op, name, told.value


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


def put_in_place(
    world: World, seller: Seller, sku: str, site: str, *, asin: str, ean: str, title: str, product_type: str, quantity: int,
    price: Decimal | None, business_price: Decimal | None, by_amazon: bool, handling_days: int,
) -> Listing:  # fmt: skip
    """A listing as if it had always been so; of an SKU that is there, the site and its values are added."""
    known = world.state.catalogue.get(asin) or Product(asin or "B0" + world.token("", 8).upper(), title or sku)
    listing = world.listing(seller.seller_id, sku)
    if listing is None:
        now = world.now()
        listing = world.add_listing(
            Listing(
                seller.seller_id, sku, known.asin, title or known.title or sku, product_type or known.product_type,
                ean or known.ean, [], now, now, world.number(),
            )
        )  # fmt: skip
    world.sell_on(listing, site)
    channel = f"AMAZON_{SITES[site][3].upper()}" if by_amazon else "DEFAULT"
    listing.availability[channel] = None if by_amazon else quantity
    if by_amazon:
        listing.fba_quantity = quantity
    entry: dict[str, Any] = {"fulfillment_channel_code": channel}
    if not by_amazon:
        entry |= {"quantity": quantity, "lead_time_to_ship_max_days": handling_days}
    listing.attributes["fulfillment_availability"] = [
        *(e for e in listing.attributes.get("fulfillment_availability", []) if e["fulfillment_channel_code"] != channel), entry,
    ]  # fmt: skip
    if price is not None:
        listing.prices[site] = price
    if business_price is not None:
        listing.business_prices[site] = business_price
    return listing


@happens("listing.write")
def _apply(world: World, told: dict[str, Any]) -> None:
    """The write takes effect. An SKU nobody has makes an incomplete listing, as it does at Amazon."""
    listing = world.listing(told["seller"], told["sku"])
    now = world.now()
    if listing is None:
        missing = _issue("90220", "'item_name' is required but missing.", "item_name", "MISSING_ATTRIBUTE")
        listing = world.add_listing(
            Listing(
                told["seller"], told["sku"], "", "", told["product_type"], "", list(told["sites"]), now, now, world.number(),
                issues=[missing], complete=False,
            )
        )  # fmt: skip
    listing.updated_at = now
    for op, name, values in told["operations"]:
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


OPERATIONS = (
    Operation("searchListingsItems", "GET", "/listings/2021-08-01/items/{sellerId}", search, MODEL, 5, 5, ("Product Listing",)),
    Operation("getListingsItem", "GET", "/listings/2021-08-01/items/{sellerId}/{sku}", get, MODEL, 5, 10, ("Product Listing",)),
    Operation("patchListingsItem", "PATCH", "/listings/2021-08-01/items/{sellerId}/{sku}", patch, MODEL, 5, 5, ("Product Listing",)),
)  # fmt: skip
