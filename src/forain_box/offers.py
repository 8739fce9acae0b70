"""What a listing's attributes come to: prices that are in force, issues, statuses; and who is told when that changes.

Source: models issues 4898, 5022, 5235 and the page on managing purchasable offers; schemas
ListingsItemStatusChangeNotification, ListingsItemIssuesChangeNotification_2023-12-13, ListingsItemMfnQuantityChange;
read 2026-11-23.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from forain_box import competition, notify, standing
from forain_box.clock import text
from forain_box.sites import coins
from forain_box.state import Listing
from forain_box.world import World, happens

OUT_OF_BOUNDS, UNUSUAL_PRICE = "18027", "18155"
PRICE_CODES = (OUT_OF_BOUNDS, UNUSUAL_PRICE)


def issue(
    code: str, message: str, attribute: str, category: str, *, sites: tuple[str, ...] = (), action: str = ""
) -> dict[str, Any]:
    """An issue of severity ERROR. `action`: what Amazon does because of it."""
    told: dict[str, Any] = {
        "code": code, "message": message, "severity": "ERROR", "attributeNames": [attribute], "categories": [category],
    }  # fmt: skip
    if action:
        told["enforcements"] = {"actions": [{"action": action}], "exemption": {"status": "NOT_EXEMPT"}}
    if sites:
        told["marketplaceIds"] = list(sites)
    return told


@dataclass(frozen=True)
class _Seen:
    statuses: dict[str, list[str]]
    issues: dict[str, tuple[list[str], list[str]]]
    availability: dict[str, int | None]
    offers: dict[str, Any]


def _seen(world: World, listing: Listing) -> _Seen:
    sites = listing.marketplace_ids
    suspended = world.state.sellers[listing.seller_id].suspended_listings
    statuses = {site: standing.statuses(listing, site, suspended=suspended) for site in sites}
    return _Seen(
        statuses,
        {site: (standing.severities(listing, site), _actions(listing, site)) for site in sites if listing.issues},
        dict(listing.availability),
        {
            site: (listing.prices[site], standing.by_amazon(listing))
            for site in sites
            if standing.BUYABLE in statuses[site]
        },
    )


def _actions(listing: Listing, site: str) -> list[str]:
    return sorted({action for told in standing.issues_on(listing, site) for action in standing.actions(told)})


@contextmanager
def changing(world: World, listing: Listing) -> Iterator[None]:
    """Around every change of a listing that is in the world: searches find it, and its seller is told what changed."""
    before = _seen(world, listing) if world.state.subscriptions else None
    yield
    world.relist(listing)
    if before:
        _tell(world, listing, before)


def _tell(world: World, listing: Listing, before: _Seen) -> None:
    after = _seen(world, listing)
    common = {"SellerId": listing.seller_id, "Sku": listing.sku} | ({"Asin": listing.asin} if listing.asin else {})
    for site in dict.fromkeys([*before.statuses, *after.statuses]):
        here = {**common, "MarketplaceId": site}
        status = after.statuses.get(site)
        if status is None:
            status = ["DELETED"]
        if status != before.statuses.get(site):
            told = {**here, "CreatedDate": text(listing.created_at), "Status": status}
            notify.emit(world, listing.seller_id, "LISTINGS_ITEM_STATUS_CHANGE", told)
        severities, actions = after.issues.get(site, ([], []))
        if (severities, actions) != before.issues.get(site, ([], [])):
            told = {**here, "Severities": severities or ["NONE"], "EnforcementActions": actions}
            notify.emit(world, listing.seller_id, "LISTINGS_ITEM_ISSUES_CHANGE", told)
        if after.offers.get(site) != before.offers.get(site):
            competition.changed(world, listing.asin, site)
    for channel, quantity in after.availability.items():
        if quantity is not None and quantity != before.availability.get(channel):
            moved = {
                "SellerId": listing.seller_id, "Sku": listing.sku, "FulfillmentChannelCode": channel, "Quantity": quantity,
            }  # fmt: skip
            notify.emit(world, listing.seller_id, "LISTINGS_ITEM_MFN_QUANTITY_CHANGE", moved)


def move(world: World, listing: Listing, channel: str, pieces: int, site: str, *, reserved: bool = True) -> None:
    """Buyers of a site take pieces of a channel (a negative number), or they come back. `reserved`: Amazon's own ones wait for
    their shipment, or do so no more; a return was not waiting."""
    with changing(world, listing):
        left = listing.availability.get(channel)
        if channel == "DEFAULT" and site in listing.apart:
            listing.apart[site] = max(listing.apart[site] + pieces, 0)
        elif left is not None:
            listing.availability[channel] = max(left + pieces, 0)
        elif channel in listing.availability:
            listing.fba_quantity = max(listing.fba_quantity + pieces, 0)
            listing.fba_reserved = max(listing.fba_reserved - pieces, 0) if reserved else listing.fba_reserved
            listing.fba_changed_at = world.now()


def left_amazons_stock(world: World, listing: Listing, pieces: int) -> None:
    """Amazon shipped pieces that were reserved for an order."""
    with changing(world, listing):
        listing.fba_reserved = max(listing.fba_reserved - pieces, 0)
        listing.fba_changed_at = world.now()


# -- prices in force


def amount(entry: dict[str, Any], name: str) -> Decimal | None:
    """The price called `name` of a purchasable offer; None where there is none above 0."""
    try:
        price = Decimal(str(entry[name][0]["schedule"][0]["value_with_tax"]))
    except (KeyError, IndexError, TypeError, InvalidOperation):
        return None
    return price if price.is_finite() and price > 0 else None


def weigh(world: World, listing: Listing) -> None:
    """Work out the prices in force now from the attributes, and the issues they make; plan the next turn of a sale."""
    now, prices, business, turns = world.now(), dict[str, Decimal](), dict[str, Decimal](), list[datetime]()
    found = [told for told in listing.issues if told["code"] not in PRICE_CODES]
    for entry in listing.attributes.get("purchasable_offer", []):
        site = entry.get("marketplace_id", "")
        price = _in_force(entry, now, turns)
        if price is None or site not in listing.marketplace_ids:
            continue
        if entry.get("audience", "ALL") == "B2B":
            business[site] = coins(price, site)
        elif entry.get("audience", "ALL") == "ALL":
            prices[site] = coins(price, site)
            found += _price_issues(world, listing, entry, site, price)
    listing.prices, listing.business_prices, listing.issues = prices, business, found
    if turns:
        world.at(min(turns), "listing.price", seller=listing.seller_id, sku=listing.sku)


def _in_force(entry: dict[str, Any], now: datetime, turns: list[datetime]) -> Decimal | None:
    """The price of an entry now; `turns` takes the moments at which that will be another one."""
    if not _runs(_value(entry.get("start_at")), _value(entry.get("end_at")), now, turns):
        return None
    price = amount(entry, "our_price")
    for sale in entry.get("discounted_price") or []:
        for step in sale.get("schedule") or []:
            reduced = amount({"sale": [{"schedule": [step]}]}, "sale")
            if reduced is not None and _runs(step.get("start_at"), step.get("end_at"), now, turns):
                price = reduced
    return price


def _value(told: Any) -> Any:
    return told.get("value") if isinstance(told, dict) else told


def _runs(start: Any, end: Any, now: datetime, turns: list[datetime]) -> bool:
    begins, ends = _moment(start), _moment(end, ends=True)
    turns += [moment for moment in (begins, ends) if moment and moment > now]
    return (begins is None or now >= begins) and (ends is None or now < ends)


def _moment(told: Any, *, ends: bool = False) -> datetime | None:
    """A day that ends something counts whole."""
    try:
        moment = datetime.fromisoformat(str(told))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        return moment + timedelta(days=1) if ends and len(str(told)) == len("2026-01-01") else moment
    except (ValueError, OverflowError):
        return None


def _price_issues(
    world: World, listing: Listing, entry: dict[str, Any], site: str, price: Decimal
) -> list[dict[str, Any]]:
    low, high = amount(entry, "minimum_seller_allowed_price"), amount(entry, "maximum_seller_allowed_price")
    usual = competition.usual_price(world.state.catalogue.get(listing.asin), site)
    where: dict[str, Any] = {"sites": (site,), "action": standing.SUPPRESSED}
    if (low is not None and price < low) or (high is not None and price > high):
        message = "The price is outside of the minimum and maximum price you set; the offer is inactive."
        return [issue(OUT_OF_BOUNDS, message, "purchasable_offer", "INVALID_PRICE", **where)]
    if usual and not usual / competition.UNUSUAL <= price <= usual * competition.UNUSUAL:
        message = "The price is far from what this article usually costs; the offer is inactive."
        return [issue(UNUSUAL_PRICE, message, "purchasable_offer", "INVALID_PRICE", **where)]
    return []


@happens("listing.price")
def _turned(world: World, told: dict[str, Any]) -> None:
    """A sale begins or ends."""
    listing = world.listing(told["seller"], told["sku"])
    if listing:
        with changing(world, listing):
            weigh(world, listing)
