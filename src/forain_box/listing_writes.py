"""What accepted writes of listings do, later: the feed and the Listings Items API both end here.

Source: models issues 1714, 2061, 2068, 4295, 4402, 4406, 4898, 5022, 5235, 5327 and docs issues 3672, 3748; read
2026-11-23. That a `replace` leaves the entries of other marketplaces alone is an assumption.
"""

import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from forain_box import faults, listing_rules, offers, product_types, standing
from forain_box.catalogue import on_site
from forain_box.listing_rules import Operation, Values, copied
from forain_box.offers import issue
from forain_box.sites import SITES, amazon_channel
from forain_box.state import Listing, Product, Seller
from forain_box.world import World, happens

CONFLICT, NO_ASIN, RESTRICTED, LATE = "8541", "8560", "5461", "99300"
WORKED_OUT = frozenset({listing_rules.MISSING, CONFLICT, NO_ASIN, RESTRICTED})
"""Codes of issues that every write works out anew."""
REAPPEARS_FOR = 900
STICKING = ("minimum_seller_allowed_price", "maximum_seller_allowed_price")


@dataclass(frozen=True)
class Write:
    """A write of one SKU as it was told. `whole`: a put, which erases what it does not name."""

    seller_id: str
    sku: str
    sites: list[str]
    product_type: str
    operations: list[Operation]
    whole: bool = False
    requirements: str = ""


def problems(world: World, write: Write) -> list[dict[str, Any]]:
    """The issues that make the write INVALID at once; [] when it is VALID."""
    listing = world.listing(write.seller_id, write.sku)
    if write.product_type not in product_types.TYPES:
        asins = [
            listing.asin if listing else "",
            *(str(v.get("value")) for v in _given(write, "merchant_suggested_asin")),
        ]
        types = [world.state.catalogue[asin].product_type for asin in asins if asin in world.state.catalogue]
        if write.product_type not in (*types, listing.product_type if listing else ""):
            message = f"'{write.product_type[:50]}' is no product type of this marketplace."
            return [issue(listing_rules.WRONG, message, "product_type", "INVALID_ATTRIBUTE")]
    kind = write.product_type if write.product_type in product_types.TYPES else product_types.GENERIC
    found = listing_rules.problems(kind, write.operations, write.sites)
    if write.whole:
        found += listing_rules.lacking(kind, write.requirements, {name: values for _, name, values in write.operations})
    return found


def _given(write: Write, attribute: str) -> Values:
    return [value for op, name, values in write.operations if name == attribute and op != "delete" for value in values]


def plain(write: Write) -> dict[str, Any]:
    """The write as plain data, as `apply` wants it."""
    return {
        "seller": write.seller_id, "sku": write.sku, "product_type": write.product_type, "sites": write.sites,
        "operations": [list(operation) for operation in write.operations], "whole": write.whole,
        "requirements": write.requirements,
    }  # fmt: skip


def accept(world: World, write: Write) -> None:
    """Let a valid write take effect after a while."""
    world.write_later("listing.write", **plain(write))


def delete(world: World, seller_id: str, sku: str, site: str) -> None:
    """Let the SKU vanish from a site after a while."""
    world.write_later("listing.delete", seller=seller_id, sku=sku, site=site)


@happens("listing.write")
def apply(world: World, told: dict[str, Any]) -> None:
    """The write takes effect. An SKU nobody has makes an incomplete listing, as it does at Amazon."""
    listing, now, sites = world.listing(told["seller"], told["sku"]), world.now(), told["sites"]
    new = listing is None
    if listing is None:
        listing = Listing(
            told["seller"], told["sku"], "", "", told["product_type"], "", [], now, now, world.number(), complete=False
        )
        world.add_listing(listing)
    with offers.changing(world, listing):
        listing.updated_at, listing.reappeared = now, False
        listing.marketplace_ids += [site for site in sites if site not in listing.marketplace_ids]
        if told.get("whole"):
            _erase(listing, sites, [name for _, name, _ in told["operations"]])
            listing.product_type = told["product_type"] or listing.product_type
        for op, name, values in told["operations"]:
            former = listing.attributes.get(name, [])
            merged = _merged(former, op, name, _spelled_out(name, values, sites), sites)
            if merged:
                listing.attributes[name] = merged
            else:
                listing.attributes.pop(name, None)
            if name == "fulfillment_availability":
                _stock(world, listing, op, values, sites)
        _identify(world, listing, new, told.get("requirements") == product_types.LISTING)
        offers.weigh(world, listing)
        _strike(world, listing, [name for _, name, _ in told["operations"]])


