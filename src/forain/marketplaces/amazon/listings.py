"""What Amazon shows of the seller's offers: the effective values, not what was once submitted.

Source: Listings Items 2021-08-01 model; Amazon staff on effective and submitted quantity (models issue 5327); read 2026-11-23.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from forain.contracts.marketplace import Credentials, OfferPage
from forain.contracts.net import Net, Request
from forain.core.errors import Malformed, Problem
from forain.core.ids import OfferKey, SellerSku, SiteId
from forain.core.money import Money
from forain.core.offers import Observed
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.sites import API_ADDRESSES, BY_ID

INCLUDED = "summaries,attributes,issues,offers,fulfillmentAvailability,productTypes"
PAGE = 20
WINDOW = 1000
"""Amazon pages through at most so many SKUs of one search; then the search is begun anew at a later creation date."""
OWN_CHANNEL = "DEFAULT"


def address(credentials: Credentials) -> str:
    """The base address of the account's region."""
    return (credentials.options.get("address.api") or API_ADDRESSES[credentials.region]).rstrip("/")


def items_url(credentials: Credentials, sku: SellerSku | None = None) -> str:
    path = f"{address(credentials)}/listings/2021-08-01/items/{quote(credentials.seller, safe='')}"
    return path if sku is None else f"{path}/{quote(sku, safe='')}"


def observe(credentials: Credentials, net: Net, keys: Sequence[OfferKey]) -> tuple[Observed, ...]:
    """The offers of `keys`, twenty a call; one Amazon does not know is absent."""
    found: list[Observed] = []
    by_site: dict[SiteId, list[SellerSku]] = {}
    for key in keys:
        by_site.setdefault(key.site, []).append(key.sku)
    for site, skus in by_site.items():
        plain = [sku for sku in skus if "," not in sku]
        for start in range(0, len(plain), PAGE):
            query = {"identifiers": ",".join(plain[start : start + PAGE]), "identifiersType": "SKU"}
            page = _search(credentials, net, site, query)
            found += [o for o in (_observed(credentials, site, item) for item in page.items) if o]
        for sku in skus:
            if "," in sku:
                # A comma would fall apart in the list of identifiers.
                found += _one(credentials, net, site, sku)
    wanted = set(keys)
    return tuple(o for o in found if o.key in wanted)


def _one(credentials: Credentials, net: Net, site: SiteId, sku: SellerSku) -> list[Observed]:
    query = {"marketplaceIds": site, "includedData": INCLUDED}
    request = Request("getListingsItem", "GET", items_url(credentials, sku), query=query)
    response = net.send(request)
    if response.status == 404:
        return []
    if response.status != 200:
        raise errors.of_api(response, "getListingsItem")
    seen = _observed(credentials, site, wire.read(response, wire.ListingItem))
    return [seen] if seen else []


def sweep(credentials: Credentials, net: Net, site: SiteId, cursor: str | None) -> OfferPage:
    """All offers of a site by creation date. The cursor holds "since when~how many~Amazon's token"."""
    since, count, token = (cursor or "~0~").split("~", 2)
    query = {"sortBy": "createdDate", "sortOrder": "ASC"}
    if since:
        query["createdAfter"] = since
    if token:
        query["pageToken"] = token
    page = _search(credentials, net, site, query)
    offers = tuple(o for o in (_observed(credentials, site, item) for item in page.items) if o)
    passed = int(count) + len(page.items)
    following = page.pagination.next_token if page.pagination else None
    if following and passed < WINDOW:
        return OfferPage(offers, f"{since}~{passed}~{following}")
    newest = max((s.created_date for item in page.items for s in item.summaries), default="")
    if passed >= WINDOW and newest and newest != since:
        return OfferPage(offers, f"{newest}~0~")
    return OfferPage(offers, None)


def _search(credentials: Credentials, net: Net, site: SiteId, query: dict[str, str]) -> wire.ListingPage:
    told = {"marketplaceIds": site, "includedData": INCLUDED, "pageSize": str(PAGE), **query}
    response = net.send(Request("searchListingsItems", "GET", items_url(credentials), query=told))
    if response.status != 200:
        raise errors.of_api(response, "searchListingsItems")
    return wire.read(response, wire.ListingPage)


def _observed(credentials: Credentials, site: SiteId, item: wire.ListingItem) -> Observed | None:
    """One offer as it stands; None: the SKU has no part in this site."""
    summary = next((s for s in item.summaries if s.marketplace_id == site), None)
    product_type = next((p.product_type for p in item.product_types if p.marketplace_id == site), "")
    if summary is None and not product_type and item.summaries:
        return None
    channels = tuple(a.fulfillment_channel_code for a in item.fulfillment_availability)
    own = next((a.quantity for a in item.fulfillment_availability if a.fulfillment_channel_code == OWN_CHANNEL), None)
    by_amazon = any(channel.startswith("AMAZON_") for channel in channels)
    return Observed(
        key=OfferKey(credentials.account, site, SellerSku(item.sku)),
        quantity=own,
        price=_price(site, item),
        fulfilled_by="marketplace" if by_amazon else "merchant",
        buyable=summary is not None and "BUYABLE" in summary.status,
        channels=channels,
        product_type=product_type or (summary.product_type if summary else ""),
        product_code=summary.asin if summary else "",
        ean=_ean(item.attributes),
        title=summary.item_name if summary else "",
        problems=tuple(problem(issue) for issue in item.issues),
    )


def _price(site: SiteId, item: wire.ListingItem) -> Money | None:
    for offer in item.offers:
        if offer.marketplace_id == site and offer.offer_type == "B2C":
            currency = offer.price.currency_code or offer.price.currency or BY_ID[site].currency
            try:
                return Money.parse(str(offer.price.amount), currency)
            except ValueError:
                raise Malformed("offers.price.amount") from None
    return None


def _ean(attributes: dict[str, Any]) -> str:
    for entry in attributes.get("externally_assigned_product_identifier") or []:
        if isinstance(entry, dict) and entry.get("type") in ("ean", "gtin") and isinstance(entry.get("value"), str):
            return str(entry["value"])
    return ""


def problem(issue: wire.ListingIssue) -> Problem:
    """Amazon's issue as ours. An unknown severity counts as an error: nothing is played down."""
    return Problem(
        issue.code, issue.message[:500], ", ".join(issue.attribute_names), issue.severity in ("WARNING", "INFO")
    )