def _erase(listing: Listing, sites: list[str], named: list[str]) -> None:
    """A put leaves nothing of a site but what it names. Amazon's own stock is not the seller's to erase."""
    for name in list(listing.attributes):
        if name in named:
            continue
        kept = [v for v in listing.attributes[name] if v.get("marketplace_id") not in (*sites, None)]
        if name == "fulfillment_availability":
            kept = [v for v in listing.attributes[name] if v["fulfillment_channel_code"] != "DEFAULT"]
            listing.availability.pop("DEFAULT", None)
        if kept:
            listing.attributes[name] = kept
        else:
            del listing.attributes[name]


def _spelled_out(name: str, values: Values, sites: list[str]) -> Values:
    """The values with the selectors that may go without saying."""
    if name == "fulfillment_availability":
        return [copied(value) for value in values]
    found = []
    for value in values:
        for site in [value["marketplace_id"]] if "marketplace_id" in value else sites:
            told = {**copied(value), "marketplace_id": site}
            if name == "purchasable_offer":
                told.setdefault("audience", "ALL")
            found.append(told)
    return found


def _merged(former: Values, op: str, name: str, values: Values, sites: list[str]) -> Values:
    """`merge` changes the entries its selectors name; `replace` and `add` put theirs in place of the sites' all."""
    known = _keyed(name, former)
    if op == "delete":
        named = {key[:-1]: value for key, value in _keyed(name, values).items()}
        for key in [key for key in known if key[:-1] in named]:
            members = [member for member in named[key[:-1]] if member not in product_types.selectors(name)]
            _take_away(known, key, name, members)
        return list(known.values())
    told = _keyed(name, values)
    before = known
    if op != "merge" and name == "fulfillment_availability":
        # A channel is told apart by nothing but itself: a second one is added, never put in place of the first.
        known = {key: entry for key, entry in known.items() if key not in told}
    elif op != "merge":
        known = {key: entry for key, entry in known.items() if entry.get("marketplace_id") not in (*sites, None)}
    for key, value in told.items():
        entry = {**(known.get(key, {}) if op == "merge" else {}), **copied(value)}
        for member in STICKING if name == "purchasable_offer" else ():
            if offers.amount(value, member) is None:
                entry.pop(member, None)
                if offers.amount(before.get(key, {}), member) is not None:
                    entry[member] = before[key][member]
        known[key] = entry
    return list(known.values())


def _keyed(name: str, entries: Values) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Entries by what their selectors say, and which of several the same it is (bullet points are)."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entry in entries:
        named = tuple(entry.get(key) for key in product_types.selectors(name))
        place = sum(key[:-1] == named for key in found) if name == "bullet_point" else 0
        found[*named, place] = entry
    return found


def _take_away(
    known: dict[tuple[Any, ...], dict[str, Any]], key: tuple[Any, ...], name: str, members: list[str]
) -> None:
    """Of an offer the members that are named go, else the whole entry."""
    if name == "purchasable_offer" and members:
        known[key] = {member: value for member, value in known[key].items() if member not in members}
    else:
        del known[key]


def _stock(world: World, listing: Listing, op: str, values: Values, sites: list[str]) -> None:
    """What buyers can take now. A quantity that was not said is kept by a merge and lost by a replace.

    It is that of all sites, whatever site it was told on, but of one that has a stock of its own.
    """
    apart = [site for site in sites if site in world.state.sellers[listing.seller_id].own_stock]
    for value in values:
        channel = value["fulfillment_channel_code"]
        if apart and op != "delete" and channel == "DEFAULT" and "quantity" in value:
            listing.apart |= {site: int(value["quantity"]) for site in apart}
            if apart == sites and channel in listing.availability:
                continue
        if op == "delete":
            listing.availability.pop(channel, None)
        elif channel.startswith("AMAZON_"):
            listing.availability[channel] = None
            listing.fba_changed_at = listing.fba_changed_at or world.now()
        elif "quantity" in value or op != "merge" or channel not in listing.availability:
            listing.availability[channel] = value.get("quantity", 0)


def _identify(world: World, listing: Listing, new: bool, creates: bool) -> None:
    """Which ASIN it is, and what stands against selling it. The ASIN and the condition of an SKU never change."""
    found = [i for i in listing.issues if i["code"] not in WORKED_OUT]
    asin = _value(listing, "merchant_suggested_asin")
    number = _value(listing, "externally_assigned_product_identifier")
    condition = _value(listing, "condition_type")
    if not listing.asin:
        candidates = [world.state.catalogue[asin]] if asin in world.state.catalogue else []
        if not asin and number:
            candidates = world.catalogue.of_code("GTIN", number.zfill(14))
        if not candidates and creates and not asin and _value(listing, "item_name"):
            candidates = [_new_product(world, listing, number)]
        if len(candidates) == 1:
            _take_identity(listing, candidates[0])
        elif candidates:
            found.append(
                issue(
                    CONFLICT,
                    "Several ASINs have this product identifier.",
                    "externally_assigned_product_identifier",
                    "DUPLICATE",
                )
            )
        elif asin or number:
            found.append(
                issue(
                    NO_ASIN,
                    "The SKU does not match any ASIN.",
                    "merchant_suggested_asin" if asin else "externally_assigned_product_identifier",
                    "INVALID_ATTRIBUTE",
                )
            )
        else:
            found.append(
                issue(listing_rules.MISSING, "'item_name' is required but missing.", "item_name", "MISSING_ATTRIBUTE")
            )
    elif asin and asin != listing.asin:
        message = "The ASIN of an SKU cannot be changed: delete the SKU and create it anew."
        found.append(issue(CONFLICT, message, "merchant_suggested_asin", "INVALID_ATTRIBUTE"))
    if new and condition:
        listing.condition = condition
    elif condition and condition != listing.condition:
        message = "The condition of an SKU cannot be changed: delete the SKU and create it anew."
        found.append(issue(CONFLICT, message, "condition_type", "INVALID_ATTRIBUTE"))
    product = world.state.catalogue.get(listing.asin)
    for site in listing.marketplace_ids if product else ():
        if reason := restriction(product, site):
            message = f"You may not sell this article here: {reason}."
            told: dict[str, Any] = {"sites": (site,), "action": standing.SUPPRESSED}
            found.append(issue(RESTRICTED, message, "merchant_suggested_asin", "QUALIFICATION_REQUIRED", **told))
    listing.issues = found


def restriction(product: Product | None, site: str) -> str:
    """Why nobody may sell the product there; "": everybody may."""
    if product is None or not on_site(product, site):
        return "ASIN_NOT_FOUND"
    return product.restricted.get(site) or product.restricted.get("", "")


def _value(listing: Listing, attribute: str) -> str:
    entries = listing.attributes.get(attribute)
    return str(entries[0].get("value", "")) if entries else ""


def _take_identity(listing: Listing, product: Product) -> None:
    listing.asin, listing.complete = product.asin, True
    listing.title, listing.ean = product.title or listing.sku, product.ean
    listing.product_type = product.product_type


def _new_product(world: World, listing: Listing, number: str) -> Product:
    brand = _value(listing, "brand")
    return world.catalogue.put(
        Product(world.new_asin(), _value(listing, "item_name"), number, listing.product_type, brand)
    )


def _strike(world: World, listing: Listing, written: list[str]) -> None:
    """Checks that come late: a misfortune turns an accepted write into an issue, until the next write of the same."""
    listing.issues = [i for i in listing.issues if i["code"] != LATE or i["attributeNames"][0] not in written]
    for name in written:
        if faults.strikes(world, "listing-issue", name, listing.seller_id):
            message = "A check after acceptance found a fault; the listing is inactive."
            category = "INVALID_PRICE" if name == "purchasable_offer" else "INVALID_ATTRIBUTE"
            listing.issues.append(issue(LATE, message, name, category, action=standing.SUPPRESSED))


@happens("listing.delete")
def remove(world: World, told: dict[str, Any]) -> None:
    """The SKU leaves a site; from its last one it is gone, though it may show up once more for a while."""
    listing, site = world.listing(told["seller"], told["sku"]), told["site"]
    if listing is None or site not in listing.marketplace_ids:
        return
    struck = len(listing.marketplace_ids) == 1 and faults.strikes(world, "listing-reappears", "", listing.seller_id)
    if struck:
        world.state.deleted.append(copy.deepcopy(listing))
        world.write_later("listing.reappears", seller=listing.seller_id, sku=listing.sku)
    with offers.changing(world, listing):
        listing.marketplace_ids.remove(site)
        _erase(listing, [site], ["fulfillment_availability"])
        offers.weigh(world, listing)
    if not listing.marketplace_ids:
        world.drop_listing(listing)


@happens("listing.reappears")
def _reappear(world: World, told: dict[str, Any]) -> None:
    found = next((x for x in world.state.deleted if (x.seller_id, x.sku) == (told["seller"], told["sku"])), None)
    if found is None:
        return
    world.state.deleted.remove(found)
    if world.listing(found.seller_id, found.sku) is None:
        found.reappeared, found.number = True, world.number()
        world.add_listing(found)
        world.later(REAPPEARS_FOR, "listing.vanishes", seller=found.seller_id, sku=found.sku)


@happens("listing.vanishes")
def _vanish_again(world: World, told: dict[str, Any]) -> None:
    listing = world.listing(told["seller"], told["sku"])
    if listing and listing.reappeared:
        world.drop_listing(listing)


def put_in_place(
    world: World, seller: Seller, sku: str, site: str, *, asin: str, ean: str, title: str, product_type: str, quantity: int,
    price: Decimal | None, business_price: Decimal | None, by_amazon: bool, handling_days: int, condition: str = "new_new",
    minimum_price: Decimal | None = None, maximum_price: Decimal | None = None,
) -> Listing:  # fmt: skip
    """A listing as if it had always been so; of an SKU that is there, the site and its values are added."""
    known = world.state.catalogue.get(asin)
    if known is None:
        known = world.catalogue.put(
            Product(asin or world.new_asin(), title or sku, ean, product_type or product_types.GENERIC)
        )
    listing = world.listing(seller.seller_id, sku)
    if listing is None:
        now = world.now()
        listing = Listing(
            seller.seller_id, sku, known.asin, title or known.title or sku, product_type or known.product_type, ean or known.ean,
            [], now, now, world.number(), condition=condition,
        )  # fmt: skip
        listing.attributes["condition_type"] = [{"value": condition, "marketplace_id": site}]
        _furnish(world, listing, site, quantity, by_amazon, handling_days)
        _price(world, listing, site, price, business_price, minimum_price, maximum_price)
        return world.add_listing(listing)
    with offers.changing(world, listing):
        _furnish(world, listing, site, quantity, by_amazon, handling_days)
        _price(world, listing, site, price, business_price, minimum_price, maximum_price)
    return listing


def _furnish(world: World, listing: Listing, site: str, quantity: int, by_amazon: bool, handling_days: int) -> None:
    if site not in listing.marketplace_ids:
        listing.marketplace_ids.append(site)
    channel = amazon_channel(site) if by_amazon else "DEFAULT"
    entry: dict[str, Any] = {"fulfillment_channel_code": channel}
    listing.availability[channel] = None if by_amazon else quantity
    if by_amazon:
        listing.fba_quantity, listing.fba_changed_at = quantity, world.now()
    else:
        entry |= {"quantity": quantity, "lead_time_to_ship_max_days": handling_days}
    listing.attributes["fulfillment_availability"] = [
        *(e for e in listing.attributes.get("fulfillment_availability", []) if e["fulfillment_channel_code"] != channel), entry,
    ]  # fmt: skip


def _price(
    world: World, listing: Listing, site: str, price: Decimal | None, business: Decimal | None, low: Decimal | None, high: Decimal | None,
) -> None:  # fmt: skip
    entries = []
    for audience, amount in (("ALL", price), ("B2B", business)):
        if amount is None:
            continue
        entry: dict[str, Any] = {"marketplace_id": site, "currency": SITES[site][1], "audience": audience}
        bounds = (("our_price", amount), *(zip(STICKING, (low, high), strict=True) if audience == "ALL" else ()))
        for member, told in bounds:
            if told is not None:
                entry[member] = [{"schedule": [{"value_with_tax": float(told)}]}]
        entries.append(entry)
    if entries:
        former = listing.attributes.get("purchasable_offer", [])
        listing.attributes["purchasable_offer"] = _merged(former, "merge", "purchasable_offer", entries, [site])
        offers.weigh(world, listing)
